import type { Day } from '../day.ts';
import type { Ledger, OutboxState } from '../ledger/ledger.ts';

/**
 * Makes rows due again: held ones of a day (`send --day`), suppressed or given-up ones. Their 24 h begin anew.
 * @returns how many rows
 */
export async function release(
  ledger: Ledger,
  now: number,
  filter: {
    readonly states: readonly OutboxState[];
    readonly day?: Day;
    readonly domain?: string;
    readonly rua?: string;
  },
): Promise<number> {
  let released = 0;
  for (const row of await ledger.outbox({ states: filter.states })) {
    if (filter.rua !== undefined && filter.rua !== row.rua) continue;
    const report = await ledger.reportById(row.reportId);
    if (report === undefined || (filter.day !== undefined && report.day !== filter.day)) continue;
    if (filter.domain !== undefined && report.domain !== filter.domain) continue;
    const change = { state: 'due', notBefore: now, attempts: 0, firstTriedAt: now } as const;
    if (await ledger.moveOutbox(row.id, row.state, change)) released++;
  }
  return released;
}
