import type { Span } from '../span.ts';
import { minuteOfYear } from './classic-line.ts';
import { DAY_MS, HALF_A_YEAR_MS, MONTH_MS, WRONG_CLOCK_MS } from './years.ts';

const MINUTE_MS = 60_000;
const LEAP_YEAR_MS = 366 * DAY_MS;
/** Lines so near each other were written one after the other. */
const NEAR_MS = 14 * DAY_MS;

/** The places of lines without years that follow each other within half of one; those out of turn left out. */
export type Run = readonly number[];

/**
 * Where more than half a year seems to lie between lines without years: a log was silent for so long, or its parts were
 * joined in another order. The lines of a machine that does not know the time yet when it starts part no run.
 * @param lines from all over a file, the first one first
 * @returns the oldest first
 */
export function runsOf(lines: readonly string[]): Run[] {
  const minutes = lines.map(minuteOfYear);
  let next = lines.length - 1;
  let run = [next];
  const runs = [run];
  for (let at = next - 1; at >= 0; at--) {
    const isSilent = msBetween(minutes, at, next) > HALF_A_YEAR_MS;
    if (isSilent && !isGoneOn(minutes, at, next)) continue;
    if (isSilent) {
      run = [];
      runs.push(run);
    }
    run.push(at);
    next = at;
  }
  return runs.map((places) => places.reverse()).reverse();
}

/**
 * Whether the runs may be of a log that was joined in another order: no two parts of it are then of one time. Those of a
 * log that was silent would be, if they were taken for lines of one year and are not.
 * @param times of the lines (UTC ms), as if the log had never been silent
 * @param earliest UTC ms, none of them is of a time before
 */
export function mayBeJoined(
  lines: readonly string[],
  runs: readonly Run[],
  times: readonly (number | undefined)[],
  earliest = Number.NEGATIVE_INFINITY,
): boolean {
  if (isTorn(lines, runs, times)) return false;
  const parts = runs.flatMap((run) => partsOf(run.flatMap((at) => times[at] ?? [])));
  parts.sort((a, b) => a.from - b.from);
  return parts.every(({ from }, at) => from >= (parts[at - 1]?.until ?? earliest) - DAY_MS);
}

/** Whether lines near each other would be of years apart. */
function isTorn(
  lines: readonly string[],
  runs: readonly Run[],
  times: readonly (number | undefined)[],
): boolean {
  const minutes = lines.map(minuteOfYear);
  return runs.some((run) =>
    run.some((at, place) => {
      const before = run[place - 1] ?? at;
      const between = Math.abs((times[at] ?? 0) - (times[before] ?? 0));
      return between > HALF_A_YEAR_MS && Math.abs(msBetween(minutes, before, at)) < NEAR_MS;
    }),
  );
}

/** Times that go forward, but for late lines. */
function partsOf(times: readonly number[]): Span[] {
  const parts: { from: number; until: number }[] = [];
  for (const time of times) {
    const part = parts.at(-1);
    if (part === undefined || time < part.until - DAY_MS) parts.push({ from: time, until: time });
    else part.until = Math.max(part.until, time);
  }
  return parts;
}

/** Whether the lines of a run are those at its begin's own time only, as of a machine that does not know the time yet. */
export function isOfWrongClock(lines: readonly string[]): boolean {
  const minutes = lines.map(minuteOfYear);
  return minutes.every((_, at) => Math.abs(msBetween(minutes, 0, at)) <= WRONG_CLOCK_MS);
}

/** Whether the lines before one out of turn are nearer to it than to those behind it. */
function isGoneOn(minutes: readonly number[], at: number, next: number): boolean {
  let older = at;
  while (older >= 0 && Math.abs(msBetween(minutes, older, at)) <= WRONG_CLOCK_MS) older--;
  if (older < 0) return false;
  return msBetween(minutes, older, at) < Math.abs(msBetween(minutes, older, next));
}

/** By how long a line is before a later one of its file: it comes late by a month at most. */
function msBetween(minutes: readonly number[], older: number, newer: number): number {
  const between = ((minutes[newer] ?? 0) - (minutes[older] ?? 0)) * MINUTE_MS;
  const behind = (between + LEAP_YEAR_MS) % LEAP_YEAR_MS;
  return behind > LEAP_YEAR_MS - MONTH_MS ? behind - LEAP_YEAR_MS : behind;
}
