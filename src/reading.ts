import { resolve } from 'node:path';
import type { Config, LogConfig } from './config.ts';
import { Problem } from './errors.ts';
import { describeFile } from './logs/chain.ts';
import { type DatedFile, sortByContent } from './logs/content-order.ts';
import type { JournalSelection } from './logs/journal-name.ts';
import { isCompressed, logName } from './logs/rotation-name.ts';
import { localZone, zoneOf } from './logs/zone.ts';
import { askLocalMta, type LocalMta } from './policy/local-mta.ts';
import { sendingAddresses } from './policy/sending-address.ts';
import { ReadAhead } from './reading/ahead/read-ahead.ts';
import type { Threads } from './reading/ahead/worker-entry.ts';
import { ChainReading, SETTLED_MS } from './reading/chain-reading.ts';
import { isOfTheLedger } from './reading/faults.ts';
import { countFiles, type Holding, readFiles, untilFresh } from './reading/files-reading.ts';
import { JournalReading } from './reading/journal-reading.ts';
import { configuredName, selectionOf } from './reading/log-name.ts';
import { LogReading } from './reading/log-reading.ts';
import { taking } from './reading/one-at-a-time.ts';
import { optionsOf } from './reading/parser-options.ts';
import { SeenFiles } from './reading/seen-files.ts';
import {
  emptySummary,
  type ReadingDeps,
  type ReadSummary,
  type Source,
  type SourceFile,
} from './reading/source.ts';
import { createParser, loadParser } from './registry.ts';

export type { Overlap, ReadSummary } from './reading/source.ts';

/** What reading the configured logs needs. */
export interface ConfiguredDeps extends ReadingDeps {
  readonly config: Config;
  /** The directory relative paths of the config start from. */
  readonly directory: string;
  /** The reading host's name. */
  readonly host: string;
}

/** A log of the config, ready to be read from pass to pass. */
export interface ConfiguredReading {
  /** As the config names it. */
  readonly name: string;
  /** Reads what is new. @param thorough see {@link ChainReading.pass} */
  pass(summary: ReadSummary, thorough?: boolean): Promise<void>;
  /** The directory that its rotations are moved to, where one is named. */
  readonly rotated?: string | undefined;
  /** Where it is a journal that is read, in place of the file of that name. */
  readonly journal?: JournalSelection;
}

/** Reads what is new in every log of the config, rotations first. */
export async function readConfiguredLogs(deps: ConfiguredDeps): Promise<ReadSummary> {
  const summary = emptySummary();
  const readings = await configuredReadings(deps, summary);
  await taking(deps, () => readEach(readings, summary));
  return summary;
}

/** One pass over each of some logs. @param thorough see {@link ChainReading.pass} */
export async function readEach(
  readings: readonly ConfiguredReading[],
  summary: ReadSummary,
  thorough = true,
): Promise<void> {
  for (const reading of readings)
    await collectFaults(summary, reading.name, () => reading.pass(summary, thorough));
}

/** The logs of the config that can be read; what is wrong with another becomes a fault of the summary. */
export async function configuredReadings(
  deps: ConfiguredDeps,
  summary: ReadSummary,
): Promise<ConfiguredReading[]> {
  // Asked only of logs of this very host: of another host's MTA nothing is known here.
  const here = deps.config.mta.honours === 'auto' ? await askLocalMta() : {};
  const readings: ConfiguredReading[] = [];
  for (const log of deps.config.logs) {
    const name = configuredName(log, deps.directory);
    await collectFaults(summary, name, async () => {
      const source = await configuredSource(deps, log, name, log.host === undefined ? here : {});
      readings.push(
        log.path === undefined
          ? new JournalReading(deps, source, selectionOf(log, deps.directory), deps.config.keep)
          : new ChainReading(deps, source, deps.config.keep),
      );
    });
  }
  return readings;
}

