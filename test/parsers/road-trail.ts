import { expect } from 'vitest';
import type { OpenRow } from '../../src/ledger/ledger.ts';
import { SessionReader } from '../../src/logs/session-reader.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import type { JsonObject, LogParser, ParserModule, Session } from '../../src/parser.ts';

/** By which road lines are read. */
export interface Road {
  /** The faster one: from bytes. */
  readonly fast: boolean;
  /** Told each session that came with a number. */
  readonly onNumbered?: () => void;
  readonly timezone?: string;
}

/**
 * What every one of the lines leaves behind, as JSON: sessions, open sessions, the reader's counts; whatever the order of
 * keys in a value, for that is all in which two roads may differ.
 */
export function trailOf<Options, Open extends JsonObject>(
  module: ParserModule<Options, Open>,
  lines: readonly string[],
  options: object,
  { fast, onNumbered, timezone = 'UTC' }: Road,
): string[] {
  const sessions: Session[] = [];
  const reader = new SessionReader({
    parser: module.create(module.options.parse(options)) as LogParser,
    zone: zoneOf(timezone),
    host: 'here',
    latest: () => Date.UTC(2026, 10, 30),
    emit: (session, time = session.time, number = -1) => {
      sessions.push({ ...session, time });
      if (number >= 0) onNumbered?.();
    },
    fast,
  });
  const trail = lines.map((line) => {
    reader.bytes(Buffer.from(`${line}\n`));
    const { changed, deleted } = reader.table.takeChanges();
    const { skipped, firstTime, lastTime } = reader;
    const told = sessions.splice(0).map(sorted);
    return sorted({ line, told, rows: rowsOf(changed), deleted, skipped, firstTime, lastTime });
  });
  reader.end();
  expect(reader.faults).toBe(0);
  return [...trail, ...sessions.map(sorted)];
}

function rowsOf(rows: readonly OpenRow[]): string[] {
  return rows.map(sorted).sort();
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
