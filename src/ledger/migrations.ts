import { EXIT, Problem } from '../errors.ts';
import type { Dialect, SqlConnection, SqlDatabase } from './sql.ts';

/** Forward-only; a step once released never changes. Absent values of key columns are '' so that UNIQUE sees them. */
function steps(dialect: Dialect): readonly (readonly string[])[] {
  return [
    [
      'CREATE TABLE meta (name TEXT PRIMARY KEY, content TEXT NOT NULL)',
      `CREATE TABLE log (
        id ${dialect.identity},
        host TEXT NOT NULL, parser TEXT NOT NULL, name TEXT NOT NULL,
        version BIGINT NOT NULL DEFAULT 0,
        read_to_end_at BIGINT, oldest_open BIGINT, resume_cursor TEXT,
        UNIQUE (host, parser, name))`,
      `CREATE TABLE segment (
        id ${dialect.identity},
        log_id BIGINT NOT NULL REFERENCES log (id),
        host TEXT NOT NULL, parser TEXT NOT NULL, segment_identity TEXT NOT NULL,
        prefix_length BIGINT NOT NULL, read_offset BIGINT NOT NULL, tail_hash TEXT NOT NULL,
        path TEXT NOT NULL, first_time BIGINT, last_time BIGINT, incomplete BIGINT NOT NULL,
        UNIQUE (host, parser, segment_identity))`,
      `CREATE TABLE open_session (
        log_id BIGINT NOT NULL REFERENCES log (id),
        open_key TEXT NOT NULL, open_value TEXT NOT NULL,
        changed_at BIGINT NOT NULL, since BIGINT NOT NULL, idle_seconds BIGINT NOT NULL,
        PRIMARY KEY (log_id, open_key))`,
      `CREATE TABLE tally (
        id ${dialect.identity},
        day TEXT NOT NULL, hour BIGINT NOT NULL, host TEXT NOT NULL, parser TEXT NOT NULL,
        domain TEXT NOT NULL, outcome TEXT NOT NULL, result_type TEXT NOT NULL, reason TEXT NOT NULL,
        mx TEXT NOT NULL, receiving_ip TEXT NOT NULL, sending_ip TEXT NOT NULL, peer_trust TEXT NOT NULL,
        tls_version TEXT NOT NULL, policy_hint TEXT NOT NULL, basis TEXT NOT NULL,
        resumed TEXT NOT NULL, own BIGINT NOT NULL,
        tally_key TEXT NOT NULL, snapshot TEXT NOT NULL, revision BIGINT NOT NULL,
        sessions BIGINT NOT NULL, ingested_at BIGINT NOT NULL,
        UNIQUE (tally_key, snapshot, revision))`,
      'CREATE INDEX tally_by_day ON tally (day, domain)',
      "CREATE INDEX tally_unattributed ON tally (domain, hour) WHERE snapshot = ''",
      `CREATE TABLE snapshot (
        id TEXT PRIMARY KEY, domain TEXT NOT NULL, content TEXT NOT NULL,
        first_seen BIGINT NOT NULL, last_seen BIGINT NOT NULL)`,
      'CREATE INDEX snapshot_by_domain ON snapshot (domain, last_seen)',
      `CREATE TABLE cached (
        kind TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, valid_until BIGINT NOT NULL,
        PRIMARY KEY (kind, name))`,
      `CREATE TABLE demand (
        day TEXT NOT NULL, domain TEXT NOT NULL, content TEXT NOT NULL, looked_up_at BIGINT NOT NULL,
        PRIMARY KEY (day, domain))`,
      `CREATE TABLE report (
        id ${dialect.identity},
        day TEXT NOT NULL, domain TEXT NOT NULL, revision BIGINT NOT NULL, report_id TEXT NOT NULL,
        document TEXT NOT NULL, built_at BIGINT NOT NULL,
        UNIQUE (day, domain, revision))`,
      `CREATE TABLE outbox (
        id ${dialect.identity},
        report_id BIGINT NOT NULL REFERENCES report (id), rua TEXT NOT NULL, state TEXT NOT NULL,
        attempts BIGINT NOT NULL, not_before BIGINT NOT NULL,
        first_tried_at BIGINT, last_tried_at BIGINT, last_result TEXT, message ${dialect.bytes},
        UNIQUE (report_id, rua))`,
      'CREATE INDEX outbox_by_state ON outbox (state, not_before)',
      'CREATE TABLE note (name TEXT PRIMARY KEY, content TEXT NOT NULL)',
      'CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, valid_until BIGINT NOT NULL)',
    ],
  ];
}

/**
 * Brings the schema up to this program's version, in one transaction; others who want the same wait.
 * @throws Problem (config) when the ledger is newer than the program.
 */
export async function migrate(database: SqlDatabase): Promise<void> {
  const all = steps(database.dialect);
  // Looked at first without writing, for a host's database user need not have the right to make tables.
  if ((await versionOf(database, database, all.length)) === all.length) return;
  await database.transaction(async (connection) => {
    const { migrationLock } = database.dialect;
    if (migrationLock !== undefined) await connection.query(migrationLock);
    const version = await versionOf(connection, database, all.length);
    if (version === all.length) return;
    for (const step of all.slice(version)) for (const statement of step) await connection.query(statement);
    await connection.query(
      "INSERT INTO meta (name, content) VALUES ('schema', $1) ON CONFLICT (name) DO UPDATE SET content = excluded.content",
      [String(all.length)],
    );
  });
}

/** The ledger's schema version; 0 when there is none yet. */
async function versionOf(
  connection: SqlConnection,
  { dialect, where }: SqlDatabase,
  known: number,
): Promise<number> {
  if ((await connection.query(dialect.hasMeta)).length === 0) return 0;
  const [row] = await connection.query("SELECT content FROM meta WHERE name = 'schema'");
  const version = Number(row?.['content'] ?? 0);
  if (version <= known) return version;
  throw new Problem(EXIT.config, `the ledger was written by a newer maillog-tlsrpt (schema ${version})`, {
    where,
    help: `this one knows schema ${known}: install the newer program again, or restore a backup made before`,
  });
}
