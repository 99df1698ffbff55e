import { basename } from 'node:path';
import { Problem } from '../errors.ts';
import { BinaryData, modifiedAt, openLog } from './archive.ts';
import { type Begin, type BegunFile, inOrderOfBegin } from './begin-order.ts';
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

interface OrderedFile extends DatedFile, BegunFile {}

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
  const dated = new Map<string, Pick<OrderedFile, 'dates' | 'rotation'>>();
  const files: LogFile[] = [];
  for (const path of new Set(paths)) files.push(await asLogFile(path, now, options));
  for (const log of logsOf(files)) {
    const dates = new LogDates(log.files, zone, options.years === 'from' ? options.latest : undefined);
    for (const [place, { path }] of log.files.entries())
      dated.set(path, {
        dates: await dates.of(place),
        ...(log.isNamed && { rotation: { log: log.name, place } }),
      });
  }
  const begun: OrderedFile[] = [];
  for (const path of paths) {
    const file = dated.get(path);
    if (file !== undefined) begun.push({ path, ...file, begin: await beginOf(path, file.dates, zone) });
  }
  return inOrderOfBegin(begun).map(({ path, dates }) => ({ path, dates }));
}

async function asLogFile(
  path: string,
  now: number,
  { latest, years }: ContentOrderOptions,
): Promise<LogFile> {
  const told = years === 'from' ? undefined : latest;
  return { path, changedAt: told ?? (await modifiedAt(path)) ?? now };
}

/** The files of one log, by their names. */
interface NamedLog {
  readonly name: string;
  /** Oldest first, as far as names and times of last change tell. */
  readonly files: readonly LogFile[];
  /** Their names tell. */
  readonly isNamed: boolean;
}

function logsOf(files: readonly LogFile[]): NamedLog[] {
  const logs = new Map<string, LogFile[]>();
  for (const file of files) {
    const name = logName(file.path);
    logs.set(name, [...(logs.get(name) ?? []), file]);
  }
  return [...logs].map(([name, those]) => ({ name, ...oldestFirst(name, those) }));
}

function oldestFirst(log: string, files: readonly LogFile[]): Omit<NamedLog, 'name'> {
  const named = files.map((file) => ({ file, name: rotationOf(basename(log), basename(file.path)) }));
  const rotations = named.flatMap(({ file, name }) => (name === undefined ? [] : [{ file, name }]));
  const others = named.flatMap(({ file, name }) => (name === undefined ? [file] : []));
  if (others.length > 1 || new Set(rotations.map(({ name }) => name.kind)).size > 1)
    return { files: files.toSorted((a, b) => a.changedAt - b.changedAt), isNamed: false };
  const rotated = rotations.sort((a, b) => compareRotations(a.name, b.name)).map(({ file }) => file);
  return { files: [...rotated, ...others], isNamed: true };
}

/** Whether a file holds a dated line near its begin, or cannot be read so far that it could be told. */
export async function mayBeLog(path: string): Promise<boolean> {
  const { lines, problem } = await headOf(path);
  if (firstStamp(lines, new ZoneOfLines(zoneOf('UTC')), () => 0) < NEVER) return true;
  return problem !== undefined && !(problem instanceof BinaryData) && lines.join('') === '';
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
