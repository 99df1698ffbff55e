/** The wall clock, always passed as an argument, so that tests decide what time it is. */
export interface Clock {
  /** UTC milliseconds since 1970. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands still, for `--now` and for tests. */
export function fixedClock(time: number): Clock {
  return { now: () => time };
}
