import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { hourOf } from '../day.ts';
import type { Ledger, UnattributedDomain } from '../ledger/ledger.ts';
import type { Witness } from '../witness.ts';
import { addressResolver } from './addresses.ts';
import { discover, type Scope } from './discover.ts';
import type { Resolver } from './dns.ts';
import { createLimiter } from './limiter.ts';
import type { KnownHonours } from './local-mta.ts';
import { type Fetched, type FetchOptions, fetchStsPolicy } from './mta-sts-fetch.ts';
import { type AskPolicyServer, policyServer } from './policy-server.ts';
import { smartHostPorts } from './smart-hosts.ts';
import { type Snapshot, snapshotId, snapshotJson } from './snapshot.ts';

const HOUR_MS = 3_600_000;
/** Domains of one pass; the next pass takes the rest. */
const MAX_DOMAINS = 100_000;
/** Domains under way at once; their questions are bounded by the resolver. */
const WIDTH = 50;
/** After so many domains in a row without an answer it is asked whether the resolver is there at all. */
const DOUBT_AFTER = 50;
/** A name every resolver has a word on, if only that it cannot find it. */
const PROBE = 'org';
/** For so long after the newest session of a domain a failing name is asked for again before it counts as broken. */
const SETTLE_AFTER_MS = 6 * HOUR_MS;

/** What attributing tallies needs. */
export interface AttributeDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly config: Config;
  readonly resolver: Resolver;
  readonly honours: KnownHonours;
  readonly witness?: Witness;
  /** For tests: other ports, private addresses, own certificates. */
  readonly fetch?: Partial<FetchOptions>;
}

/** What a pass of look-ups came to. */
export interface AttributeSummary {
  /** Domains whose tallies got their snapshot. */
  readonly attributed: number;
  /** Domains that could not be looked up now; nothing is lost, the next pass asks again. */
  readonly temporary: number;
  /** Domains not tried: nobody answers, so the pass was ended. */
  readonly left: number;
  /** Why the first of them failed, for messages. */
  readonly reason?: string;
}

/**
 * Gives the tallies of hours from `sinceHour` (UTC ms) on the policies that are in force: each domain is looked up
 * once. A look-up that fails changes nothing, so a resolver that is dead costs time and no report.
 */
export async function attributeTallies(deps: AttributeDeps, sinceHour: number): Promise<AttributeSummary> {
  const domains = await deps.ledger.unattributed(MAX_DOMAINS, sinceHour);
  const own = { relayhosts: [...(deps.honours.relays ?? [])], 'fallback-relays': [] };
  const ports = smartHostPorts([...deps.config.logs, own]);
  const limiter = createLimiter(WIDTH);
  const looking = { ...deps, fetchPolicy: policyFetcher(deps), ...serverOf(deps.honours) };
  const doubt = createDoubt(deps.resolver);
  let attributed = 0;
  let temporary = 0;
  let reason: string | undefined;
  const work = async (open: UnattributedDomain): Promise<void> => {
    if (await doubt.isDead()) return;
    const found = await discover(looking, open.domain, scopeOf(open, deps, ports.get(open.domain)));
    doubt.note(found.kind === 'found');
    if (found.kind === 'found') {
      await settle(deps, open, found.snapshot);
      deps.witness?.tell?.(`policies: ${open.domain}: ${policiesText(found.snapshot)}`);
      attributed++;
    } else {
      temporary++;
      reason ??= found.reason;
      deps.witness?.tell?.(`policies: ${open.domain}: ${found.reason}; the next pass asks again`);
    }
    deps.witness?.step?.('policies', attributed + temporary, domains.length);
  };
  await Promise.all(domains.map((open) => limiter.run(() => work(open))));
  const left = domains.length - attributed - temporary;
  return { attributed, temporary, left, ...(reason !== undefined && { reason }) };
}

function scopeOf(
  open: UnattributedDomain,
  { honours, clock }: AttributeDeps,
  port: number | undefined,
): Scope {
  return {
    dane: honours.dane || open.provenDane === true,
    mtaSts: honours.mtaSts || open.provenSts === true,
    lastResort: clock.now() - open.toHour > SETTLE_AFTER_MS,
    ...(port !== undefined && { smartHostPort: port }),
  };
}

/**
 * Tells a dead resolver, which ends the pass, from domains that are dead themselves: these must not keep the others
 * waiting, however many stand in a row.
 */
function createDoubt(resolver: Resolver) {
  let inARow = 0;
  let probing: Promise<boolean> | undefined;
  const probe = async (): Promise<boolean> => {
    const answer = await resolver.lookup(PROBE, 'MX');
    const dead = answer.kind === 'temporary' && !answer.answered;
    if (!dead) {
      inARow = 0;
      probing = undefined;
    }
    return dead;
  };
  return {
    note(found: boolean): void {
      inARow = found ? 0 : inARow + 1;
    },
    async isDead(): Promise<boolean> {
      if (inARow < DOUBT_AFTER) return false;
      probing ??= probe();
      return probing;
    },
  };
}

function serverOf({ policyServers = [] }: KnownHonours): { readonly askServer?: AskPolicyServer } {
  for (const table of policyServers) {
    const askServer = policyServer(table);
    if (askServer !== undefined) return { askServer };
  }
  return {};
}

function policiesText({ mx, sts }: Snapshot): string {
  const dane = mx.hosts.filter((host) => host.dane.state === 'secure').length;
  const hosts = `${mx.state} MX${mx.secure ? ', validated' : ''}, DANE at ${dane} of ${mx.hosts.length} hosts`;
  return `${hosts}, MTA-STS ${sts.state === 'policy' ? sts.mode : sts.state}`;
}

/** Fetches policies of strangers' hosts, by our own resolver, from public addresses only. */
export function policyFetcher(
  deps: Pick<AttributeDeps, 'resolver' | 'fetch' | 'witness'>,
): (domain: string) => Promise<Fetched> {
  const options = { resolve: addressResolver(deps.resolver), ...deps.fetch };
  return async (domain) => {
    const fetched = await fetchStsPolicy(domain, options);
    const came = fetched.kind === 'body' ? `${fetched.body.length} bytes` : fetched.reason;
    deps.witness?.tell?.(`https: policy of mta-sts.${domain}: ${came}`);
    return fetched;
  };
}

/**
 * The snapshot found now counts from the hour the former one was last seen in; the hours before that are the former
 * one's, so that a policy that changed during a day makes two entries in the report.
 */
async function settle(
  deps: Pick<AttributeDeps, 'ledger' | 'clock'>,
  { domain, fromHour, toHour }: UnattributedDomain,
  snapshot: Snapshot,
): Promise<void> {
  const id = snapshotId(snapshot);
  const [former] = await deps.ledger.snapshotsOf(domain);
  const changed = former === undefined || former.id === id ? fromHour : hourOf(former.lastSeen);
  if (former !== undefined && changed > fromHour) {
    await deps.ledger.attribute(former, former.lastSeen, fromHour, changed - HOUR_MS);
  }
  const now = deps.clock.now();
  await deps.ledger.attribute(
    { id, domain, content: snapshotJson(snapshot) },
    now,
    Math.max(fromHour, changed),
    toHour,
  );
}
