import type { Zone } from '../parser.ts';
import type { Span } from '../span.ts';
import { minuteOfYear } from './classic-line.ts';
import { isOfWrongClock, mayBeJoined, type Run, runsOf } from './silence.ts';
import { createSyslogReader } from './syslog.ts';
import {
  DAY_MS,
  ELEVEN_MONTHS_MS,
  fixedBound,
  HALF_A_YEAR_MS,
  MONTH_MS,
  rollingBound,
  type YearBound,
} from './years.ts';

const LEAP_DAY = /^(?:<\d{1,3}>)?Feb 29 /;
/** Lines so near before and behind a Feb 29 are of its year. */
const NEAR_MINUTES = 14 * 1440;

/** When the lines of a file without years are. */
export interface FileDates {
  /** UTC ms of the first and the last of the lines known of it, those out of turn left out; absent without one. */
  readonly begin?: number;
  readonly end?: number;
  /** What bounds the years of its stamps; made anew for each reading of the file. */
  bound(): YearBound;
}

/**
 * The dates of a file by what no line of it can be behind, told from its last line back: one that was never rotated
 * may reach back for years, and its first lines would be taken for those of this one.
 * @param lines with stamps that carry no year, from all over the file, the first one first
 * @param latest UTC ms, as a rule its time of last change
 */
export function datesUntil(lines: readonly string[], zone: Zone, latest: number): FileDates {
  const read = reader(zone, () => latest);
  const together = lines.map((line) => read(line));
  const runs = runsApart(lines, together);
  const times = timesBack(lines, zone, latest, runs);
  const years = yearsBeforeLeapDay(lines, zone, times);
  if (years > 0) return datesUntil(lines, zone, yearsBack(latest, years));
  const from = times.findIndex((time) => time !== undefined);
  const [begin, end] = [times[from], times.findLast((time) => time !== undefined)];
  if (begin === undefined || end === undefined) return { bound: () => fixedBound(latest) };
  // A Feb 29 is of the same year whatever the others are of.
  const told = lines.findIndex((line, at) => times[at] !== undefined && !LEAP_DAY.test(line));
  const isOneYear = times[told] === together[told] || !isOfWrongClock(lines.slice(0, from));
  const rolling = () => rollingBound(begin + HALF_A_YEAR_MS, latest, silencesBetween(runs, times));
  return { begin, end, bound: isOneYear ? () => fixedBound(latest) : rolling };
}

/**
 * The dates of a file by when it begins.
 * @param lines with stamps that carry no year, from all over the file, the first one first
 * @param first UTC ms that bounds the first one
 */
export function datesFrom(lines: readonly string[], zone: Zone, first: number): FileDates {
  const together = timesOn(lines, zone, first, []);
  const runs = runsApart(lines, together, yearsBack(first + DAY_MS, 1));
  const times = runs.length === 0 ? together : timesOn(lines, zone, first, runs);
  const known = times.filter((time) => time !== undefined);
  const [begin] = known;
  return {
    ...(begin !== undefined && { begin, end: known.reduce((one, other) => Math.max(one, other)) }),
    bound: () => rollingBound(first, undefined, silencesBetween(runs, times)),
  };
}

/**
 * What silences part; nothing where there are none, or the log may have been joined in another order.
 * @param together the lines' times without silences
 * @param earliest UTC ms, no line is of a time before
 */
function runsApart(
  lines: readonly string[],
  together: readonly (number | undefined)[],
  earliest?: number,
): readonly Run[] {
  const runs = runsOf(lines);
  return runs.length < 2 || mayBeJoined(lines, runs, together, earliest) ? [] : runs;
}

/** The silences between runs, the oldest first. */
function silencesBetween(runs: readonly Run[], times: readonly (number | undefined)[]): Span[] {
  return runs.slice(1).flatMap((run, at) => {
    const [from, until] = [times[runs[at]?.at(-1) ?? -1], times[run[0] ?? -1]];
    return from === undefined || until === undefined ? [] : [{ from, until }];
  });
}

/** The lines' times, told from the first one on. */
function timesOn(
  lines: readonly string[],
  zone: Zone,
  first: number,
  runs: readonly Run[],
): (number | undefined)[] {
  const begins = new Set(runs.slice(1).map((run) => run[0]));
  const bound = rollingBound(first);
  let newest: number | undefined;
  let silence = 0;
  const read = reader(zone, () => Math.max(bound(newest), (newest ?? 0) + silence));
  return lines.map((line, at) => {
    silence = begins.has(at) ? ELEVEN_MONTHS_MS : 0;
    const time = read(line);
    if (time !== undefined) newest = Math.max(newest ?? time, time);
    return time;
  });
}

/** The lines' times, told from the last one back; undefined for those out of turn. */
function timesBack(
  lines: readonly string[],
  zone: Zone,
  latest: number,
  runs: readonly Run[],
): (number | undefined)[] {
  const ends = new Set(runs.map((run) => run.at(-1)));
  let next: number | undefined;
  const read = reader(zone, () => Math.min(latest, (next ?? latest) + MONTH_MS));
  const times: (number | undefined)[] = [];
  for (let at = lines.length - 1; at >= 0; at--) {
    const time = read(lines[at] ?? '');
    const most = ends.has(at) ? ELEVEN_MONTHS_MS : HALF_A_YEAR_MS;
    // So long without a line where no silence is known, or a stamp out of turn: it tells nothing of those before it.
    if (time === undefined || (next !== undefined && next - time > most)) continue;
    next = time;
    times[at] = time;
  }
  return Array.from(lines, (_, at) => times[at]);
}

/** By how many years the lines around a Feb 29 are dated too late: few years have it, and they are of the same. */
function yearsBeforeLeapDay(
  lines: readonly string[],
  zone: Zone,
  times: readonly (number | undefined)[],
): number {
  const at = lines.findIndex(
    (line, place) => LEAP_DAY.test(line) && isNear(lines[place - 1], line) && isNear(line, lines[place + 1]),
  );
  if (at < 0) return 0;
  const next = times[at + 1];
  const leap = next === undefined ? undefined : reader(zone, () => next)(lines[at] ?? '');
  return next === undefined || leap === undefined ? 0 : yearOf(next) - yearOf(leap);
}

function isNear(line: string | undefined, next: string | undefined): boolean {
  if (line === undefined || next === undefined) return true;
  const minutes = minuteOfYear(next) - minuteOfYear(line);
  return minutes >= 0 && minutes < NEAR_MINUTES;
}

function yearOf(time: number): number {
  return new Date(time).getUTCFullYear();
}

function yearsBack(time: number, years: number): number {
  return new Date(time).setUTCFullYear(yearOf(time) - years);
}

function reader(zone: Zone, latest: () => number): (line: string) => number | undefined {
  const read = createSyslogReader({ zone, host: '-', latest });
  return (line) => read(line)?.time;
}
