import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSessions } from '../../src/logs/read-sessions.ts';
import { type LocalZone, zoneOf } from '../../src/logs/zone.ts';
import type { ParserModule } from '../../src/parser.ts';
import { type SessionRecord, sessionRecordSchema, toSessionRecord } from '../../src/session.ts';

/** Where all samples lie: one folder a parser, one folder a case in it. */
export const SAMPLES = fileURLToPath(new URL('../../samples/', import.meta.url));

/** Stamps without a year are of the year before this. */
const NOW = '2026-12-31T23:59:59Z';

/** One case: lines of a real log, and the sessions they tell once somebody accepted them. */
export interface Sample {
  /** The folder's name, a sentence. */
  readonly name: string;
  readonly directory: string;
  readonly lines: readonly string[];
  /** The options of the parser. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly zone: LocalZone;
  readonly now: number;
  /** The accepted records in their order; undefined before anybody accepted any. */
  readonly accepted: readonly string[] | undefined;
}

/** The names of the parsers that have samples. */
export function sampledParsers(root = SAMPLES): string[] {
  return folders(root);
}

/** The samples of a parser, by name. */
export function samplesOf(parser: string, root = SAMPLES): Sample[] {
  return folders(join(root, parser)).map((name) => readSample(join(root, parser, name), name));
}

/**
 * Reads `input.log`, and beside it what may be there: `options.json` (the parser's options; `timezone` and `now` are
 * for the stamps) and `sessions.jsonl`.
 */
function readSample(directory: string, name: string): Sample {
  const optionsPath = join(directory, 'options.json');
  const given = existsSync(optionsPath)
    ? (JSON.parse(readFileSync(optionsPath, 'utf8')) as Record<string, unknown>)
    : {};
  const { timezone, now, ...options } = given;
  const acceptedPath = join(directory, 'sessions.jsonl');
  return {
    name,
    directory,
    lines: linesOf(join(directory, 'input.log')),
    options,
    zone: zoneOf(typeof timezone === 'string' ? timezone : 'UTC'),
    now: Date.parse(typeof now === 'string' ? now : NOW),
    accepted: existsSync(acceptedPath) ? linesOf(acceptedPath) : undefined,
  };
}

/** What the parser reads in the sample's lines now: one JSON record a line, in the order of their times. */
export function recordsOf(
  module: ParserModule,
  sample: Sample,
  lines: readonly string[] = sample.lines,
): string[] {
  const sessions = readSessions(lines, module, sample.options, { zone: sample.zone, now: sample.now });
  return toLines(sessions.map((session) => toSessionRecord(session, module.name)));
}

/** Records as `sessions.jsonl` holds them: checked, and in an order that does not hang on when they were told. */
export function toLines(records: readonly SessionRecord[]): string[] {
  return records.map((record) => JSON.stringify(sessionRecordSchema.parse(record))).sort();
}

function linesOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function folders(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}
