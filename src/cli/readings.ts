import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Config, LogConfig } from '../config.ts';
import { Problem } from '../errors.ts';
import type { CommonOptions, ParserModule } from '../parser.ts';
import { ConfiguredLogs, optionsAsConfigured, sendingAsConfigured } from '../reading/as-configured.ts';
import type { Source } from '../reading/source.ts';
import { clockOf, type ReadingArguments } from './arguments.ts';
import { chosenParsers } from './chosen-parsers.ts';
import type { GlobalArguments } from './command.ts';
import { configOf, DEFAULT_CONFIG } from './context.ts';
import type { Printer } from './io.ts';
import { givenOptions, parserOptions } from './reading-options.ts';

/** What the command line says of the files; without a parser, what is configured counts. */
type ReadingsAsked = Omit<ReadingArguments, 'parser'> & { readonly parser?: string | undefined };

/** Files that are read alike. */
export interface Reading extends Pick<Source, 'sendingFrom'> {
  readonly files: readonly string[];
  readonly module: ParserModule;
  /** What it was asked for by: a name, or an absolute path. */
  readonly parser: string;
  readonly options: CommonOptions;
  readonly timezone: string | undefined;
  readonly host: string | undefined;
}

/** The configuration, where there is one; a default one need not be ours to read. */
async function configuration(globals: GlobalArguments): Promise<Config | undefined> {
  try {
    return await configOf(globals);
  } catch (error) {
    if (globals.config !== undefined || !(error instanceof Problem)) throw error;
    return undefined;
  }
}

/** How each file is read: as its log is, if it is one of the configuration's, but for what the command line says. */
export async function readingsOf(
  chosen: ReadingsAsked,
  globals: GlobalArguments,
  printer: Printer,
): Promise<Reading[]> {
  const config = await configuration(globals);
  const directory = dirname(resolve(globals.config ?? DEFAULT_CONFIG));
  const readings: Reading[] = [];
  for (const [log, files] of await byLog(chosen, config, directory)) {
    const parser = chosen.parser ?? parserOf(log, directory);
    for (const { module, files: its } of await chosenParsers(parser, files, clockOf(globals).now(), printer))
      readings.push({
        files: its,
        module,
        parser: /[./\\]/.test(parser) ? resolve(parser) : parser,
        timezone: chosen.timezone ?? log?.timezone,
        host: chosen.host ?? log?.host,
        ...(await howToRead({ ...chosen, parser }, config, withoutForeign(log, chosen.parser), module.name)),
      });
  }
  return readings;
}

/** The files by the log of the configuration that they belong to; those of none go together. */
async function byLog(
  { files, parser: asked, host }: ReadingsAsked,
  config: Config | undefined,
  directory: string,
): Promise<Map<LogConfig | undefined, string[]>> {
  const groups = new Map<LogConfig | undefined, string[]>();
  const logs = config && new ConfiguredLogs(config, { directory, here: hostname(), host });
  for (const file of files) {
    const all = logs === undefined || file === '-' ? [] : await logs.of(file);
    const named = all.filter(({ parser }) => asked === undefined || parser === asked);
    for (const log of named.length > 0 ? named : [all[0]])
      groups.set(log, [...(groups.get(log) ?? []), file]);
  }
  return groups;
}

async function howToRead(
  chosen: ReadingArguments,
  config: Config | undefined,
  log: LogConfig | undefined,
  parser: string,
): Promise<Pick<Reading, 'options' | 'sendingFrom'>> {
  if (config === undefined || log === undefined) return { options: parserOptions(chosen) };
  const configured = await optionsAsConfigured(config, log, parser);
  const sending = await sendingAsConfigured(config, log, parser);
  return { options: { ...configured, ...givenOptions(chosen) }, ...sending };
}

/** Options of the log's own parser are nothing to another one, which the command line names in its place. */
function withoutForeign(log: LogConfig | undefined, asked: string | undefined): LogConfig | undefined {
  const isOwn = asked === undefined || log?.parser === asked || log?.parser === 'auto';
  return log === undefined || isOwn ? log : { ...log, options: {} };
}

/** A module of one's own is named by its path, from the configuration's directory. */
function parserOf(log: LogConfig | undefined, directory: string): string {
  const { parser } = log ?? { parser: 'postfix' };
  return /[./\\]/.test(parser) ? resolve(directory, parser) : parser;
}
