/** When something was done last, and how long it took. */
export interface Done {
  /** UTC ms. */
  readonly at: number;
  /** ms. */
  readonly took: number;
}

/** Work of so many ms is dear. */
const DEAR_MS = 2000;
/** Dear work takes at most this part of the time. */
const SHARE = 1 / 30;

/** Whether work is so dear that what it gave last, minutes ago, must do: a fleet's tallies are hundreds of millions. */
export function isDear({ took }: Pick<Done, 'took'>): boolean {
  return took >= DEAR_MS;
}

/** Whether dear work was done too short a time before `now` (UTC ms) to be done again. */
export function isTooSoon(done: Done, now: number): boolean {
  const age = now - done.at;
  return isDear(done) && age >= 0 && age < done.took / SHARE;
}
