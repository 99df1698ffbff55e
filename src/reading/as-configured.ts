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

/** Finds the logs of the configuration that files belong to; each log's files are listed once. */
export class ConfiguredLogs {
  readonly #logs: readonly LogConfig[];
  readonly #whose: WhoseFile;
  readonly #chains = new Map<LogConfig, Promise<ReadonlySet<string>>>();

  constructor({ logs }: Pick<Config, 'logs'>, whose: WhoseFile) {
    this.#logs = logs.filter(({ path }) => path !== undefined);
    this.#whose = whose;
  }

  /**
   * Those of a file, be it the live one or a rotation: two where two parsers read it. An archive that lies elsewhere is
   * known by its name, unless logs of two places bear it, or it is another host's.
   */
  async of(file: string): Promise<LogConfig[]> {
    const path = resolve(file);
    const found: LogConfig[] = [];
    for (const log of this.#logs) if ((await this.#chainOf(log)).has(path)) found.push(log);
    return found.length > 0 ? found : this.#namesakes(path);
  }

  #namesakes(path: string): LogConfig[] {
    const { here, host } = this.#whose;
    const name = basename(logName(path));
    const found = this.#logs.filter(
      (log) => basename(this.#liveOf(log)) === name && (host === undefined || host === (log.host ?? here)),
    );
    return new Set(found.map((log) => this.#liveOf(log))).size === 1 ? found : [];
  }

  #liveOf({ path = '' }: LogConfig): string {
    return resolve(this.#whose.directory, path);
  }

  #chainOf(log: LogConfig): Promise<ReadonlySet<string>> {
    const known = this.#chains.get(log) ?? this.#list(log);
    this.#chains.set(log, known);
    return known;
  }

  async #list(log: LogConfig): Promise<ReadonlySet<string>> {
    const live = this.#liveOf(log);
    const rotated = log.rotated === undefined ? undefined : resolve(this.#whose.directory, log.rotated);
    try {
      return new Set([live, ...(await chainOf(live, [], rotated)).map(({ path }) => path)]);
    } catch (error) {
      // A log whose directory cannot be read is not the one that was named.
      if (error instanceof Problem) return new Set([live]);
      throw error;
    }
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
