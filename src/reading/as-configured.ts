import { basename, resolve } from 'node:path';
import type { Config, LogConfig } from '../config.ts';
import { Problem } from '../errors.ts';
import { chainOf } from '../logs/chain.ts';
import { logName } from '../logs/rotation-name.ts';
import type { CommonOptions } from '../parser.ts';
import { askLocalMta, type LocalMta } from '../policy/local-mta.ts';
import { sendingAddresses } from '../policy/sending-address.ts';
import { optionsOf } from './parser-options.ts';
import type { Source } from './source.ts';

/** How a file's log is found in the configuration. */
export interface WhoseFile {
  /** The one that relative paths of the configuration start from. */
  readonly directory: string;
  /** The reading host's name. */
  readonly here: string;
  /** Whose log it is, as the command line says. */
  readonly host: string | undefined;
}

/**
 * The logs of the configuration that a file belongs to, be it the live one or a rotation: two where two parsers read it.
 * An archive that lies elsewhere is known by its name, unless logs of two places bear it, or it is another host's.
 */
export async function configuredLogsOf(
  file: string,
  { logs }: Pick<Config, 'logs'>,
  { directory, here, host }: WhoseFile,
): Promise<LogConfig[]> {
  const path = resolve(file);
  const found: LogConfig[] = [];
  for (const log of logs)
    if (log.path !== undefined && (await isOfChain(path, resolve(directory, log.path)))) found.push(log);
  if (found.length > 0) return found;
  const name = basename(logName(path));
  const namesakes = logs.filter(
    (log) =>
      log.path !== undefined &&
      basename(log.path) === name &&
      (host === undefined || host === (log.host ?? here)),
  );
  const places = new Set(namesakes.map((log) => resolve(directory, log.path ?? '')));
  return places.size === 1 ? namesakes : [];
}

async function isOfChain(path: string, live: string): Promise<boolean> {
  if (path === live) return true;
  try {
    return (await chainOf(live)).some((file) => file.path === path);
  } catch (error) {
    // A log whose directory cannot be read is not the one that was named.
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** What the parser of a configured log is told when its sessions are counted. */
export async function optionsAsConfigured(
  config: Config,
  log: LogConfig,
  parser: string,
): Promise<CommonOptions> {
  const local = parser === 'postfix' ? await localOf(config, log) : {};
  return optionsOf(config, log, local.postfix);
}

/** The addresses that a configured log's MTA sends from, where it is to be asked for them. */
export async function sendingAsConfigured(
  config: Config,
  log: LogConfig,
  parser: string,
): Promise<Pick<Source, 'sendingFrom'>> {
  if (log['sending-mta-ip'] !== 'auto') return {};
  return { sendingFrom: await sendingAddresses(parser, await localOf(config, log)) };
}

/** What this host's MTA says of itself; nothing where it is not to be asked, or the log is another host's. */
async function localOf(config: Config, log: LogConfig): Promise<LocalMta> {
  return config.mta.honours === 'auto' && log.host === undefined ? askLocalMta() : {};
}
