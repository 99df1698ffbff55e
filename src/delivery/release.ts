import type { Day } from '../day.ts';
import type { Ledger, OutboxChange, OutboxRow, OutboxState } from '../ledger/ledger.ts';

/**
 * Makes rows due again: held ones of a day (`send --day`), suppressed or given-up ones. Their 24 h begin anew. Those
 * that are due keep their time, and go however old their day will be then.
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
    if (await ledger.moveOutbox(row.id, row.state, changeOf(row, now))) released++;
  }
  return released;
}

/** That a first try is noted is what tells a released row from one that only grew old. */
function changeOf(row: OutboxRow, now: number): OutboxChange {
  return row.state === 'due'
    ? { firstTriedAt: row.firstTriedAt ?? Math.max(now, row.notBefore) }
    : { state: 'due', notBefore: now, attempts: 0, firstTriedAt: now };
}

/** Lets a report that was asked for by name leave, however old its day is. */
export async function releaseReport(ledger: Ledger, reportId: number, now: number): Promise<void> {
  for (const row of await ledger.outbox({ reportId, states: ['due'] }))
    await ledger.moveOutbox(row.id, row.state, changeOf(row, now));
}
