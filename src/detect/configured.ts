import { resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Config, LogConfig } from '../config.ts';
import { AUTO, detectParsers } from '../detect.ts';
import { Problem } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openLog } from '../logs/archive.ts';
import { chainOf } from '../logs/chain.ts';
import { localZone, zoneOf } from '../logs/zone.ts';
import type { JsonValue } from '../parser.ts';

/** A log's format changes with its MTA, which is not often: looking reads the whole file. */
const LOOK_AGAIN_MS = 24 * 3_600_000;

/** What it takes to find the parsers of logs with `parser: auto`. */
export interface DetectDeps {
  /** Remembers what was found; absent: look every time. */
  readonly ledger?: Ledger | undefined;
  readonly clock: Clock;
  /** The reading host's name. */
  readonly host: string;
  /** The directory relative paths of the config start from. */
  readonly directory: string;
}

/**
 * The config with each log of `parser: auto` in place of once a parser that its lines call for: each reads the file as
 * a log of its own. What was found once is kept, for a file that was just rotated has no lines. A log that has not
 * shown its format yet stays `auto`, and is refused when it is to be read.
 */
export async function withDetectedParsers(config: Config, deps: DetectDeps): Promise<Config> {
  if (!config.logs.some((log) => log.parser === AUTO)) return config;
  const logs: LogConfig[] = [];
  for (const log of config.logs) {
    const parsers = log.parser === AUTO ? await parsersOf(log, deps) : [];
    if (parsers.length === 0) logs.push(log);
    for (const parser of parsers) logs.push({ ...log, parser });
  }
  return { ...config, logs };
}

async function parsersOf(log: LogConfig, deps: DetectDeps): Promise<readonly string[]> {
  if (log.path === undefined) return [];
  const path = resolve(deps.directory, log.path);
  const note = `detected:${log.host ?? deps.host}:${path}`;
  const known = readNote(await deps.ledger?.note(note));
  const now = deps.clock.now();
  if (known !== undefined && now - known.at < LOOK_AGAIN_MS) return known.parsers;
  const found = await look(path, log, deps, known === undefined);
  const parsers = [...new Set([...(known?.parsers ?? []), ...found])];
  if (parsers.length > 0) await deps.ledger?.setNote(note, { at: now, parsers });
  return parsers;
}

/** @param thoroughly look at rotations too, newest first, until one shows a format */
async function look(
  path: string,
  log: LogConfig,
  deps: DetectDeps,
  thoroughly: boolean,
): Promise<readonly string[]> {
  const zone = zoneOf(log.timezone ?? localZone());
  const options = { zone, host: log.host ?? deps.host, now: deps.clock.now() };
  try {
    const rotated = log.rotated === undefined ? undefined : resolve(deps.directory, log.rotated);
    const files = await chainOf(path, [], rotated);
    for (const file of files.reverse()) {
      if (!file.live && !thoroughly) break;
      const detected = await detectParsers(openLog(file.path), options);
      if (detected.length > 0) return detected.map(({ module }) => module.name);
    }
  } catch (error) {
    // Reading the log will say what is wrong with it.
    if (!(error instanceof Problem)) throw error;
  }
  return [];
}

function readNote(note: JsonValue | undefined): { at: number; parsers: readonly string[] } | undefined {
  if (typeof note !== 'object' || note === null || Array.isArray(note)) return undefined;
  const { at, parsers } = note;
  if (typeof at !== 'number' || !Array.isArray(parsers)) return undefined;
  return { at, parsers: parsers.filter((name) => typeof name === 'string') };
}
