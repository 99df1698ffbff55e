import type { Day } from '../day.ts';
import { type TrustAnchors, trustAnchorsOf } from '../days/building.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SessionSum } from '../ledger/sums.ts';
import { type Snapshot, snapshotSchema } from '../policy/snapshot.ts';
import type { Witness } from '../witness.ts';

/** What a verdict over past sessions needs of the ledger. */
export interface Seen {
  readonly sums: readonly SessionSum[];
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  readonly trusting: TrustAnchors;
}

/** Reads the sessions of the days from `since` on, a day at a time, with the policies found for them. */
export async function readSeen(
  ledger: Ledger,
  { since = '', domain }: { readonly since?: Day; readonly domain?: string } = {},
  witness: Witness = {},
): Promise<Seen> {
  const days = (await ledger.days()).filter((day) => day >= since);
  const sums: SessionSum[] = [];
  for (const [done, day] of days.entries()) {
    witness.step?.('sums', done, days.length);
    for (const sum of await ledger.sessionSums({ day, ...(domain !== undefined && { domain }) }))
      sums.push(sum);
  }
  const ids = new Set(sums.flatMap((sum) => sum.snapshot ?? []));
  const snapshots = new Map<string, Snapshot>();
  for (const [id, stored] of await ledger.snapshots([...ids]))
    snapshots.set(id, snapshotSchema.parse(stored.content));
  return { sums, snapshots, trusting: await trustAnchorsOf(ledger) };
}
