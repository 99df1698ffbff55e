import type { JsonValue } from '../parser.ts';
import type { FleetHost } from './ledger.ts';
import { number, text } from './rows.ts';
import type { SqlConnection } from './sql.ts';

/** Notes that a host uses the ledger. The newest word counts, for files of an import come in any order. */
export async function checkIn(
  connection: SqlConnection,
  host: string,
  program: string,
  at: number,
): Promise<void> {
  await connection.query(
    `INSERT INTO host (host, program, seen_at) VALUES ($1, $2, $3)
     ON CONFLICT (host) DO UPDATE SET program = excluded.program, seen_at = excluded.seen_at
     WHERE host.seen_at <= excluded.seen_at`,
    [host, program, at],
  );
}

/** The hosts that ever did, by name. */
export async function allHosts(connection: SqlConnection): Promise<FleetHost[]> {
  const rows = await connection.query(
    `SELECT host.host, host.program, host.seen_at, note.content FROM host
     LEFT JOIN note ON note.name = 'host:' || host.host ORDER BY host.host`,
  );
  return rows.map((row) => ({
    host: text(row, 'host'),
    program: text(row, 'program'),
    seenAt: number(row, 'seen_at'),
    ...(row['content'] !== null && { noted: JSON.parse(text(row, 'content')) as JsonValue }),
  }));
}
