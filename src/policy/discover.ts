import { type DaneFinding, findDane } from './dane.ts';
import { findSts, type StsDeps, type StsFinding } from './mta-sts.ts';
import { findMx, type MxFinding, type MxHost } from './mx.ts';
import type { Dane, Snapshot } from './snapshot.ts';

/** What finding a domain's policies needs. */
export type DiscoverDeps = StsDeps;

/** What is worth looking up: what no MTA here honours can have applied to nothing. */
export interface Scope {
  readonly dane: boolean;
  readonly mtaSts: boolean;
  /** Set for a smart host: mail goes to this very name and port, whatever its MX records say. */
  readonly smartHostPort?: number;
  /** Time to settle: what the resolver keeps failing at counts as broken or absent, as it does for an MTA. */
  readonly lastResort?: boolean;
}

/** Everything found of one domain, holes included, for people; the snapshot is made of it. */
export interface Findings {
  readonly mx: MxFinding;
  readonly hosts: readonly (MxHost & { readonly dane: DaneFinding })[];
  readonly sts: StsFinding;
}

/** What a domain demands now; `temporary` where it could not be told, and is asked again. */
export type Discovered =
  | { readonly kind: 'found'; readonly snapshot: Snapshot; readonly findings: Findings }
  | { readonly kind: 'temporary'; readonly reason: string; readonly findings: Findings };

/**
 * Looks up the policies of a domain as they are now. One answer that cannot be had makes the whole temporary: a
 * snapshot with a hole in it would say that there is no policy where nobody knows.
 */
export async function discover(deps: DiscoverDeps, domain: string, scope: Scope): Promise<Discovered> {
  const smart = scope.smartHostPort !== undefined;
  const [foundMx, foundSts] = await Promise.all([
    smart ? smartHost(domain) : findMx(deps.resolver, domain),
    scope.mtaSts && !smart ? findSts(deps, domain) : NO_STS,
  ]);
  const settle = <T extends { readonly kind: string }, S>(found: T, instead: S): T | S =>
    scope.lastResort === true && isFailure(found) ? instead : found;
  const [mx, sts] = [settle(foundMx, BROKEN_MX), settle(foundSts, NO_STS)];
  const port = scope.smartHostPort ?? 25;
  const hosts = await Promise.all(
    (mx.kind === 'found' ? mx.hosts : []).map(async (host) => ({
      ...host,
      dane: scope.dane ? settle(await findDane(deps.resolver, host.name, port), BROKEN_DANE) : NO_TLSA,
    })),
  );
  const findings = { mx, hosts, sts };
  const hole = [mx, sts, ...hosts.map(({ dane }) => dane)].find(({ kind }) => kind === 'temporary');
  if (hole?.kind === 'temporary') return { kind: 'temporary', reason: hole.reason, findings };
  return { kind: 'found', snapshot: toSnapshot(domain, findings), findings };
}

function toSnapshot(domain: string, { mx, hosts, sts }: Findings): Snapshot {
  const known = hosts.map(({ name, dane }) => ({ name, dane: dane.kind === 'found' ? dane.dane : NO_DANE }));
  return {
    version: 1,
    domain,
    origin: 'found',
    mx: {
      state: mx.kind === 'found' ? mx.state : 'none',
      secure: mx.kind === 'found' && mx.secure,
      hosts: known.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    },
    sts: sts.kind === 'found' ? sts.sts : { state: 'none' },
  };
}

const NO_DANE: Dane = { state: 'none' };
const NO_TLSA: DaneFinding = { kind: 'found', dane: NO_DANE, reason: 'not asked' };
const NO_STS: StsFinding = {
  kind: 'found',
  sts: { state: 'none' },
  record: { kind: 'none', reason: 'not asked' },
};
const BROKEN_DANE: DaneFinding = {
  kind: 'found',
  dane: { state: 'bogus' },
  reason: 'the look-up keeps failing',
};
const BROKEN_MX: MxFinding = { kind: 'found', state: 'bogus', secure: false, hosts: [] };

/** The resolver spoke and failed at the name; a resolver that is silent says nothing, however long. */
function isFailure(found: { readonly kind: string }): boolean {
  return found.kind === 'temporary' && 'answered' in found && found.answered === true;
}

/** The administrator named it: no MX record can have been forged. */
async function smartHost(domain: string): Promise<MxFinding> {
  return { kind: 'found', state: 'fixed', secure: true, hosts: [{ name: domain, preference: 0 }] };
}
