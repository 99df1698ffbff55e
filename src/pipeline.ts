import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Day } from './day.ts';
import { reissue } from './days/building.ts';
import { type ClosedDays, closeDays } from './days/closing.ts';
import type { Insistence } from './delivery/insist.ts';
import type { Outcome } from './delivery/outbox.ts';
import { release } from './delivery/release.ts';
import { type SendSummary, sendDue } from './delivery/send-due.ts';
import { createTransports } from './delivery/transports.ts';
import { noteAwake, noteRest } from './fleet.ts';
import { CLOCK_SLACK_MS, noteWord } from './host-word.ts';
import type { Ledger, StoredReport } from './ledger/ledger.ts';
import { addressResolver } from './policy/addresses.ts';
import { type AttributeSummary, attributeTallies } from './policy/attribute-tallies.ts';
import type { Resolver } from './policy/dns.ts';
import { type KnownHonours, MTA_NAMES, type MtaName, resolveHonours } from './policy/local-mta.ts';
import { configuredResolver } from './policy/network.ts';
import { lookupDemand } from './policy/tlsrpt-record.ts';
import type { TurnOptions } from './reading/one-at-a-time.ts';
import { type ReadSummary, readConfiguredLogs } from './reading.ts';
import { prune } from './retention.ts';
import { packageVersion } from './version.ts';
import type { Witness } from './witness.ts';

/** What a pass needs. */
export interface PipelineDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly config: Config;
  /** The directory relative paths of the config start from. */
  readonly directory: string;
  /** The reading host's name. */
  readonly host: string;
  /** Tells this machine from others of the fleet. */
  readonly machine?: string;
  readonly witness?: Witness;
  /** How to take turns with other processes that read. */
  readonly turn?: TurnOptions;
}

/** How far a pass goes, and who is told of it. */
export interface PipelineOptions {
  /** No look-ups, and so nothing is closed or sent. */
  readonly offline: boolean;
  readonly onOutcome?: (outcome: Outcome) => void;
  readonly signal?: AbortSignal;
  /** How long to try to note what was sent while the ledger is away; as `run` does if absent. */
  readonly insistence?: Insistence;
}

/** What one pass did; all but `read` is absent where another host of the fleet is at it. */
export interface PassSummary {
  readonly read: ReadSummary;
  readonly lookedUp?: AttributeSummary;
  readonly closed?: ClosedDays;
  readonly sent?: SendSummary;
}

/** One pass over the whole road: the picture of ARCHITECTURE.md. Safe to run at any time, twice, in parallel. */
export async function runPass(deps: PipelineDeps, options: PipelineOptions): Promise<PassSummary> {
  let bytes = 0;
  const onBytes = (_path: string, more: number) => {
    bytes += more;
    deps.witness?.step?.('reading', bytes);
  };
  const read = await readConfiguredLogs({ ...deps, onBytes });
  await checkIn(deps);
  if (!options.offline) return { read, ...(await emitPass(deps, options)) };
  await pruneOffline(deps);
  return { read };
}

/** A host that only exports what it counted keeps no more than others; a shared ledger is pruned by who sends from it. */
export async function pruneOffline(deps: PipelineDeps): Promise<void> {
  if (!deps.ledger.shared) await prune(deps);
}

/** All of a pass but the reading; undefined where another host of the fleet is at it. */
export function emitPass(
  deps: PipelineDeps,
  options: PipelineOptions,
): Promise<Required<Omit<PassSummary, 'read'>> | undefined> {
  return deps.ledger.lead((signal) => emit(deps, withSignal(options, signal)));
}

/** Sends what is due by now, without closing days; undefined where another host of the fleet is at it. */
export function deliverPass(deps: PipelineDeps, options: PipelineOptions): Promise<SendSummary | undefined> {
  return deps.ledger.lead(async (signal) => deliver(await byLedgerClock(deps), withSignal(options, signal)));
}

/** What one host does for all that share the ledger. */
async function emit(
  own: PipelineDeps,
  options: PipelineOptions,
): Promise<Required<Omit<PassSummary, 'read'>>> {
  const deps = await byLedgerClock(own);
  await noteAwake(deps.ledger, deps.clock.now(), deps.host);
  try {
    const done = await closePass(deps);
    const sent = await deliver(deps, options);
    return { ...done, sent };
  } finally {
    await windUp(deps, options);
  }
}

/** Last, so that what is due was tried; and all the same where nobody can sign, or all would be kept for ever. */
async function windUp(deps: PipelineDeps, { signal }: PipelineOptions): Promise<void> {
  try {
    if (signal?.aborted !== true) await prune(deps);
  } finally {
    // What cannot be noted makes another look at what is left, and no more.
    await noteRest(deps.ledger, deps.clock.now()).catch(() => undefined);
  }
}

function withSignal(options: PipelineOptions, signal: AbortSignal): PipelineOptions {
  return {
    ...options,
    signal: options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]),
  };
}

/** Notes that the hosts whose logs are read here use this ledger: a collector reads those of many. */
export async function checkIn({ ledger, clock, config, host, machine }: PipelineDeps): Promise<void> {
  const hosts = new Set(config.logs.map((log) => log.host ?? host));
  const ahead = await ledger.clockAhead();
  for (const name of hosts) {
    const at = clock.now();
    await ledger.checkIn(name, packageVersion(), at);
    if (ahead !== undefined)
      await noteWord(ledger, name, { at, ahead, ...(machine !== undefined && { machine }) });
  }
}

