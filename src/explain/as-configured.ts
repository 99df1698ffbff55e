import { resolve } from 'node:path';
import type { Config, LogConfig } from '../config.ts';
import { Problem } from '../errors.ts';
import { chainOf } from '../logs/chain.ts';
import type { CommonOptions } from '../parser.ts';
import { askLocalMta } from '../policy/local-mta.ts';
import { optionsOf } from '../reading/parser-options.ts';

/**
 * The logs of the configuration that a file belongs to, be it the live one or a rotation: two where two parsers read it.
 * @param directory the one that relative paths of the configuration start from
 */
export async function configuredLogsOf(
  file: string,
  { logs }: Pick<Config, 'logs'>,
  directory: string,
): Promise<LogConfig[]> {
  const path = resolve(file);
  const found: LogConfig[] = [];
  for (const log of logs)
    if (log.path !== undefined && (await isOfChain(path, resolve(directory, log.path)))) found.push(log);
  return found;
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
  const asked = parser === 'postfix' && log.host === undefined && config.mta.honours === 'auto';
  return optionsOf(config, log, asked ? (await askLocalMta()).postfix : undefined);
}
