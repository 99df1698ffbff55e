import { dayEnd, dayOf, dayStart } from '../day.ts';
import { LAG_MS } from '../fleet.ts';

/** Days are closed and policies looked up as often as the timer runs `run`, ms. */
const EMIT_EVERY_MS = 15 * 60_000;
/** Clocks are read in whole seconds here and there. */
const SLACK_MS = 1000;

/** When policies are to be looked up and days to be closed next, UTC ms: every quarter, and when a day can be over. */
export function nextEmission(now: number): number {
  const today = dayOf(now);
  const over = [dayStart(today), dayEnd(today)].map((midnight) => midnight + LAG_MS + SLACK_MS);
  return Math.min(now + EMIT_EVERY_MS, ...over.filter((time) => time > now));
}
