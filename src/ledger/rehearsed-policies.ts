import { dayOf, dayStart } from '../day.ts';
import type { DomainDay, Ledger, StoredSnapshot, Tally } from './ledger.ts';

/** What of a ledger tells which policies its tallies have. */
type Policies = Pick<Ledger, 'attribute' | 'snapshots' | 'tallies' | 'domainDays'>;

/** Hours of a domain that a snapshot was given to, both inclusive. */
interface Stretch {
  readonly snapshot: string;
  readonly fromHour: number;
  readonly toHour: number;
}

/** A ledger's policies, on which those that are found in a rehearsal lie: they live in memory and die with it. */
export function rehearsedPolicies(ledger: Ledger): Policies {
  const found = new Map<string, StoredSnapshot>();
  const stretches = new Map<string, Stretch[]>();

  const attributed = (tally: Tally): Tally => {
    if (tally.snapshot !== null || tally.revision !== 0) return tally;
    const stretch = stretches
      .get(tally.recipientDomain)
      ?.find(({ fromHour, toHour }) => tally.hour >= fromHour && tally.hour <= toHour);
    // As the ledger folds a tally into its day once it has its policies.
    return stretch === undefined
      ? tally
      : { ...tally, snapshot: stretch.snapshot, hour: dayStart(dayOf(tally.hour)) };
  };

  const tallies: Ledger['tallies'] = async (filter) => (await ledger.tallies(filter)).map(attributed);

  const withRest = async (entry: DomainDay): Promise<DomainDay> => {
    if (entry.unattributed === 0 || !stretches.has(entry.domain)) return entry;
    const open = (await tallies(entry)).filter(({ own, snapshot }) => own !== true && snapshot === null);
    return { ...entry, unattributed: open.reduce((sum, { count }) => sum + count, 0) };
  };

  return {
    async attribute(snapshot, seenAt, fromHour, toHour) {
      const { domain, id } = snapshot;
      found.set(id, { ...snapshot, firstSeen: seenAt, lastSeen: seenAt });
      stretches.set(domain, [...(stretches.get(domain) ?? []), { snapshot: id, fromHour, toHour }]);
    },
    tallies,
    domainDays: async (filter) => Promise.all((await ledger.domainDays(filter)).map(withRest)),
    snapshots: async (ids) => {
      const inMemory = ids.flatMap((id) => found.get(id) ?? []);
      return new Map([...(await ledger.snapshots(ids)), ...inMemory.map((one) => [one.id, one] as const)]);
    },
  };
}
