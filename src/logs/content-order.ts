import { Problem } from '../errors.ts';
import type { Zone } from '../parser.ts';
import { modifiedAt, openLog } from './archive.ts';
import { createSyslogReader } from './syslog.ts';
import { boundOf, fixedBound } from './years.ts';
import { zoneOf } from './zone.ts';

/** Lines of noise a log may begin with. */
const HEAD_BYTES = 65_536;
/** Exim's own stamp: no syslog, yet a log all the same. */
const EXIM_STAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/;

/** How the first stamp of a file is read. */
export interface ContentOrderOptions {
  /** The zone of stamps that carry none; UTC when absent, which orders the files of one host as well. */
  readonly zone?: Zone;
  /** UTC ms: bounds the year of stamps without one; each file's own time of last change when absent. */
  readonly latest?: number;
}

/**
 * Files in the order of their first stamps. What has none, cannot be read or is standard input comes last, in the
 * order given: reading it says what is wrong with it.
 */
export async function sortByContent(
  paths: readonly string[],
  options: ContentOrderOptions = {},
): Promise<string[]> {
  const dated: { path: string; time: number }[] = [];
  for (const path of paths) dated.push({ path, time: await firstStamp(path, options) });
  return dated.sort((a, b) => (a.time === b.time ? 0 : a.time - b.time)).map(({ path }) => path);
}

/** Whether a file holds a dated line near its begin. */
export async function hasStamp(path: string): Promise<boolean> {
  return (await firstStamp(path, {})) < Number.POSITIVE_INFINITY;
}

async function firstStamp(path: string, options: ContentOrderOptions): Promise<number> {
  if (path === '-') return Number.POSITIVE_INFINITY;
  const zone = options.zone ?? zoneOf('UTC');
  const years =
    options.latest === undefined
      ? await boundOf(path, zone, (await modifiedAt(path)) ?? 0)
      : fixedBound(options.latest);
  const read = createSyslogReader({ zone, host: '-', latest: () => years(undefined) });
  for (const line of await headLines(path)) {
    const exim = EXIM_STAMP.exec(line);
    const time = exim === null ? read(line)?.time : Date.parse(`${exim[1]}T${exim[2]}Z`);
    if (time !== undefined && !Number.isNaN(time)) return time;
  }
  return Number.POSITIVE_INFINITY;
}

async function headLines(path: string): Promise<string[]> {
  try {
    let head = Buffer.alloc(0);
    for await (const piece of openLog(path)) {
      head = Buffer.concat([head, piece.subarray(0, HEAD_BYTES)]);
      if (head.length >= HEAD_BYTES) break;
    }
    return head.toString('utf8').split('\n');
  } catch (error) {
    if (error instanceof Problem) return [];
    throw error;
  }
}
