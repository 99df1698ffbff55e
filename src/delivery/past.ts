import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { type Day, dayEnd } from '../day.ts';
import type { Ledger, OutboxRow, StoredReport } from '../ledger/ledger.ts';

/** A report whose time comes after its day is too old has so long to leave, ms. */
const LEAST_MS = 3_600_000;

/**
 * Whether a report may leave no more by itself: its day ended more than `delivery.max-age` ago, and nobody has tried to
 * send it or released it. What was tried goes on for `delivery.retry-for`.
 */
export function isPast(
  row: Pick<OutboxRow, 'state' | 'firstTriedAt'>,
  day: Day,
  now: number,
  delivery: Config['delivery'],
): boolean {
  if (row.state !== 'due' || row.firstTriedAt !== undefined) return false;
  return now > dayEnd(day) + Math.max(delivery['max-age'], delivery.spread + LEAST_MS);
}

/** A report that is to leave, and its way. */
export interface Leaving {
  readonly row: OutboxRow;
  readonly report: StoredReport;
}

/**
 * What is to leave now or in time, without changing anything.
 * @param released a day that goes however old it is, with what of it is held
 */
export async function* leaving(
  { ledger, clock, config }: { readonly ledger: Ledger; readonly clock: Clock; readonly config: Config },
  released?: Day,
): AsyncGenerator<Leaving> {
  const states = ['due', 'retry', 'sending', ...(released === undefined ? [] : (['held'] as const))] as const;
  for (const row of await ledger.outbox({ states })) {
    const report = await ledger.reportById(row.reportId);
    if (report === undefined) continue;
    const stays = row.state === 'held' || isPast(row, report.day, clock.now(), config.delivery);
    if (report.day === released || !stays) yield { row, report };
  }
}
