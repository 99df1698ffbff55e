/** The wall clock, always passed as an argument, so that tests decide what time it is. */
export interface Clock {
  /** UTC milliseconds since 1970. */
  now(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** A clock that goes on from a time as if it were now, for `--now` in what runs without end. */
export function clockFrom(time: number): Clock {
  const start = performance.now();
  return { now: () => Math.floor(time + performance.now() - start) };
}

/** A clock that stands still, for `--now` and for tests. */
export function fixedClock(time: number): Clock {
  return { now: () => time };
}
