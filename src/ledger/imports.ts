import { gunzipSync, gzipSync } from 'node:zlib';
import type { Day } from '../day.ts';
import { type CountedKey, fromRow, toRow } from '../tally/rows.ts';
import { countSessions } from './count-sessions.ts';
import { number } from './rows.ts';
import type { SqlConnection } from './sql.ts';
import { kindDigest, kindValues } from './tally-kinds.ts';

/** All that a host without a way to this ledger has counted for one UTC day, as it says itself. */
export interface HostDay {
  readonly host: string;
  readonly day: Day;
  /** Counts the host's exports of this day. */
  readonly sequence: number;
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
  /** The greatest sequence seen for this host and day. */
  readonly sequence: number;
}

/** Thrown when another import of the same host and day came first. */
export class StaleImport extends Error {}

/**
 * Merges a host's day. A host's counts only ever grow, so of two states the greater count of each tally is the newer
 * one: files may come in any order, twice, or not at all if a later one does. What is new is counted as if it had been
 * read here.
 * @throws StaleImport
 */
export async function importHostDay(
  connection: SqlConnection,
  part: HostDay,
  importedAt: number,
): Promise<ImportResult> {
  const [row] = await connection.query('SELECT * FROM imported WHERE host = $1 AND day = $2', [
    part.host,
    part.day,
  ]);
  const known = new Map<string, CountedKey>();
  if (row !== undefined) {
    for (const tally of unpack(row['content'], part)) known.set(nameOf(tally), tally);
  }
  const fresh: CountedKey[] = [];
  for (const tally of part.tallies) {
    const name = nameOf(tally);
    const before = known.get(name)?.count ?? 0;
    if (tally.count <= before) continue;
    fresh.push({ key: tally.key, count: tally.count - before });
    known.set(name, tally);
  }
  const sequence = Math.max(part.sequence, row === undefined ? 0 : number(row, 'sequence'));
  if (fresh.length > 0 || row === undefined || sequence > number(row, 'sequence')) {
    await store(connection, part, row === undefined ? 0 : number(row, 'version'), sequence, [
      ...known.values(),
    ]);
  }
  await countSessions(
    connection,
    fresh.map((tally) => ({ ...tally, ingestedAt: importedAt })),
  );
  await noteLogs(connection, part);
  return { sessions: fresh.reduce((sum, { count }) => sum + count, 0), sequence };
}

function nameOf({ key }: CountedKey): string {
  return `${kindDigest(kindValues(key))} ${key.hour}`;
}

async function store(
  connection: SqlConnection,
  { host, day }: HostDay,
  version: number,
  sequence: number,
  tallies: readonly CountedKey[],
): Promise<void> {
  const content = gzipSync(tallies.map((tally) => toRow(tally, day)).join('\n'));
  const stored = await connection.query(
    `INSERT INTO imported (host, day, sequence, version, content) VALUES ($1, $2, $3, 1, $4)
     ON CONFLICT (host, day) DO UPDATE SET sequence = excluded.sequence, version = imported.version + 1,
       content = excluded.content WHERE imported.version = $5 RETURNING version`,
    [host, day, sequence, content, version],
  );
  if (stored.length === 0) throw new StaleImport('another import of this host and day came first');
}

function unpack(content: unknown, { host, day }: HostDay): CountedKey[] {
  const bytes = content instanceof ArrayBuffer ? new Uint8Array(content) : (content as Uint8Array);
  const lines = gunzipSync(bytes).toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => fromRow(line, host, day));
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
