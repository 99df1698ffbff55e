import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EXIT, Problem, systemReason } from '../errors.ts';
import type { Zone } from '../parser.ts';
import { modifiedAt, openLog } from './archive.ts';
import { createSyslogReader } from './syslog.ts';
import { zoneOf } from './zone.ts';

const COMPRESSED = /\.(?:gz|xz|zst|bz2)$/;
/** logrotate's numbers, and exicyclog's `.01`. */
const NUMBER = /^\.(\d{1,4})$/;
/** logrotate's dateext (`-20261101`, `-2026110115`, `-2026-11-01`, seconds since 1970) and `postfix logrotate`'s `.20261101-101010`. */
const DATE = /^[-.](\d{4}-?\d{2}-?\d{2}(?:[-_T]?\d{2,6})?)$/;
/** Lines of noise a log may begin with. */
const HEAD_BYTES = 65_536;
/** Exim's own stamp: no syslog, yet a log all the same. */
const EXIM_STAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/;

interface Rotation {
  readonly path: string;
  readonly kind: 'number' | 'date';
  /** Greater is older for numbers, younger for dates. */
  readonly rank: string;
  readonly compressed: boolean;
}

/** A path without its compression and rotation suffixes: `mail.log.2.gz`, `mail.log-20261101` → `mail.log`. */
export function logName(path: string): string {
  const plain = path.replace(COMPRESSED, '');
  const base = basename(plain);
  const live = base.replace(/(?<=.)(?:\.\d{1,4}|[-.]\d{4}-?\d{2}-?\d{2}(?:[-_T]?\d{2,6})?)$/, '');
  return plain.slice(0, plain.length - base.length) + live;
}

/**
 * The files of a log, oldest first: its rotations, compressed or not, then the file being written (named even if nothing
 * is there, so that opening it says so). A rotation that
 * stands there twice is being compressed: the plain one is whole.
 * @throws Problem (data) when the directory cannot be read.
 */
export async function chainOf(live: string): Promise<string[]> {
  const directory = dirname(live);
  const name = basename(live);
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new Problem(EXIT.data, `cannot look for the rotations of this log: ${systemReason(cause)}`, {
      where: live,
      cause,
    });
  });
  const rotations = names.flatMap((found) => asRotation(name, found, join(directory, found)));
  const plain = new Set(rotations.filter(({ compressed }) => !compressed).map(({ path }) => path));
  const kept = rotations.filter(
    ({ path, compressed }) => !compressed || !plain.has(path.replace(COMPRESSED, '')),
  );
  const numbered = kept
    .filter(({ kind }) => kind === 'number')
    .sort((a, b) => Number(b.rank) - Number(a.rank));
  const dated = kept.filter(({ kind }) => kind === 'date').sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const chain = await olderFirst(numbered, dated);
  return names.includes(name) || chain.length === 0 ? [...chain, live] : chain;
}

function asRotation(live: string, found: string, path: string): Rotation[] {
  if (!found.startsWith(live)) return [];
  const suffix = found.slice(live.length).replace(COMPRESSED, '');
  const compressed = COMPRESSED.test(found.slice(live.length));
  const number = NUMBER.exec(suffix)?.[1];
  if (number !== undefined) return [{ path, kind: 'number', rank: number, compressed }];
  const date = DATE.exec(suffix)?.[1];
  return date === undefined ? [] : [{ path, kind: 'date', rank: date.replace(/\D/g, ''), compressed }];
}

/** Both kinds are there only when the way of rotating was changed: the one whose last file is older came first. */
async function olderFirst(numbered: readonly Rotation[], dated: readonly Rotation[]): Promise<string[]> {
  const [lastNumbered, lastDated] = [numbered.at(-1), dated.at(-1)];
  const paths = (rotations: readonly Rotation[]) => rotations.map(({ path }) => path);
  if (lastNumbered === undefined || lastDated === undefined) return paths([...numbered, ...dated]);
  const numberedFirst = (await changedAt(lastNumbered.path)) <= (await changedAt(lastDated.path));
  return paths(numberedFirst ? [...numbered, ...dated] : [...dated, ...numbered]);
}

async function changedAt(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

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

async function firstStamp(path: string, options: ContentOrderOptions): Promise<number> {
  if (path === '-') return Number.POSITIVE_INFINITY;
  const latest = options.latest ?? (await modifiedAt(path)) ?? 0;
  const read = createSyslogReader({ zone: options.zone ?? zoneOf('UTC'), host: '-', latest: () => latest });
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