/** What is done for a whole fleet is done by the ledger's clock, for this host's may be wrong. */
async function byLedgerClock<T extends PipelineDeps>(deps: T): Promise<T> {
  const ahead = (await deps.ledger.clockAhead()) ?? 0;
  if (Math.abs(ahead) < CLOCK_SLACK_MS) return deps;
  return { ...deps, clock: { now: () => deps.clock.now() - ahead } };
}

/** What attributing and closing came to. */
export type ClosePass = Required<Pick<PassSummary, 'lookedUp' | 'closed'>>;

/** Attributes and closes what is over, without reading or sending. A released day is closed however old it is. */
export async function closePass(deps: PipelineDeps, released?: Day): Promise<ClosePass> {
  const network = await openNetwork(deps);
  const lookedUp = await attribute(deps, network);
  return { lookedUp, closed: await close(deps, network, released) };
}

/** Closes days and sends, without reading: the `send` command. */
export async function sendPass(
  own: PipelineDeps,
  options: PipelineOptions,
  released?: Day,
): Promise<Required<Omit<PassSummary, 'read'>>> {
  const deps = await byLedgerClock(own);
  const done = await closePass(deps, released);
  if (released !== undefined)
    await release(deps.ledger, deps.clock.now(), { states: ['held', 'due'], day: released });
  return { ...done, sent: await deliver(deps, options) };
}

/** Builds the next revision of one report and queues it; `send` or `run` delivers it. */
export async function reissuePass(deps: PipelineDeps, day: Day, domain: string): Promise<StoredReport> {
  const network = await openNetwork(deps);
  return reissue(
    { ...deps, honours: network.honours, demand: (name) => lookupDemand(network.resolver, name) },
    day,
    domain,
  );
}

function honoursText({ dane, mtaSts }: KnownHonours): string {
  const honoured = [...(dane ? ['DANE'] : []), ...(mtaSts ? ['MTA-STS'] : [])];
  return `mta: it honours ${honoured.length === 0 ? 'neither DANE nor MTA-STS' : honoured.join(' and ')}`;
}

/** An MTA whose log is not read from here concerns nobody. */
function isReadHere(name: MtaName, { logs }: Config): boolean {
  return logs.some(({ parser, host }) => parser === name && host === undefined);
}

function hiddenText(hidden: readonly MtaName[]): string {
  const names = hidden.map((name) => MTA_NAMES[name]).join(' and ');
  return `${names} does not show its settings to this user, so of what it honours only what the log proves counts: set mta.honours (\`maillog-tlsrpt check\` as root says to what)`;
}

interface Network {
  readonly resolver: Resolver;
  readonly honours: KnownHonours;
}

async function openNetwork({ config, clock, witness }: PipelineDeps): Promise<Network> {
  const resolver = await configuredResolver(config.dns, clock, witness);
  const honours = await resolveHonours(config);
  witness?.tell?.(honoursText(honours));
  const hidden = honours.hidden?.filter((name) => isReadHere(name, config)) ?? [];
  if (hidden.length > 0) witness?.note?.(hiddenText(hidden));
  return { resolver, honours };
}

/** Only the recent past gets today's policies: what a domain demanded long ago nobody can look up now. */
async function attribute(deps: PipelineDeps, network: Network): Promise<AttributeSummary> {
  const since = deps.clock.now() - deps.config.delivery['max-age'] - DAY_MS;
  const found = await attributeTallies({ ...deps, ...network }, since);
  const open = found.temporary + found.left;
  const rest = open === 0 ? '' : `, ${open} not now (${found.reason ?? 'nobody answers'})`;
  deps.witness?.tell?.(`policies: ${found.attributed} domains looked up${rest}`);
  return found;
}

async function close(deps: PipelineDeps, network: Network, released?: Day): Promise<ClosedDays> {
  return closeDays(
    { ...deps, honours: network.honours, demand: (domain) => lookupDemand(network.resolver, domain) },
    released,
  );
}

/** @throws Problem (config) when something is due and mail cannot leave signed. */
async function deliver(deps: PipelineDeps, options: PipelineOptions): Promise<SendSummary> {
  const due = await deps.ledger.dueOutbox(deps.clock.now(), 1);
  if (due.length === 0) {
    deps.witness?.tell?.('outbox: nothing is due');
    return NOTHING_SENT;
  }
  const resolver = await configuredResolver(deps.config.dns, deps.clock, deps.witness);
  const transports = await createTransports(deps.config, deps.clock, addressResolver(resolver));
  try {
    return await sendDue(
      { ...deps, transports, ...(options.insistence !== undefined && { insistence: options.insistence }) },
      {
        ...(options.onOutcome !== undefined && { onOutcome: options.onOutcome }),
        ...(options.signal !== undefined && { signal: options.signal }),
      },
    );
  } finally {
    transports.close();
  }
}

const NOTHING_SENT: SendSummary = {
  sent: 0,
  retry: 0,
  givenUp: 0,
  suppressed: 0,
  held: 0,
  tooOld: 0,
  putOff: 0,
};

const DAY_MS = 86_400_000;
