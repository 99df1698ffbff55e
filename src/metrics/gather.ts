import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { dayStates } from '../days/states.ts';
import { writeAtomically } from '../delivery/atomic-file.ts';
import { inOneLine, Problem } from '../errors.ts';
import type { Ledger, Log } from '../ledger/ledger.ts';
import type { OutboxSum } from '../ledger/sums.ts';
import { type LastRun, lastRunOf, noteRun } from './last-run.ts';
import { metricsOf } from './series.ts';
import { type Metric, metricsText } from './text.ts';
import { carryTotals, countDays, NO_TOTALS, type Totals, totalsSchema } from './totals.ts';

/** What gathering metrics needs. */
export interface MetricsDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly config: Config;
  readonly version: string;
  /** This machine's name: a ledger shared by a fleet keeps each host's counters apart. */
  readonly host: string;
}

/**
 * Notes how a pass of `run` went, and writes node_exporter's file where the config names one.
 * @throws Problem (cannotWrite) when it cannot be written, which is noted too
 */
export async function afterRun(deps: MetricsDeps, run: LastRun): Promise<void> {
  await noteRun(deps.ledger, deps.host, run);
  const { textfile } = deps.config.metrics;
  if (textfile === undefined) return;
  // node_exporter is another user, and the unit's umask is strict.
  const text = metricsText(await gatherMetrics(deps));
  try {
    await writeAtomically(textfile, text, 0o644);
  } catch (error) {
    if (error instanceof Problem)
      await noteRun(deps.ledger, deps.host, {
        ...run,
        exitCode: error.exitCode,
        reason: run.reason ?? inOneLine(error),
      });
    throw error;
  }
}

/**
 * The metrics of what this configuration reads. Counters are carried on in the ledger, so that they do not fall
 * when it drops old days.
 */
export async function gatherMetrics(deps: MetricsDeps): Promise<Metric[]> {
  const { ledger } = deps;
  const hosts = hostsOf(deps);
  const logs = (await ledger.logs()).filter((log) => hosts.has(log.host));
  const outbox = await ledger.outboxSums();
  const lastRun = await lastRunOf(ledger, deps.host);
  const ledgerBytes = await ledger.size();
  return metricsOf({
    version: deps.version,
    logs: logs.filter((log) => isWatched(log, deps)),
    days: await dayStates(deps, logs),
    outbox,
    totals: await carriedTotals(deps, hosts, outbox),
    ...(ledgerBytes !== undefined && { ledgerBytes }),
    ...(lastRun !== undefined && { lastRun }),
  });
}

async function carriedTotals(
  { ledger, host }: MetricsDeps,
  hosts: ReadonlySet<string>,
  outbox: readonly OutboxSum[],
): Promise<Totals> {
  const name = `metrics:${host}`;
  const known = totalsSchema.safeParse(await ledger.note(name)).data ?? NO_TOTALS;
  const traffic = (await ledger.trafficSums()).filter((sum) => hosts.has(sum.host));
  const totals = carryTotals(known, countDays(traffic, outbox));
  await ledger.setNote(name, totals);
  return totals;
}

/** The reading hosts of the configured logs: in a fleet each host tells of its own. */
function hostsOf({ config, host }: MetricsDeps): ReadonlySet<string> {
  return new Set(config.logs.length === 0 ? [host] : config.logs.map((log) => log.host ?? host));
}

/** An archive that was backfilled once is of no interest to a monitor for ever. */
function isWatched(log: Log, { clock, config }: MetricsDeps): boolean {
  return log.readToEndAt !== undefined && log.readToEndAt > clock.now() - config.keep;
}
