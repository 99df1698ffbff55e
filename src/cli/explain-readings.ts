import { dirname, resolve } from 'node:path';
import type { Config, LogConfig } from '../config.ts';
import { Problem } from '../errors.ts';
import { configuredLogsOf, optionsAsConfigured } from '../explain/as-configured.ts';
import type { CommonOptions, ParserModule } from '../parser.ts';
import { clockOf, type ReadingArguments } from './arguments.ts';
import { chosenParsers } from './chosen-parsers.ts';
import type { GlobalArguments } from './command.ts';
import { configOf, DEFAULT_CONFIG } from './context.ts';
import type { Printer } from './io.ts';
import { givenOptions, parserOptions } from './reading-options.ts';

/** What the command line says of the files; without a parser, what is configured counts. */
export type ReadingsAsked = Omit<ReadingArguments, 'parser'> & { readonly parser?: string | undefined };

/** Files that are read alike. */
export interface Reading {
  readonly files: readonly string[];
  readonly module: ParserModule;
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
  const groups = new Map<LogConfig | undefined, string[]>();
  for (const file of chosen.files) {
    const all = config === undefined || file === '-' ? [] : await configuredLogsOf(file, config, directory);
    const named = all.filter(({ parser }) => chosen.parser === undefined || parser === chosen.parser);
    for (const log of named.length > 0 ? named : [all[0]])
      groups.set(log, [...(groups.get(log) ?? []), file]);
  }
  const readings: Reading[] = [];
  for (const [log, files] of groups) {
    const parser = chosen.parser ?? parserOf(log, directory);
    for (const { module, files: its } of await chosenParsers(parser, files, clockOf(globals).now(), printer))
      readings.push({
        files: its,
        module,
        options:
          config === undefined || log === undefined
            ? parserOptions({ ...chosen, parser })
            : {
                ...(await optionsAsConfigured(config, log, module.name)),
                ...givenOptions({ ...chosen, parser }),
              },
        timezone: chosen.timezone ?? log?.timezone,
        host: chosen.host ?? log?.host,
      });
  }
  return readings;
}

/** A module of one's own is named by its path, from the configuration's directory. */
function parserOf(log: LogConfig | undefined, directory: string): string {
  const { parser } = log ?? { parser: 'postfix' };
  return /[./\\]/.test(parser) ? resolve(directory, parser) : parser;
}
