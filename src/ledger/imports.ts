import type { Day } from '../day.ts';
import type { CountedKey } from '../tally/rows.ts';
import {
  type Brought,
  countsOf,
  NOTHING_BROUGHT,
  packBrought,
  unpackBrought,
  withExport,
} from './brought.ts';
import { readItself } from './by-file.ts';
import { countSessions } from './count-sessions.ts';
import { wasPruned } from './prune.ts';
import { number } from './rows.ts';
import type { SqlConnection, SqlRow } from './sql.ts';

/** All that a host without a way to this ledger has counted for one UTC day, as it says itself. */
export interface HostDay {
  readonly host: string;
  readonly day: Day;
  /** The ledger it was counted in, for a host may lose one; absent in files of older programs. */
  readonly instance?: string;
  /** Counts that ledger's exports of this day. */
  readonly sequence: number;
  /** Names of the pieces of logs that were read on this day: two ledgers that read one tell the same sessions. */
  readonly sources?: readonly string[];
  /** The version of its maillog-tlsrpt. */
  readonly program: string;
  /** UTC ms. */
  readonly exportedAt: number;
  /** Its logs and how far they were read: a day waits for them too. */
  readonly logs: readonly {
    readonly parser: string;
    readonly name: string;
    readonly readToEndAt?: number;
    readonly oldestOpen?: number;
  }[];
  readonly tallies: readonly CountedKey[];
}

/** What an import has changed. */
export interface ImportResult {
  /** Sessions that were not known yet. */
  readonly sessions: number;
  /** The greatest sequence seen for this day from the same ledger of the host. */
  readonly sequence: number;
  /** The day was closed and dropped before: nothing was taken. */
  readonly pruned?: true;
}

/** Thrown when another import of the same host and day came first. */
export class StaleImport extends Error {}

/**
 * Merges a host's day: files may come in any order, twice, or not at all if a later one does. What is new is counted as
 * if it had been read here.
 * @throws StaleImport; Problem (data) when the host has read that day into this ledger itself
 */
export async function importHostDay(
  connection: SqlConnection,
  part: HostDay,
  importedAt: number,
): Promise<ImportResult> {
  const { host, day } = part;
  if (await wasPruned(connection, day)) return { sessions: 0, sequence: part.sequence, pruned: true };
  // What the host reads itself at this moment must see what comes by file, and the other way round.
  await connection.query('UPDATE log SET version = version WHERE host = $1', [host]);
  const { row, counted } = await knownOf(connection, host, day);
  const known = row === undefined ? NOTHING_BROUGHT : unpackBrought(row['content'], host, day);
  const before = countsOf(known);
  if (before.size === 0 && part.tallies.length > 0 && counted > 0) throw readItself(host, day);
  const grown = withExport(known, part);
  const fresh = [...countsOf(grown)]
    .map(([name, { key, count }]) => ({ key, count: count - (before.get(name)?.count ?? 0) }))
    .filter(({ count }) => count > 0);
  await store(connection, part, row, grown);
  await countSessions(
    connection,
    fresh.map((tally) => ({ ...tally, ingestedAt: importedAt })),
  );
  await noteLogs(connection, part);
  const sequence =
    grown.parts.find(({ instance }) => instance === part.instance)?.sequence ??
    Math.max(part.sequence, number(row ?? {}, 'sequence'));
  return { sessions: fresh.reduce((sum, { count }) => sum + count, 0), sequence };
}

/** What came of the day, and what was counted: in one statement, so that an import that ends meanwhile is in both. */
async function knownOf(connection: SqlConnection, host: string, day: Day) {
  const [row = {}] = await connection.query(
    `SELECT counted.sessions AS counted, imported.sequence, imported.version, imported.content
     FROM (SELECT COALESCE(SUM(sessions), 0) AS sessions FROM traffic WHERE host = $1 AND day = $2) counted
     LEFT JOIN imported ON imported.host = $1 AND imported.day = $2`,
    [host, day],
  );
  return { counted: number(row, 'counted'), row: row['version'] === null ? undefined : row };
}

async function store(
  connection: SqlConnection,
  { host, day, sequence }: HostDay,
  known: SqlRow | undefined,
  grown: Brought,
): Promise<void> {
  const content = packBrought(grown, day);
  const version = known === undefined ? 0 : number(known, 'version');
  if (known !== undefined && sequence <= number(known, 'sequence') && isEqual(content, known['content']))
    return;
  const stored = await connection.query(
    `INSERT INTO imported (host, day, sequence, version, content) VALUES ($1, $2, $3, 1, $4)
     ON CONFLICT (host, day) DO UPDATE SET version = imported.version + 1, content = excluded.content,
       sequence = CASE WHEN excluded.sequence > imported.sequence THEN excluded.sequence ELSE imported.sequence END
       WHERE imported.version = $5 RETURNING version`,
    [host, day, sequence, content, version],
  );
  if (stored.length === 0) throw new StaleImport('another import of this host and day came first');
}

function isEqual(content: Uint8Array, stored: unknown): boolean {
  const bytes = stored instanceof ArrayBuffer ? new Uint8Array(stored) : (stored as Uint8Array);
  return Buffer.compare(content, bytes) === 0;
}

/** Of two states of a log the one read later counts. */
async function noteLogs(connection: SqlConnection, { host, logs }: HostDay): Promise<void> {
  for (const log of logs) {
    await connection.query(
      `INSERT INTO log (host, parser, name, read_to_end_at, oldest_open) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (host, parser, name) DO UPDATE SET version = log.version + 1,
         read_to_end_at = excluded.read_to_end_at, oldest_open = excluded.oldest_open
       WHERE excluded.read_to_end_at > COALESCE(log.read_to_end_at, 0)`,
      [host, log.parser, log.name, log.readToEndAt ?? null, log.oldestOpen ?? null],
    );
  }
}
