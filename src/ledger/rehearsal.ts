import type { Ledger, OutboxRow, OutboxState, StoredReport } from './ledger.ts';
import { overlaid } from './overlay.ts';
import { rehearsedPolicies } from './rehearsed-policies.ts';

type FreezeArguments = Parameters<Ledger['freeze']>;

/**
 * A ledger that closing days does not change: the policies found, the reports and outbox rows made through it live in
 * memory and die with it. `send --dry-run` and `send --to` close days upon it, also for who may only read the real one;
 * all else goes to that.
 */
export function rehearsalLedger(ledger: Ledger): Ledger {
  const reports: StoredReport[] = [];
  const rows: OutboxRow[] = [];

  async function freeze(...[report, , outbox]: FreezeArguments): Promise<StoredReport> {
    const real = await ledger.report(report.day, report.domain, report.revision);
    if (real !== undefined) return real;
    // Negative, so that no real row has the same number.
    const stored = { ...report, id: -1 - reports.length };
    reports.push(stored);
    for (const row of outbox) rows.push({ ...row, id: -1 - rows.length, reportId: stored.id, attempts: 0 });
    return stored;
  }

  async function outbox(
    filter: { readonly reportId?: number; readonly states?: readonly OutboxState[] } = {},
  ) {
    const made = rows.filter(
      (row) =>
        (filter.reportId === undefined || filter.reportId === row.reportId) &&
        (filter.states === undefined || filter.states.includes(row.state)),
    );
    return [...(await ledger.outbox(filter)), ...made];
  }

  return overlaid(ledger, {
    ...rehearsedPolicies(ledger),
    // What is asked now is not asked again in this rehearsal.
    rememberDemand: async () => undefined,
    cache: async () => undefined,
    freeze,
    outbox,
    reportById: async (id) => reports.find((report) => report.id === id) ?? ledger.reportById(id),
    // A note that all is done would be a lie to the next real pass.
    setNote: async () => undefined,
    exchangeNote: async () => true,
    close: async () => undefined,
  });
}
