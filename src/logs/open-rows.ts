import type { OpenRow } from '../ledger/ledger.ts';
import type { JsonObject, JsonValue } from '../parser.ts';

const ENTRY = 'k';
const CLOCK = 'c';

/** A key of the open-sessions table, as its row tells it. */
export interface StoredEntry {
  readonly key: string;
  readonly host: string;
  readonly open: JsonObject;
  /** Counts the settings of the table: the order in which keys were last set. */
  readonly sequence: number;
  readonly time: number;
  readonly since: number;
  readonly idleSeconds: number;
}

/** The log time of a host, as its row tells it. */
export interface StoredClock {
  readonly host: string;
  readonly now: number;
}

/** The name of the row of a key: keys and hosts share the ledger's one table of open rows. */
export function entryRowKey(key: string): string {
  return ENTRY + key;
}

/** The key of which a row tells; undefined for a clock's row. */
export function keyOfRow(row: string): string | undefined {
  return row.startsWith(ENTRY) ? row.slice(ENTRY.length) : undefined;
}

/** The key of the row that keeps a host's clock. */
export function clockRowKey(host: string): string {
  return CLOCK + host;
}

/** An entry of the table as the ledger keeps it. */
export function entryRow(entry: StoredEntry): OpenRow {
  const { host, sequence, open } = entry;
  return {
    key: entryRowKey(entry.key),
    value: { host, sequence, open },
    time: entry.time,
    since: entry.since,
    idleSeconds: entry.idleSeconds,
  };
}

/** A host's clock as the ledger keeps it: its time is the row's, and so it needs no value. */
export function clockRow({ host, now }: StoredClock): OpenRow {
  return { key: clockRowKey(host), value: null, time: now, since: now, idleSeconds: 0 };
}

/** The rows as written by {@link entryRow} and {@link clockRow}, keys in the order of their last setting. */
export function readRows(rows: readonly OpenRow[]): { entries: StoredEntry[]; clocks: StoredClock[] } {
  const entries: StoredEntry[] = [];
  const clocks: StoredClock[] = [];
  for (const row of rows) {
    if (row.key.startsWith(CLOCK)) clocks.push({ host: row.key.slice(1), now: row.time });
    else entries.push(...readEntry(row));
  }
  entries.sort((a, b) => a.sequence - b.sequence);
  return { entries, clocks };
}

function readEntry({ key, value, time, since, idleSeconds }: OpenRow): StoredEntry[] {
  if (!key.startsWith(ENTRY) || !isObject(value)) return [];
  const { host, sequence, open } = value;
  if (typeof host !== 'string' || typeof sequence !== 'number' || !isObject(open)) return [];
  return [{ key: key.slice(1), host, open, sequence, time, since, idleSeconds }];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
