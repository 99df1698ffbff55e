import type { Zone } from '../parser.ts';
import { createSyslogReader } from './syslog.ts';
import { fixedBound, rollingBound, type YearBound } from './years.ts';

const DAY_MS = 86_400_000;
const MONTH_MS = 31 * DAY_MS;
const HALF_A_YEAR_MS = 182 * DAY_MS;
/** RFC 3164 §4.1.2: a stamp without a year, maybe behind a priority. */
const CLASSIC = /^(?:<\d{1,3}>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):/;
const LEAP_DAY = /^(?:<\d{1,3}>)?Feb 29 /;
/** Lines so near before and behind a Feb 29 are of its year. */
const NEAR_DAYS = 14;
const MINUTES_A_DAY = 1440;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** When the lines of a file without years are. */
export interface FileDates {
  /** UTC ms of the first and the last of the lines known of it, those out of turn left out; absent without one. */
  readonly begin?: number;
  readonly end?: number;
  /** What bounds the years of its stamps; made anew for each reading of the file. */
  bound(): YearBound;
}

/** Whether a line begins with a stamp that carries no year. */
export function isClassic(line: string): boolean {
  return CLASSIC.test(line);
}

/** Minutes since a leap year's begin at which such a line was written, by its own clock; NaN for any other. */
export function minuteOfYear(line: string): number {
  const [, month = '', day, hour, minute] = CLASSIC.exec(line) ?? [];
  const days = Date.UTC(1972, MONTHS.indexOf(month) / 3, Number(day)) / DAY_MS - 730;
  return days * MINUTES_A_DAY + Number(hour) * 60 + Number(minute);
}

/**
 * The dates of a file by what no line of it can be behind, told from its last line back: one that was never rotated
 * may reach back for years, and its first lines would be taken for those of this one.
 * @param lines with stamps that carry no year, from all over the file, the first one first
 * @param latest UTC ms, as a rule its time of last change
 */
export function datesUntil(lines: readonly string[], zone: Zone, latest: number): FileDates {
  const years = yearsBeforeLeapDay(lines, zone, latest);
  if (years > 0) return datesUntil(lines, zone, yearsBack(latest, years));
  const { begin, end, first } = inTurn(lines, zone, latest);
  const isPlain = first === undefined || first === reader(zone, () => latest)(lines[0] ?? '');
  return {
    ...(begin !== undefined && { begin }),
    ...(end !== undefined && { end }),
    bound: () => (isPlain ? fixedBound(latest) : rollingBound(first + HALF_A_YEAR_MS, latest)),
  };
}

/**
 * The dates of a file by when it begins.
 * @param lines with stamps that carry no year, from all over the file, the first one first
 * @param first UTC ms that bounds the first one
 */
export function datesFrom(lines: readonly string[], zone: Zone, first: number): FileDates {
  const bound = rollingBound(first);
  let begin: number | undefined;
  let end: number | undefined;
  const read = reader(zone, () => bound(end));
  for (const line of lines) {
    const time = read(line);
    if (time === undefined) continue;
    begin ??= time;
    end = Math.max(end ?? time, time);
  }
  return {
    ...(begin !== undefined && { begin }),
    ...(end !== undefined && { end }),
    bound: () => rollingBound(first),
  };
}

interface Turn {
  readonly begin: number | undefined;
  readonly end: number | undefined;
  /** The first line's time; absent if it is out of turn. */
  readonly first: number | undefined;
}

function inTurn(lines: readonly string[], zone: Zone, latest: number): Turn {
  const times = timesBack(lines, zone, latest);
  const known = times.filter((time) => time !== undefined);
  return { begin: known[0], end: known.at(-1), first: times[0] };
}

/** The lines' times, told from the last one back; undefined for those out of turn. */
function timesBack(lines: readonly string[], zone: Zone, latest: number): (number | undefined)[] {
  let next: number | undefined;
  const read = reader(zone, () => Math.min(latest, (next ?? latest) + MONTH_MS));
  return lines
    .toReversed()
    .map((line) => {
      const time = read(line);
      // Half a year without a line, or a stamp out of turn: it tells nothing of those before it.
      if (time === undefined || (next !== undefined && next - time > HALF_A_YEAR_MS)) return undefined;
      next = time;
      return time;
    })
    .toReversed();
}

/** By how many years the lines around a Feb 29 are dated too late: few years have it, and they are of the same. */
function yearsBeforeLeapDay(lines: readonly string[], zone: Zone, latest: number): number {
  const at = lines.findIndex(
    (line, place) => LEAP_DAY.test(line) && isNear(lines[place - 1], line) && isNear(line, lines[place + 1]),
  );
  if (at < 0) return 0;
  const next = timesBack(lines, zone, latest)[at + 1];
  const leap = next === undefined ? undefined : reader(zone, () => next)(lines[at] ?? '');
  return next === undefined || leap === undefined ? 0 : yearOf(next) - yearOf(leap);
}

function isNear(line: string | undefined, next: string | undefined): boolean {
  if (line === undefined || next === undefined) return true;
  const minutes = minuteOfYear(next) - minuteOfYear(line);
  return minutes >= 0 && minutes < NEAR_DAYS * MINUTES_A_DAY;
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
