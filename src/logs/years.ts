import { EXIT, Problem } from '../errors.ts';
import type { Span } from '../span.ts';

/** Measures of log time, ms. */
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const MONTH_MS = 31 * DAY_MS;
export const HALF_A_YEAR_MS = 182 * DAY_MS;
/** A line may come that long after the one before, if it comes at most a month before it where clocks are wrong. */
export const ELEVEN_MONTHS_MS = 334 * DAY_MS;
/** A machine that starts without a clock knows the time again sooner than this, and its lines go on where they were. */
export const WRONG_CLOCK_MS = 6 * HOUR_MS;

/**
 * What bounds the year of stamps that carry none, UTC ms, told the time of the line before: such a stamp is of the
 * latest year that puts it at most a day behind the bound.
 */
export interface YearBound {
  (last: number | undefined): number;
  /** What it goes by now, so that another thread can go on with it; absent of a bound that is but a function. */
  readonly told?: () => ToldBound;
}

/** A bound in words that go from thread to thread; times in UTC ms, `newest` of the lines that it was told. */
export type ToldBound =
  | { readonly kind: 'fixed'; readonly latest: number }
  | {
      readonly kind: 'rolling';
      readonly first: number;
      readonly latest: number;
      readonly silences: readonly Span[];
      readonly newest: number;
    }
  | {
      readonly kind: 'guarded';
      readonly path: string;
      readonly of: ToldBound;
      readonly newest: number;
      readonly behind: number | undefined;
    };

const NO_LINE = Number.NEGATIVE_INFINITY;

/** The bound that was told. */
export function boundAsTold(told: ToldBound): YearBound {
  if (told.kind === 'fixed') return fixedBound(told.latest);
  if (told.kind === 'rolling') return rollingBound(told.first, told.latest, told.silences, told.newest);
  return guardedBound(boundAsTold(told.of), told.path, told);
}

/** All lines of a file are of the year before this time. */
export function fixedBound(latest: number): YearBound {
  return Object.assign(() => latest, { told: (): ToldBound => ({ kind: 'fixed', latest }) });
}

/**
 * Lines go on from year to year: each is within half a year of those before it, but behind a silence that is known. One
 * stamp out of turn, as of a machine that does not know the time yet when it starts, changes nothing.
 * @param first bounds those up to the first one that was read, UTC ms
 * @param latest none is later, UTC ms
 * @param silences from the last line before each to the first one behind it, the oldest first
 * @param known the newest line read so far, UTC ms
 */
export function rollingBound(
  first: number,
  latest = Number.POSITIVE_INFINITY,
  silences: readonly Span[] = [],
  known: number = NO_LINE,
): YearBound {
  let newest = known;
  const behind = (time: number) => {
    const silence = silences.findLast(({ from }) => time >= from);
    // The same for a day, for what is remembered of an hour's stamps holds as long as the bound does.
    const rolling = Math.floor(time / DAY_MS) * DAY_MS + HALF_A_YEAR_MS;
    return Math.min(latest, Math.max(rolling, silence?.until ?? rolling));
  };
  let bound = known === NO_LINE ? Math.min(first, latest) : behind(known);
  const boundOf = (last: number | undefined) => {
    if (last === undefined || last <= newest) return bound;
    newest = last;
    bound = behind(last);
    return bound;
  };
  return Object.assign(boundOf, {
    told: (): ToldBound => ({ kind: 'rolling', first, latest, silences, newest }),
  });
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
 * @param known what it went by so far, UTC ms
 * @throws UnknownYear when lines seem to go back by most of a year, and go on from there
 */
export function guardedBound(
  bound: YearBound,
  path: string,
  known: { readonly newest: number; readonly behind: number | undefined } = {
    newest: NO_LINE,
    behind: undefined,
  },
): YearBound {
  let { newest, behind } = known;
  const boundOf = (last: number | undefined) => {
    if (last === undefined) return bound(last);
    newest = Math.max(newest, last);
    if (newest - last < MONTH_MS) behind = undefined;
    else if (newest - last > ELEVEN_MONTHS_MS) behind ??= last;
    if (behind !== undefined && last - behind > WRONG_CLOCK_MS) throw new UnknownYear(path);
    return bound(last);
  };
  const { told } = bound;
  if (told === undefined) return boundOf;
  return Object.assign(boundOf, {
    told: (): ToldBound => ({ kind: 'guarded', path, of: told(), newest, behind }),
  });
}
