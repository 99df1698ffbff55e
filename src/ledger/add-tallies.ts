import { type Day, dayOf, dayStart } from '../day.ts';
import type { TallyKey } from './ledger.ts';
import { number, TALLY_COLUMNS, tallyDigest, tallyValues, text, toTallyKey } from './rows.ts';
import type { InsertTarget, SqlConnection, SqlRow, SqlValue } from './sql.ts';

/** Sessions to be counted. */
export interface TallyPart {
  readonly key: TallyKey;
  readonly count: number;
  /** UTC ms. */
  readonly ingestedAt: number;
  /** Start of the last UTC hour in which there was such a session, ms; as a rule that of the key. */
  readonly lastHour?: number;
  /** '' while no policies are known. */
  readonly snapshot?: string;
  readonly revision?: number;
}

const NUMBERS = new Set(['hour', 'own']);

const TALLY: InsertTarget = {
  table: 'tally',
  columns: {
    ...Object.fromEntries(
      TALLY_COLUMNS.map((name) => [name, NUMBERS.has(name) ? 'BIGINT' : 'TEXT'] as const),
    ),
    day: 'TEXT',
    tally_key: 'TEXT',
    snapshot: 'TEXT',
    revision: 'BIGINT',
    sessions: 'BIGINT',
    ingested_at: 'BIGINT',
    last_hour: 'BIGINT',
  },
  onConflict: `ON CONFLICT (day, tally_key, snapshot, revision) DO UPDATE SET
    sessions = tally.sessions + excluded.sessions,
    ingested_at = CASE WHEN excluded.ingested_at > tally.ingested_at THEN excluded.ingested_at ELSE tally.ingested_at END,
    last_hour = CASE WHEN excluded.last_hour > tally.last_hour THEN excluded.last_hour ELSE tally.last_hour END`,
};

const COLUMNS = Object.keys(TALLY.columns);
/** Where in a row that stands which adds up. */
const SESSIONS = COLUMNS.indexOf('sessions');
const INGESTED_AT = COLUMNS.indexOf('ingested_at');
const LAST_HOUR = COLUMNS.indexOf('last_hour');

/** A day's name costs more than all else about a tally, and thousands share an hour. */
export function dayNamer(): (hour: number) => Day {
  const known = new Map<number, Day>();
  return (hour) => {
    const name = known.get(hour) ?? dayOf(hour);
    known.set(hour, name);
    return name;
  };
}

/** Adds sessions to their tallies; those of the same key, snapshot and revision become one. */
export async function addTallies(connection: SqlConnection, parts: Iterable<TallyPart>): Promise<void> {
  const rows = new Map<string, SqlValue[]>();
  const nameOfDay = dayNamer();
  for (const part of parts) {
    const { key, count, ingestedAt, lastHour = key.hour, snapshot = '', revision = 0 } = part;
    const row = tallyValues(key);
    const digest = tallyDigest(row);
    const name = `${digest} ${revision} ${snapshot}`;
    const known = rows.get(name);
    if (known === undefined) {
      row.push(nameOfDay(key.hour), digest, snapshot, revision, count, ingestedAt, lastHour);
      rows.set(name, row);
    } else {
      known[SESSIONS] = Number(known[SESSIONS]) + count;
      known[INGESTED_AT] = Math.max(Number(known[INGESTED_AT]), ingestedAt);
      known[LAST_HOUR] = Math.max(Number(known[LAST_HOUR]), lastHour);
    }
  }
  // In one order, so that two writers of one host's tallies wait for each other instead of blocking each other.
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
  await connection.insert(
    TALLY,
    sorted.map(([, row]) => row),
  );
}

/** A tally's row as a part of the day's tally under a snapshot: with the policies known, the hour is of no use any more. */
export function foldedPart(row: SqlRow, snapshot: string): TallyPart {
  const key = toTallyKey(row);
  return { ...partOf(row), key: { ...key, hour: dayStart(text(row, 'day')) }, snapshot };
}

/** A tally's row, to be added again. */
export function partOf(row: SqlRow): TallyPart {
  return {
    key: toTallyKey(row),
    count: number(row, 'sessions'),
    ingestedAt: number(row, 'ingested_at'),
    lastHour: number(row, 'last_hour'),
    snapshot: text(row, 'snapshot'),
    revision: number(row, 'revision'),
  };
}