async function configuredSource(
  deps: { readonly config: Config; readonly directory: string; readonly host: string },
  log: LogConfig,
  name: string,
  local: LocalMta,
): Promise<Source> {
  const module = await loadParser(log.parser, deps.directory);
  const sendingIp = log['sending-mta-ip'];
  const postfix = module.name === 'postfix' ? local.postfix : undefined;
  const options = optionsOf(deps.config, log, postfix);
  return {
    host: log.host ?? deps.host,
    parserName: module.name,
    makeParser: () => createParser(module, options),
    zone: zoneOf(log.timezone ?? localZone()),
    name,
    overlap: 'count',
    ...(log.rotated !== undefined && { rotated: resolve(deps.directory, log.rotated) }),
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
  const byLog = new Map<string, DatedFile[]>();
  for (const file of await sortByContent([...new Set(paths)], deps.clock.now(), how)) {
    const name = file.path === '-' ? file.path : logName(file.path);
    byLog.set(name, [...(byLog.get(name) ?? []), file]);
  }
  for (const [name, files] of byLog) {
    const ahead = readAheadOf(files, how, deps.threads);
    const ours = { ...deps, ...(ahead !== undefined && { ahead }) };
    const reading = new LogReading(ours, { ...how, name }, summary);
    try {
      await collectFaults(summary, name, () => readArchived(ours, reading, files, summary));
    } finally {
      await ahead?.close();
    }
  }
  return summary;
}

function readAheadOf(
  files: readonly DatedFile[],
  { parserSpec: parser, parserName, host, zone, sendingFrom }: Omit<Source, 'name'>,
  threads: Threads | undefined,
): ReadAhead | undefined {
  if (threads === undefined || parser === undefined) return undefined;
  const how = {
    parser,
    parserName,
    host,
    zone: zone.name,
    ...(sendingFrom !== undefined && { sendingFrom }),
  };
  return new ReadAhead({ threads, how, files });
}

/** Takes a turn a file, so that a long backfill does not keep others from reading. */
async function readArchived(
  deps: ReadingDeps,
  reading: LogReading,
  files: readonly DatedFile[],
  summary: ReadSummary,
): Promise<void> {
  let wasRead = false;
  for (const file of files) {
    const ends = file === files.at(-1) ? { afterRead: wasRead } : undefined;
    const work = () => untilFresh(() => readArchivedFile(deps, reading, file, ends));
    const holdings: readonly Holding[] = (await taking(deps, work)) ?? [];
    wasRead ||= holdings.some(isRead);
    countFiles(summary, holdings);
  }
}

/** Whether anything of a file was read, now or before: one that cannot be opened says nothing of its log. */
function isRead({ problem, bytes, segment }: Holding): boolean {
  return problem === undefined || bytes > 0 || segment !== undefined;
}

/** @param ends given with the last file of the log; `afterRead` where one before it was read */
async function readArchivedFile(
  deps: ReadingDeps,
  reading: LogReading,
  dated: DatedFile,
  ends: { readonly afterRead: boolean } | undefined,
): Promise<Holding[]> {
  await reading.begin();
  const seen = new SeenFiles(deps.ledger, reading.log.id);
  await seen.load();
  const file = await archivedFile(dated, deps.clock.now());
  const holdings = await readFiles(reading, seen, [file], {
    signal: deps.signal,
    tell: deps.witness?.tell,
  });
  const wasRead = ends?.afterRead === true || holdings.some(isRead);
  if (ends !== undefined && wasRead && deps.signal?.aborted !== true) await reading.end();
  return holdings;
}

/** The file may be a log that is still being written. */
async function archivedFile({ path, dates }: DatedFile, now: number): Promise<SourceFile> {
  const found = path === '-' ? undefined : await describeFile(path);
  const age = found === undefined ? SETTLED_MS : now - found.changedAt;
  const growing = !isCompressed(path) && age >= 0 && age < SETTLED_MS;
  return { path, finished: !growing, dates: async () => dates, ...(found !== undefined && { found }) };
}

async function collectFaults(summary: ReadSummary, path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem) || isOfTheLedger(error)) throw error;
    summary.faults.push({ path, problem: error });
  }
}
