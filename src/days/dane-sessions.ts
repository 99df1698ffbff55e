import type { Day } from '../day.ts';
import type { Tally } from '../ledger/ledger.ts';
import { attributor, type BuildingDeps, type TrustAnchors } from './building.ts';

/** The DANE sessions of a day by the host they count under, where `report.dane-to` sends them to it. */
export interface DaneSessions {
  /** TLSA base domains of the day's DANE sessions, sorted. */
  hosts(day: Day): Promise<readonly string[]>;
  /** Tallies of other recipient domains that count under this host's TLSA records. */
  of(day: Day, host: string): Promise<readonly Tally[]>;
}

/**
 * The part of {@link BuildingDeps} that `report.dane-to` asks for: nothing where DANE results go to the recipient
 * domain alone, so that no second reading of the day is paid for.
 */
export function withDaneSessions(
  deps: Pick<BuildingDeps, 'ledger' | 'config' | 'honours'>,
  trusting: TrustAnchors,
): { readonly daneSessions?: DaneSessions } {
  return deps.config.report['dane-to'] === 'recipient'
    ? {}
    : { daneSessions: daneSessionsOf(deps, trusting) };
}

function daneSessionsOf(
  deps: Pick<BuildingDeps, 'ledger' | 'honours'>,
  trusting: TrustAnchors,
): DaneSessions {
  let known:
    | { readonly day: Day; readonly index: Promise<ReadonlyMap<string, readonly Tally[]>> }
    | undefined;
  const indexOf = (day: Day): Promise<ReadonlyMap<string, readonly Tally[]>> => {
    // One day at a time is kept: days are closed one after the other.
    if (known?.day !== day) known = { day, index: readDay(deps, trusting, day) };
    return known.index;
  };
  return {
    hosts: async (day) => [...(await indexOf(day)).keys()].sort(),
    of: async (day, host) =>
      ((await indexOf(day)).get(host) ?? []).filter((tally) => tally.recipientDomain !== host),
  };
}

async function readDay(
  deps: Pick<BuildingDeps, 'ledger' | 'honours'>,
  trusting: TrustAnchors,
  day: Day,
): Promise<ReadonlyMap<string, readonly Tally[]>> {
  const tallies = await deps.ledger.tallies({ day });
  const attributed = await attributor(tallies, deps, trusting);
  const index = new Map<string, Tally[]>();
  for (const tally of tallies) {
    if (tally.own === true) continue;
    const hosts = new Set(
      attributed(tally).flatMap(({ policy }) => (policy.type === 'tlsa' ? [policy.domain] : [])),
    );
    for (const host of hosts) index.set(host, [...(index.get(host) ?? []), tally]);
  }
  return index;
}
