import type { Day } from '../day.ts';
import { type TrustAnchors, trustAnchorsOf } from '../days/building.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SessionSum } from '../ledger/sums.ts';
import { type Snapshot, snapshotSchema } from '../policy/snapshot.ts';

/** What a verdict over past sessions needs of the ledger. */
export interface Seen {
  readonly sums: readonly SessionSum[];
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  readonly trusting: TrustAnchors;
}

/** Reads the sessions of the days from `since` on, with the policies found for them. */
export async function readSeen(
  ledger: Ledger,
  filter: { readonly since?: Day; readonly domain?: string } = {},
): Promise<Seen> {
  const sums = await ledger.sessionSums(filter);
  const ids = new Set(sums.flatMap((sum) => sum.snapshot ?? []));
  const snapshots = new Map<string, Snapshot>();
  for (const [id, stored] of await ledger.snapshots([...ids]))
    snapshots.set(id, snapshotSchema.parse(stored.content));
  return { sums, snapshots, trusting: await trustAnchorsOf(ledger) };
}
