import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Day } from '../day.ts';
import { planOutbox } from '../delivery/destinations.ts';
import { fitsCompressed } from '../delivery/gzip.ts';
import { releaseReport } from '../delivery/release.ts';
import { EXIT, Problem } from '../errors.ts';
import { type Demand, type Ledger, StaleReport, type StoredReport, type Tally } from '../ledger/ledger.ts';
import { type Attributed, attribute, type Honours } from '../policy/attribute.ts';
import { resultsFor } from '../policy/dane-to.ts';
import { type Snapshot, snapshotSchema } from '../policy/snapshot.ts';
import type { Built, ReportInput } from '../report/build.ts';
import { buildFittingReport } from '../report/fit.ts';
import { type DaneSessions, withDaneSessions } from './dane-sessions.ts';
import { noteFolded } from './folded.ts';

/** What building a report needs. */
export interface BuildingDeps {
  readonly ledger: Ledger;
  readonly config: Config;
  /** What this host's MTAs honour, but for `trustAnchors`, which the log tells. */
  readonly honours: Omit<Honours, 'trustAnchors'>;
  /** DANE sessions of other domains that belong into a report (`report.dane-to`); absent: none do. */
  readonly daneSessions?: DaneSessions;
}

/** A report as it was frozen. */
export interface FrozenReport extends StoredReport {
  /** Failure details that stand in it no more, for there were too many. */
  readonly folded: number;
}

/** Builds a report from what the ledger holds now and freezes it, queued for each rua (and the directory). */
export async function freezeReport(
  deps: BuildingDeps & { readonly clock: Clock },
  trusting: TrustAnchors,
  day: Day,
  domain: string,
  revision: number,
  rua: readonly string[],
): Promise<FrozenReport | undefined> {
  const { rows } = planOutbox(deps.config.delivery, { day, domain, rua, held: false });
  for (;;) {
    const tallies = await deps.ledger.tallies({ day, domain });
    const built = await buildFrom(
      await withDane(tallies, deps, day, domain),
      deps,
      trusting,
      day,
      domain,
      revision,
    );
    if (built.kind === 'nothing') return undefined;
    const stored = {
      day,
      domain,
      revision,
      reportId: built.report['report-id'],
      json: built.json,
      builtAt: deps.clock.now(),
    };
    try {
      const sessions = sessionsOf(tallies, built.tallyIds);
      const frozen = await deps.ledger.freeze(stored, built.tallyIds, rows, sessions);
      return { ...frozen, folded: built.folded };
    } catch (error) {
      // A log was read on in between, and the new sessions belong into it.
      if (!(error instanceof StaleReport)) throw error;
    }
  }
}

function sessionsOf(tallies: readonly Tally[], ids: readonly number[]): number {
  const counted = new Set(ids);
  return tallies.reduce((sum, { id, count }) => (counted.has(id) ? sum + count : sum), 0);
}

/** The report of a day and domain as the ledger stands now; nothing is changed. */
export async function buildFromLedger(
  deps: BuildingDeps,
  trusting: TrustAnchors,
  day: Day,
  domain: string,
  revision: number,
): Promise<Built> {
  const tallies = await withDane(await deps.ledger.tallies({ day, domain }), deps, day, domain);
  return buildFrom(tallies, deps, trusting, day, domain, revision);
}

async function withDane(
  own: readonly Tally[],
  deps: BuildingDeps,
  day: Day,
  domain: string,
): Promise<readonly Tally[]> {
  return deps.daneSessions === undefined ? own : [...own, ...(await deps.daneSessions.of(day, domain))];
}

async function buildFrom(
  tallies: readonly Tally[],
  deps: BuildingDeps,
  trusting: TrustAnchors,
  day: Day,
  domain: string,
  revision: number,
): Promise<Built> {
  const attributed = await attributor(tallies, deps, trusting);
  const daneTo = deps.config.report['dane-to'];
  const input: ReportInput = {
    day,
    domain,
    revision,
    instance: deps.config.instance ?? (await deps.ledger.instance()),
    tallies,
    config: deps.config,
    attribute: (tally) => resultsFor(domain, tally, attributed(tally), daneTo),
  };
  return buildFittingReport(input, fitsCompressed);
}

/** Attributes these tallies, each with the snapshot it was given. */
export async function attributor(
  tallies: readonly Tally[],
  deps: Pick<BuildingDeps, 'ledger' | 'honours'>,
  trusting: TrustAnchors,
): Promise<(tally: Tally) => readonly Attributed[]> {
  const ids = tallies.flatMap((tally) => (tally.snapshot === null ? [] : [tally.snapshot]));
  const stored = await deps.ledger.snapshots(ids);
  const snapshots = new Map<string, Snapshot>();
  for (const [id, snapshot] of stored) snapshots.set(id, snapshotSchema.parse(snapshot.content));
  return (tally) =>
    attribute(tally, tally.snapshot === null ? undefined : snapshots.get(tally.snapshot), {
      ...deps.honours,
      trustAnchors: trusting.has(tally.host, tally.parser),
    });
}

/** Which hosts' logs show that trust anchors exist at all (only there is `untrusted` a verdict). */
export interface TrustAnchors {
  has(host: string, parser: string): boolean;
}

/**
 * The hosts and parsers whose logs show that trust anchors exist: only there `Untrusted` says something of the peer.
 */
export async function trustAnchorsOf(ledger: Ledger): Promise<TrustAnchors> {
  const names = new Set((await ledger.trustingHosts()).map(({ host, parser }) => `${host}\n${parser}`));
  return { has: (host, parser) => names.has(`${host}\n${parser}`) };
}

/**
 * Builds the next revision of a report, with the sessions that came late, and queues it as the first was.
 * @throws Problem (usage) when there is no report of that day and domain; (tryAgain) when its record cannot be looked up
 */
export async function reissue(
  deps: BuildingDeps & { readonly clock: Clock; demand(domain: string): Promise<Demand> },
  day: Day,
  domain: string,
): Promise<StoredReport> {
  const former = await deps.ledger.report(day, domain);
  if (former === undefined) {
    throw new Problem(EXIT.usage, `no report of ${day} for ${domain} was built yet`, {
      help: '`status` shows the days; what was not built needs no reissue',
    });
  }
  const demand = await deps.demand(domain);
  if (demand.kind === 'temporary')
    throw new Problem(EXIT.tryAgain, `the record of ${domain} cannot be looked up: ${demand.reason}`);
  if (demand.kind !== 'record') throw new Problem(EXIT.usage, `${domain} asks for no reports any more`);
  const trusting = await trustAnchorsOf(deps.ledger);
  const whole = { ...deps, ...withDaneSessions(deps, trusting) };
  const frozen = await freezeReport(whole, trusting, day, domain, former.revision + 1, demand.rua);
  if (frozen === undefined) return former;
  await releaseReport(deps.ledger, frozen.id, deps.clock.now());
  const { folded, ...stored } = frozen;
  if (folded > 0) await noteFolded(deps.ledger, [{ day, reports: 1, details: folded }]);
  return stored;
}
