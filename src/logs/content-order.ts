import { Problem } from '../errors.ts';
import { modifiedAt, openLog } from './archive.ts';
import { ZoneOfLines } from './repeated-hour.ts';
import { createSyslogReader } from './syslog.ts';
import { boundOf, fixedBound } from './years.ts';
import { type LocalZone, zoneOf } from './zone.ts';

/** Lines of noise a log may begin with. */
const HEAD_BYTES = 65_536;
/** Exim's own stamp: no syslog, yet a log all the same. */
const EXIM_STAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{3})?(?: ([+-]\d\d)(\d\d))?/;
const NEVER = Number.POSITIVE_INFINITY;

/** How the first stamp of a file is read. */
export interface ContentOrderOptions {
  /** The zone of stamps that carry none; UTC when absent, which orders the files of one host as well. */
  readonly zone?: LocalZone;
  /** UTC ms: bounds the year of stamps without one; each file's own time of last change when absent. */
  readonly latest?: number;
}

/** Where a file stands among others: UTC ms, compared one after the other. */
interface Begin {
  /** Its first stamp; of one in an hour that comes twice, where that hour begins. */
  readonly time: number;
  /** When it was last written within such an hour: of two files of a log the one that begins first ends first, too. */
  readonly written: number;
  /** The first reading of such a stamp. */
  readonly first: number;
}

/**
 * Files in the order of their first stamps. What has none, cannot be read or is standard input comes last, in the
 * order given: reading it says what is wrong with it.
 */
export async function sortByContent(
  paths: readonly string[],
  options: ContentOrderOptions = {},
): Promise<string[]> {
  const dated: { path: string; begin: Begin }[] = [];
  for (const path of paths) dated.push({ path, begin: await beginOf(path, options) });
  return dated.sort((a, b) => compare(a.begin, b.begin)).map(({ path }) => path);
}

/** Whether a file holds a dated line near its begin. */
export async function hasStamp(path: string): Promise<boolean> {
  return (await beginOf(path, {})).time < NEVER;
}

function compare(a: Begin, b: Begin): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return a.written - b.written || a.first - b.first;
}

async function beginOf(path: string, options: ContentOrderOptions): Promise<Begin> {
  if (path === '-') return { time: NEVER, written: 0, first: 0 };
  const zone = new ZoneOfLines(options.zone ?? zoneOf('UTC'));
  const time = await firstStamp(path, zone, options);
  const hour = zone.hourOf(time);
  if (hour === undefined) return { time, written: 0, first: 0 };
  const written = Math.min((await modifiedAt(path)) ?? NEVER, hour.end);
  return { time: hour.begin, written, first: time };
}

async function firstStamp(path: string, zone: ZoneOfLines, options: ContentOrderOptions): Promise<number> {
  const years =
    options.latest === undefined
      ? await boundOf(path, zone, (await modifiedAt(path)) ?? 0)
      : fixedBound(options.latest);
  const read = createSyslogReader({ zone, host: '-', latest: () => years(undefined) });
  for (const line of await headLines(path)) {
    zone.newLine();
    const time = eximTime(line, zone) ?? read(line)?.time;
    if (time !== undefined && !Number.isNaN(time)) return time;
  }
  return NEVER;
}

/** NaN for a stamp that names no time; undefined where there is none. */
function eximTime(line: string, zone: ZoneOfLines): number | undefined {
  const stamp = EXIM_STAMP.exec(line);
  if (stamp === null) return undefined;
  const [, date, clock, hours, minutes] = stamp;
  if (hours !== undefined) return Date.parse(`${date}T${clock}${hours}:${minutes}`);
  const wall = new Date(`${date}T${clock}Z`);
  if (Number.isNaN(wall.getTime())) return Number.NaN;
  const month = wall.getUTCMonth() + 1;
  const [hour, minute, second] = [wall.getUTCHours(), wall.getUTCMinutes(), wall.getUTCSeconds()];
  return zone.toUtc(wall.getUTCFullYear(), month, wall.getUTCDate(), hour, minute, second, 0);
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
