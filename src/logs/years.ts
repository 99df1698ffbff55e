import { EXIT, Problem } from '../errors.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONTH_MS = 31 * DAY_MS;
const HALF_A_YEAR_MS = 182 * DAY_MS;
/** A line may come that long after the one before, if it comes at most a month before it where clocks are wrong. */
export const ELEVEN_MONTHS_MS = 334 * DAY_MS;
/** A machine that starts without a clock knows the time again sooner than this, and its lines go on where they were. */
const WRONG_CLOCK_MS = 6 * HOUR_MS;

/**
 * What bounds the year of stamps that carry none, UTC ms, told the time of the line before: such a stamp is of the
 * latest year that puts it at most a day behind the bound.
 */
export type YearBound = (last: number | undefined) => number;

/** All lines of a file are of the year before this time. */
export function fixedBound(latest: number): YearBound {
  return () => latest;
}

/**
 * Lines go on from year to year: each is within half a year of those before it. One stamp out of turn, as of a machine
 * that does not know the time yet when it starts, changes nothing.
 * @param first bounds those up to the first one that was read, UTC ms
 * @param latest none is later, UTC ms
 */
export function rollingBound(first: number, latest = Number.POSITIVE_INFINITY): YearBound {
  let newest: number | undefined;
  let bound = Math.min(first, latest);
  return (last) => {
    if (last === undefined || last <= (newest ?? Number.NEGATIVE_INFINITY)) return bound;
    newest = last;
    // The same for a day, for what is remembered of an hour's stamps holds as long as the bound does.
    bound = Math.min(latest, Math.floor(last / DAY_MS) * DAY_MS + HALF_A_YEAR_MS);
    return bound;
  };
}

/** The bound for a file of which some was read, up to a line of that time (UTC ms). */
export function boundBehind(last: number, latest: number): YearBound {
  return latest - last > ELEVEN_MONTHS_MS
    ? rollingBound(last + ELEVEN_MONTHS_MS, latest)
    : fixedBound(latest);
}

/** The lines of a log go on over the time that no line of it can be behind: those before were of an earlier year. */
export class UnknownYear extends Problem {
  constructor(path: string) {
    super(EXIT.data, 'the year of its stamps, which carry none, cannot be told: they go on for too long', {
      where: path === '-' ? 'standard input' : path,
      help: 'name the year in which it begins, as in `backfill --year 2025`',
    });
  }
}

/**
 * A bound, as long as nothing speaks against it.
 * @param path of the log, for the fault
 * @throws UnknownYear when lines seem to go back by most of a year, and go on from there
 */
export function guardedBound(bound: YearBound, path: string): YearBound {
  let newest = Number.NEGATIVE_INFINITY;
  let behind: number | undefined;
  return (last) => {
    if (last === undefined) return bound(last);
    newest = Math.max(newest, last);
    if (newest - last < MONTH_MS) behind = undefined;
    else if (newest - last > ELEVEN_MONTHS_MS) behind ??= last;
    if (behind !== undefined && last - behind > WRONG_CLOCK_MS) throw new UnknownYear(path);
    return bound(last);
  };
}
