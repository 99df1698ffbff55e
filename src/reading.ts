import { resolve } from 'node:path';
import type { Config, LogConfig } from './config.ts';
import { EXIT, Problem } from './errors.ts';
import { StalePosition } from './ledger/ledger.ts';
import {
  LogReading,
  type ReadingDeps,
  type ReadSummary,
  type Source,
  type SourceFile,
} from './log-reading.ts';
import { chainOf, logName, sortByContent } from './logs/chain.ts';
import { localZone, zoneOf } from './logs/zone.ts';
import { askLocalMta, type LocalMta } from './policy/local-mta.ts';
import { sendingAddresses } from './policy/sending-address.ts';
import { createParser, loadParser } from './registry.ts';

export type { Overlap, ReadSummary } from './log-reading.ts';

/** Two processes reading one log get out of each other's way at last. */
const MAX_ATTEMPTS = 20;

/** Reads what is new in every log of the config, rotations first. */
export async function readConfiguredLogs(
  deps: ReadingDeps & { readonly config: Config; readonly directory: string; readonly host: string },
): Promise<ReadSummary> {
  const summary = emptySummary();
  // Asked only of logs of this very host: of another host's MTA nothing is known here.
  const here = deps.config.mta.honours === 'auto' ? await askLocalMta() : {};
  for (const log of deps.config.logs) {
    await collectFaults(summary, log.path, async () => {
      const source = await configuredSource(deps, log, log.host === undefined ? here : {});
      const chain = await chainOf(source.name);
      const files = chain.map((path) => ({ path, finished: path !== source.name }));
      await readSource(deps, source, files, summary);
    });
  }
  return summary;
}

async function configuredSource(
  deps: { readonly config: Config; readonly directory: string; readonly host: string },
  log: LogConfig,
  local: LocalMta,
): Promise<Source> {
  const module = await loadParser(log.parser, deps.directory);
  const sendingIp = log['sending-mta-ip'];
  const postfix = module.name === 'postfix' ? local.postfix : undefined;
  const options = {
    relayhosts: [...log.relayhosts, ...(postfix?.relayhosts ?? [])],
    fallbackRelays: [...log['fallback-relays'], ...(postfix?.fallbackRelays ?? [])],
    ownSender: deps.config.mail.from ?? deps.config.contact,
    midStream: true,
    ...(sendingIp !== undefined && sendingIp !== 'auto' && { sendingMtaIp: sendingIp }),
    ...(log['tls-log-level'] !== undefined && { tlsLogLevel: log['tls-log-level'] }),
  };
  return {
    host: log.host ?? deps.host,
    parserName: module.name,
    makeParser: () => createParser(module, options),
    zone: zoneOf(log.timezone ?? localZone()),
    name: resolve(deps.directory, log.path),
    overlap: 'count',
    ...(sendingIp === 'auto' && { sendingFrom: await sendingAddresses(module.name, local) }),
  };
}

/** Reads archived files, in any order and whether they were read before or not; those of one log go together. */
export async function readArchivedLogs(
  deps: ReadingDeps,
  paths: readonly string[],
  how: Omit<Source, 'name'>,
): Promise<ReadSummary> {
  const summary = emptySummary();
  const byLog = new Map<string, SourceFile[]>();
  const order = { zone: how.zone, ...(how.latest !== undefined && { latest: how.latest }) };
  for (const path of await sortByContent([...new Set(paths)], order)) {
    const name = path === '-' ? path : logName(path);
    byLog.set(name, [...(byLog.get(name) ?? []), { path, finished: true }]);
  }
  for (const [name, files] of byLog) {
    await collectFaults(summary, name, () => readSource(deps, { ...how, name }, files, summary));
  }
  return summary;
}

function emptySummary(): ReadSummary {
  return { files: 0, known: 0, lines: 0, sessions: 0, faults: [], hints: [] };
}

async function collectFaults(summary: ReadSummary, path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem) || isOfTheLedger(error)) throw error;
    summary.faults.push({ path, problem: error });
  }
}

/** A ledger that is away or full, or a wrong config, stops everything; a bad log stops itself only. */
function isOfTheLedger(problem: Problem): boolean {
  return problem.exitCode !== EXIT.data && problem.exitCode !== EXIT.unavailable;
}

async function readSource(
  deps: ReadingDeps,
  source: Source,
  files: readonly SourceFile[],
  summary: ReadSummary,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const log = await deps.ledger.log(source.host, source.parserName, source.name);
      const reading = new LogReading(deps, source, log, summary);
      await reading.begin();
      return await reading.files(files);
    } catch (error) {
      // Somebody else has read on: what was not committed is read again from the ledger's positions.
      if (!(error instanceof StalePosition) || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}
