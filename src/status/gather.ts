import { alertFaultOf } from '../alerts/fault.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { addDays, type Day, dayOf } from '../day.ts';
import { foldedDays } from '../days/folded.ts';
import { dayStates } from '../days/states.ts';
import { activeSuppressions } from '../delivery/suppression.ts';
import { fleetStatus } from '../fleet.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Fate, OutboxSum, TrafficSum } from '../ledger/sums.ts';
import { lastRunOf } from '../metrics/last-run.ts';
import { configuredName } from '../reading/log-name.ts';
import { isoTime } from '../time-text.ts';
import { type Facts, RECENT_DAYS } from './findings.ts';
import { hostJson } from './hosts.ts';
import { judge } from './judge.ts';
import { type ConfiguredLog, logStatuses, NOTHING_READ } from './logs.ts';
import type { Status } from './schema.ts';

/** A delivery that is due is tried by the next run, which comes within a quarter of an hour. */
const UNTRIED_MS = 3_600_000;
/** Deliveries in trouble that are told one by one. */
const MAX_FAILING = 100;

/** What gathering the status needs. */
export interface StatusDeps {
  /** Absent before anything was read: asking for the status makes none. */
  readonly ledger: Ledger | undefined;
  readonly clock: Clock;
  readonly config: Config;
  /** The directory relative paths of the config start from. */
  readonly directory: string;
  /** This machine's name. */
  readonly host: string;
  readonly version: string;
  /** So long after a log was last read to its end, ms, things are critical. */
  readonly maxLag: number;
}

/** How things stand, and what is to be said of it. Changes nothing. */
export async function gatherStatus(deps: StatusDeps): Promise<Status> {
  const facts = deps.ledger === undefined ? untouched(deps) : await factsOf(deps.ledger, deps);
  const { at, version, ...rest } = facts;
  const { config, clock, maxLag } = deps;
  return { at, version, ...judge(facts, { config, now: clock.now(), maxLag }), ...rest };
}

async function factsOf(ledger: Ledger, deps: StatusDeps): Promise<Facts> {
  const now = deps.clock.now();
  const logs = await ledger.logs();
  const days = await dayStates({ ...deps, ledger }, logs);
  const lastRun = await lastRunOf(ledger, deps.host);
  const alertFault = await alertFaultOf(ledger);
  const outbox = await ledger.outboxSums();
  const { count, since } = await ledger.unsent(now - UNTRIED_MS);
  const sizeBytes = await ledger.size();
  const suppressed = [...(await activeSuppressions(ledger, now)).values()];
  return {
    ...begin(deps),
    ledger: {
      exists: true,
      ...(sizeBytes !== undefined && { sizeBytes }),
      ...(days[0] !== undefined && { oldestDay: days[0].day }),
      keepSeconds: deps.config.keep / 1000,
    },
    ...(lastRun !== undefined && { lastRun: { ...lastRun, at: isoTime(lastRun.at) } }),
    ...(alertFault !== undefined && {
      alertFault: { ...alertFault, since: isoTime(alertFault.since), at: isoTime(alertFault.at) },
    }),
    logs: await logStatuses(ledger, logs, configuredLogs(deps), { now, version: deps.version }),
    hosts: (await fleetStatus({ ...deps, ledger })).map(hostJson),
    days,
    sessions: { byBasis: byBasis(await ledger.trafficSums()), own: await ledger.ownSessions() },
    folded: await foldedDays(ledger),
    outbox: countStates(outbox),
    unsent: { count, ...(since !== undefined && { since: isoTime(since) }) },
    recent: recentOf(outbox, dayOf(now)),
    failing: (await ledger.fates(['retry', 'given-up'], MAX_FAILING)).map(failingRow),
    suppressed: suppressed.map(({ rua, bounces, until }) => ({ rua, bounces, until: isoTime(until) })),
  };
}

function begin({ clock, version }: StatusDeps): Pick<Facts, 'at' | 'version'> {
  return { at: isoTime(clock.now()), version };
}

/** Nothing was read yet: there are only the logs of the configuration. */
function untouched(deps: StatusDeps): Facts {
  return {
    ...begin(deps),
    ledger: { exists: false, keepSeconds: deps.config.keep / 1000 },
    logs: configuredLogs(deps).map((log) => ({ ...log, configured: true, ...NOTHING_READ })),
    hosts: [],
    days: [],
    sessions: { byBasis: {}, own: 0 },
    folded: [],
    outbox: {},
    unsent: { count: 0 },
    recent: { sent: 0, retry: 0, givenUp: 0 },
    failing: [],
    suppressed: [],
  };
}

/** The logs that the configuration names, by the names the ledger gives them. */
function configuredLogs({ config, directory, host }: StatusDeps): ConfiguredLog[] {
  return config.logs.map((log) => ({
    host: log.host ?? host,
    parser: log.parser,
    name: configuredName(log, directory),
  }));
}

function byBasis(sums: readonly TrafficSum[]): Status['sessions']['byBasis'] {
  const counts: Status['sessions']['byBasis'] = {};
  for (const { basis, count } of sums) counts[basis] = (counts[basis] ?? 0) + count;
  return counts;
}

function countStates(sums: readonly OutboxSum[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state, count } of sums) counts[state] = (counts[state] ?? 0) + count;
  return counts;
}

/** A report is tried for a day, and built on the day after its own. */
function recentOf(sums: readonly OutboxSum[], today: Day): Status['recent'] {
  const states = countStates(sums.filter(({ day }) => day >= addDays(today, -RECENT_DAYS)));
  return { sent: states['sent'] ?? 0, retry: states['retry'] ?? 0, givenUp: states['given-up'] ?? 0 };
}

function failingRow(fate: Fate): Status['failing'][number] {
  const { day, domain, rua, attempts, lastResult, lastTriedAt, notBefore } = fate;
  const state = fate.state === 'retry' ? 'retry' : 'given-up';
  return {
    day,
    domain,
    rua,
    state,
    attempts,
    ...(lastResult !== undefined && { lastResult }),
    ...(lastTriedAt !== undefined && { lastTriedAt: isoTime(lastTriedAt) }),
    ...(state === 'retry' && { nextTry: isoTime(notBefore) }),
  };
}
