import { createHash } from 'node:crypto';
import { type Day, dayEnd } from '../day.ts';

const FIRST_WAIT = 5 * 60_000;
const LONGEST_WAIT = 4 * 3_600_000;

/**
 * When a report may leave first: a point of the span after midnight UTC that hangs on (domain, day) alone, so that it
 * is the same after a restart and on every host (RFC 8460 §4.1). UTC ms.
 */
export function firstTime(domain: string, day: Day, spread: number): number {
  return dayEnd(day) + Math.floor(fraction(`${domain} ${day}`) * spread);
}

/**
 * When to try again after the given number of failed attempts, or undefined once the time is over (RFC 8460 §5.5):
 * doubling waits from 5 min to 4 h with ±20 % jitter, a last try when `retryFor` ends.
 * @param retryAfter what the receiver asked to wait, ms
 * @returns UTC ms
 */
export function nextTime(row: {
  readonly id: number;
  readonly attempts: number;
  readonly now: number;
  readonly firstTriedAt: number;
  readonly retryFor: number;
  readonly retryAfter?: number;
}): number | undefined {
  const last = row.firstTriedAt + row.retryFor;
  if (row.now >= last) return undefined;
  const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (row.attempts - 1));
  const jittered = wait * (0.8 + 0.4 * fraction(`${row.id} ${row.attempts}`));
  return Math.min(last, row.now + Math.round(Math.max(jittered, row.retryAfter ?? 0)));
}

/** 0 ≤ x < 1, the same for the same text everywhere. */
function fraction(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
