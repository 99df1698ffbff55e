import { z } from 'zod';
import type { Ledger } from '../ledger/ledger.ts';

const NOTE = 'delivery.suppressed';
const DAY = 86_400_000;

/** 1, 2, 4 … days, at most about a month. */
const LONGEST = 32 * DAY;

/** Beyond this many the ones that end first are forgotten. */
const MAX_KEPT = 10_000;

const suppressionSchema = z.object({
  rua: z.string(),
  bounces: z.int(),
  /** When the first and the last report came back. */
  since: z.number(),
  last: z.number(),
  until: z.number(),
});

/** A rua that does not take our reports: nothing is sent there for a growing time. Times in UTC ms. */
export type Suppression = z.infer<typeof suppressionSchema>;

/** All that are remembered, those whose time is over among them: the next bounce doubles their time. */
export async function suppressions(ledger: Ledger): Promise<readonly Suppression[]> {
  const found = z.array(suppressionSchema).safeParse(await ledger.note(NOTE));
  return found.success ? found.data : [];
}

/** Those whose time is not over at `now`, by rua. */
export async function activeSuppressions(
  ledger: Ledger,
  now: number,
): Promise<ReadonlyMap<string, Suppression>> {
  const active = (await suppressions(ledger)).filter(({ until }) => until > now);
  return new Map(active.map((one) => [one.rua, one]));
}

/**
 * A report to this rua came back: suppresses it for 1 day, then 2, 4, 8 … The same bounce told twice (a log read again)
 * counts once.
 * @param at when it came back, by the clock or by the log, UTC ms
 */
export async function noteBounce(ledger: Ledger, rua: string, at: number): Promise<void> {
  const known = await suppressions(ledger);
  const before = known.find((one) => one.rua === rua);
  if (before !== undefined && at <= before.last) return;
  const bounces = (before?.bounces ?? 0) + 1;
  const until = at + Math.min(LONGEST, DAY * 2 ** (bounces - 1));
  const made = { rua, bounces, since: before?.since ?? at, last: at, until };
  const kept = [made, ...known.filter((one) => one.rua !== rua)].sort((a, b) => b.until - a.until);
  await ledger.setNote(NOTE, kept.slice(0, MAX_KEPT));
}

/** Forgets the bounces of a rua, so that its next report is sent; false if there were none. */
export async function unsuppress(ledger: Ledger, rua: string): Promise<boolean> {
  const known = await suppressions(ledger);
  const kept = known.filter((one) => one.rua !== rua);
  if (kept.length === known.length) return false;
  await ledger.setNote(NOTE, kept);
  return true;
}

/** Forgets those whose time was over before `before` (UTC ms): the next bounce begins with one day again. */
export async function forgetSuppressions(ledger: Ledger, before: number): Promise<void> {
  const known = await suppressions(ledger);
  const kept = known.filter(({ until }) => until >= before);
  if (kept.length < known.length) await ledger.setNote(NOTE, kept);
}
