/** A log that tells of nothing for so long, ms, may be the wrong one: `check` and `status` say so alike. */
export const STALE_MS = 3 * 86_400_000;
