import { type DaneFinding, findDane } from './dane.ts';
import { findSts, type StsDeps, type StsFinding } from './mta-sts.ts';
import { findMx, type MxFinding, type MxHost } from './mx.ts';
import type { Dane, Snapshot } from './snapshot.ts';

export type DiscoverDeps = StsDeps;

/** What is worth looking up: what no MTA here honours can have applied to nothing. */
export interface Scope {
  readonly dane: boolean;
  readonly mtaSts: boolean;
  /** Set for a smart host: mail goes to this very name and port, whatever its MX records say. */
  readonly smartHostPort?: number;
}

/** Everything found of one domain, for people; the snapshot is made of it. */
export interface Findings {
  readonly mx: Extract<MxFinding, { kind: 'found' }>;
  readonly hosts: readonly (MxHost & { readonly dane: Dane; readonly daneReason: string })[];
  readonly sts: Extract<StsFinding, { kind: 'found' }>;
}

export type Discovered =
  | { readonly kind: 'found'; readonly snapshot: Snapshot; readonly findings: Findings }
  | { readonly kind: 'temporary'; readonly reason: string };

/**
 * Looks up the policies of a domain as they are now. One answer that cannot be had makes the whole temporary: a
 * snapshot with a hole in it would say that there is no policy where nobody knows.
 */
export async function discover(deps: DiscoverDeps, domain: string, scope: Scope): Promise<Discovered> {
  const smart = scope.smartHostPort !== undefined;
  const [mx, sts] = await Promise.all([
    smart ? smartHost(domain) : findMx(deps.resolver, domain),
    scope.mtaSts && !smart ? findSts(deps, domain) : noSts(),
  ]);
  if (mx.kind === 'temporary') return mx;
  if (sts.kind === 'temporary') return sts;
  const port = scope.smartHostPort ?? 25;
  const hosts: Findings['hosts'][number][] = [];
  for (const { host, finding } of await Promise.all(
    mx.hosts.map(async (host) => ({
      host,
      finding: await (scope.dane ? findDane(deps.resolver, host.name, port) : noDane()),
    })),
  )) {
    if (finding.kind === 'temporary') return finding;
    hosts.push({ ...host, dane: finding.dane, daneReason: finding.reason });
  }
  const findings = { mx, hosts, sts };
  return { kind: 'found', snapshot: toSnapshot(domain, findings), findings };
}

function toSnapshot(domain: string, { mx, hosts, sts }: Findings): Snapshot {
  return {
    version: 1,
    domain,
    origin: 'found',
    mx: {
      state: mx.state,
      secure: mx.secure,
      hosts: hosts
        .map(({ name, dane }) => ({ name, dane }))
        .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    },
    sts: sts.sts,
  };
}

/** The administrator named it: no MX record can have been forged. */
async function smartHost(domain: string): Promise<MxFinding> {
  return { kind: 'found', state: 'fixed', secure: true, hosts: [{ name: domain, preference: 0 }] };
}

async function noSts(): Promise<StsFinding> {
  return { kind: 'found', sts: { state: 'none' }, record: { kind: 'none', reason: 'not asked' } };
}

async function noDane(): Promise<DaneFinding> {
  return { kind: 'found', dane: { state: 'none' }, reason: 'not asked' };
}
