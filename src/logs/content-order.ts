import { basename } from 'node:path';
import { Problem } from '../errors.ts';
import { BinaryData, modifiedAt, openLog } from './archive.ts';
import type { FileDates } from './file-dates.ts';
import { LogDates, type LogFile } from './log-dates.ts';
import { ZoneOfLines } from './repeated-hour.ts';
import { compareRotations, logName, rotationOf } from './rotation-name.ts';
import { createSyslogReader } from './syslog.ts';
import { DAY_MS, type YearBound } from './years.ts';
import { type LocalZone, zoneOf } from './zone.ts';

/** Lines of noise a log may begin with. */
const HEAD_BYTES = 65_536;
/** Exim's own stamp: no syslog, yet a log all the same. */
const EXIM_STAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{3})?(?: ([+-]\d\d)(\d\d))?/;
const NEVER = Number.POSITIVE_INFINITY;

/** How the stamps of files are read. */
interface ContentOrderOptions {
  /** The zone of stamps that carry none; UTC when absent, which orders the files of one host as well. */
  readonly zone?: LocalZone;
  /** UTC ms: bounds the year of stamps without one; each file's own time of last change when absent. */
  readonly latest?: number;
  /** `latest` bounds the first stamp of each log only, and its lines may go on behind it. */
  readonly years?: 'from';
}

/** A file, and what its stamps without a year mean. */
export interface DatedFile {
  readonly path: string;
  readonly dates: FileDates;
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
 * @param now UTC ms, the bound of what has no time of last change
 */
export async function sortByContent(
  paths: readonly string[],
  now: number,
  options: ContentOrderOptions = {},
): Promise<DatedFile[]> {
  const zone = options.zone ?? zoneOf('UTC');
  const dated = new Map<string, FileDates>();
  const files: LogFile[] = [];
  for (const path of new Set(paths)) files.push(await asLogFile(path, now, options));
  for (const log of logsOf(files)) {
    const dates = new LogDates(log, zone, options.years === 'from' ? options.latest : undefined);
    for (const [at, { path }] of log.entries()) dated.set(path, await dates.of(at));
  }
  const begins: (DatedFile & { readonly begin: Begin })[] = [];
  for (const path of paths) {
    const dates = dated.get(path);
    if (dates !== undefined) begins.push({ path, dates, begin: await beginOf(path, dates, zone) });
  }
  return begins.sort((a, b) => compare(a.begin, b.begin)).map(({ path, dates }) => ({ path, dates }));
}

async function asLogFile(
  path: string,
  now: number,
  { latest, years }: ContentOrderOptions,
): Promise<LogFile> {
  const told = years === 'from' ? undefined : latest;
  return { path, changedAt: told ?? (await modifiedAt(path)) ?? now };
}

/** The files of each log, oldest first as far as their names and times of last change tell. */
function logsOf(files: readonly LogFile[]): LogFile[][] {
  const logs = new Map<string, LogFile[]>();
  for (const file of files) {
    const name = logName(file.path);
    logs.set(name, [...(logs.get(name) ?? []), file]);
  }
  return [...logs.values()].map(oldestFirst);
}

function oldestFirst(files: readonly LogFile[]): LogFile[] {
  const named = files.map((file) => ({
    file,
    name: rotationOf(basename(logName(file.path)), basename(file.path)),
  }));
  const rotations = named.flatMap(({ file, name }) => (name === undefined ? [] : [{ file, name }]));
  const others = named.flatMap(({ file, name }) => (name === undefined ? [file] : []));
  if (others.length > 1 || new Set(rotations.map(({ name }) => name.kind)).size > 1)
    return files.toSorted((a, b) => a.changedAt - b.changedAt);
  return [...rotations.sort((a, b) => compareRotations(a.name, b.name)).map(({ file }) => file), ...others];
}

/** Whether a file holds a dated line near its begin, or cannot be read so far that it could be told. */
export async function mayBeLog(path: string): Promise<boolean> {
  const { lines, problem } = await headOf(path);
  if (firstStamp(lines, new ZoneOfLines(zoneOf('UTC')), () => 0) < NEVER) return true;
  return problem !== undefined && !(problem instanceof BinaryData) && lines.join('') === '';
}

function compare(a: Begin, b: Begin): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return a.written - b.written || a.first - b.first;
}

async function beginOf(path: string, dates: FileDates, local: LocalZone): Promise<Begin> {
  if (path === '-') return { time: NEVER, written: 0, first: 0 };
  const zone = new ZoneOfLines(local);
  const time = firstStamp((await headOf(path)).lines, zone, dates.bound());
  // A machine that did not know the time when it started wrote its first line at no time of the log's.
  if (dates.begin !== undefined && Math.abs(time - dates.begin) > DAY_MS)
    return { time: dates.begin, written: 0, first: 0 };
  const hour = zone.hourOf(time);
  if (hour === undefined) return { time, written: 0, first: 0 };
  const written = Math.min((await modifiedAt(path)) ?? NEVER, hour.end);
  return { time: hour.begin, written, first: time };
}

function firstStamp(lines: readonly string[], zone: ZoneOfLines, years: YearBound): number {
  const read = createSyslogReader({ zone, host: '-', latest: () => years(undefined) });
  for (const line of lines) {
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

/** The first lines of a file, and what kept from reading more of them. */
interface Head {
  readonly lines: readonly string[];
  readonly problem?: Problem;
}

async function headOf(path: string): Promise<Head> {
  let head = Buffer.alloc(0);
  const lines = () => head.toString('utf8').split('\n');
  try {
    for await (const piece of openLog(path)) {
      head = Buffer.concat([head, piece.subarray(0, HEAD_BYTES)]);
      if (head.length >= HEAD_BYTES) break;
    }
    return { lines: lines() };
  } catch (problem) {
    if (problem instanceof Problem) return { lines: lines(), problem };
    throw problem;
  }
}
