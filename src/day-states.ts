import { type ClosingDeps, type HeldReason, heldBecause } from './closing.ts';
import { type Day, dayOf } from './day.ts';
import type { DomainDay, Log } from './ledger/ledger.ts';

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
export async function dayStates(
  deps: Pick<ClosingDeps, 'ledger' | 'clock' | 'config'>,
  logs: readonly Log[],
): Promise<DayState[]> {
  const byDay = new Map<Day, DomainDay[]>();
  for (const entry of await deps.ledger.domainDays()) {
    const known = byDay.get(entry.day);
    if (known === undefined) byDay.set(entry.day, [entry]);
    else known.push(entry);
  }
  const states: DayState[] = [];
  for (const [day, entries] of byDay) states.push(await dayState(deps, logs, day, entries));
  return states;
}

async function dayState(
  deps: Pick<ClosingDeps, 'ledger' | 'clock' | 'config'>,
  logs: readonly Log[],
  day: Day,
  entries: readonly DomainDay[],
): Promise<DayState> {
  const common = {
    day,
    domains: entries.length,
    ...sumsOf(entries),
    reports: entries.filter((entry) => entry.revision > 0).length,
  };
  if (day >= dayOf(deps.clock.now())) return { ...common, state: 'open' };
  if (entries.every(isSettled)) return { ...common, state: 'closed' };
  const held = await heldBecause(deps, day, logs);
  if (held === undefined || held === 'logs-not-read') return { ...common, state: 'closing' };
  return { ...common, state: 'held', heldBecause: held };
}

function isSettled(entry: DomainDay): boolean {
  return entry.revision > 0 || entry.demand?.kind === 'none' || entry.demand?.kind === 'malformed';
}

function sumsOf(
  entries: readonly DomainDay[],
): Pick<DayState, 'sessions' | 'failures' | 'late' | 'unattributed'> {
  const sums = { sessions: 0, failures: 0, late: 0, unattributed: 0 };
  for (const entry of entries) {
    sums.sessions += entry.sessions;
    sums.failures += entry.failures;
    sums.late += entry.late;
    sums.unattributed += entry.unattributed;
  }
  return sums;
}
