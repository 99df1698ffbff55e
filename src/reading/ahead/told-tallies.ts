import { tallyKinds } from '../../ledger/tally-kinds.ts';
import type { TallyCounter } from '../batch.ts';
import type { ToldTallies } from './stretch.ts';

/** Takes what was counted, most of which differs by the hour alone, in as few objects as can be: each costs its way. */
export function takeTallies(counter: TallyCounter): ToldTallies[] {
  const parts = [...counter.take().values()].map((part) => ({ ...part, ingestedAt: 0 }));
  return tallyKinds(parts).map(({ key, hours }) => ({
    key,
    hours: hours.flatMap(({ hour, sessions }) => [hour, sessions]),
  }));
}

/** Counts what was told as if it were met here. */
export function addTallies(counter: TallyCounter, told: readonly ToldTallies[]): void {
  for (const { key, hours } of told)
    for (let at = 0; at < hours.length; at += 2) counter.addTally(key, hours[at] ?? 0, hours[at + 1] ?? 0);
}
