import { type Day, dayOf } from '../day.ts';
import type { DaySum } from '../ledger/day-sums.ts';
import type { Log } from '../ledger/ledger.ts';
import { type HeldReason, type HoldingDeps, heldBecause } from './held.ts';

/** What may have become of a UTC day. */
export const DAY_STATES = ['open', 'closing', 'closed', 'held'] as const;

/** What has become of one UTC day. */
export interface DayState {
  readonly day: Day;
  readonly domains: number;
  readonly sessions: number;
  readonly failures: number;
  /** Sessions that came after their report was built. */
  readonly late: number;
  readonly unattributed: number;
  readonly reports: number;
  /** `closing`: over, and about to be closed by the next `run`. */
  readonly state: (typeof DAY_STATES)[number];
  readonly heldBecause?: HeldReason;
}

/** The days the ledger knows, oldest first. */
export async function dayStates(deps: HoldingDeps, logs: readonly Log[]): Promise<DayState[]> {
  const states: DayState[] = [];
  for (const sum of await deps.ledger.daySums()) states.push(await dayState(deps, logs, sum));
  return states;
}

async function dayState(
  deps: HoldingDeps,
  logs: readonly Log[],
  { settled, lateByHost: _, ...sum }: DaySum,
): Promise<DayState> {
  if (sum.day >= dayOf(deps.clock.now())) return { ...sum, state: 'open' };
  if (settled) return { ...sum, state: 'closed' };
  const held = await heldBecause(deps, sum.day, logs);
  if (held === undefined || held === 'logs-not-read') return { ...sum, state: 'closing' };
  return { ...sum, state: 'held', heldBecause: held };
}
