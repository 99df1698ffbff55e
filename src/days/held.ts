import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { type Day, dayEnd } from '../day.ts';
import { graceOf, isOver } from '../fleet.ts';
import { type Ledger, type Log, RESTORED_NOTE } from '../ledger/ledger.ts';

/** Why a day that is over is not sent. */
export type HeldReason = 'too-old' | 'restored' | 'log-level' | 'native' | 'logs-not-read';

/** What it takes to tell whether a day is held. */
export interface HoldingDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly config: Pick<Config, 'delivery' | 'fleet' | 'native'>;
}

/** Why a past day must not be sent by itself; undefined if it may. */
export async function heldBecause(
  deps: HoldingDeps,
  day: Day,
  logs: readonly Log[],
): Promise<HeldReason | undefined> {
  const now = deps.clock.now();
  if (now > dayEnd(day) + deps.config.delivery['max-age']) return 'too-old';
  if (dayEnd(day) <= Number((await deps.ledger.note(RESTORED_NOTE)) ?? 0)) return 'restored';
  const grace = await graceOf(deps.ledger, logs, deps.config.fleet.grace);
  if (!isOver(day, logs, now, grace)) return 'logs-not-read';
  const hints = await hintsOf(deps.ledger, logs);
  if (hints.has('postfix-native-tlsrpt') && deps.config.native !== 'use') return 'native';
  if (hints.has('postfix-loglevel-0') && (await hasOnlyFailures(deps.ledger, day))) return 'log-level';
  return undefined;
}

/** The ids of what the logs cannot witness, as the parsers said when they were last read. */
async function hintsOf(ledger: Ledger, logs: readonly Log[]): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const log of logs) {
    const hints = (await ledger.note(`hints:${log.id}`)) as { id: string }[] | undefined;
    for (const hint of hints ?? []) ids.add(hint.id);
  }
  return ids;
}

async function hasOnlyFailures(ledger: Ledger, day: Day): Promise<boolean> {
  const sum = (await ledger.daySums()).find((one) => one.day === day);
  return sum !== undefined && sum.failures === sum.sessions;
}
