/** A value as both engines take it: absent texts are '', flags 0 or 1. */
export type SqlValue = string | number | null | Uint8Array;
export type SqlRow = Record<string, SqlValue>;

/**
 * The little that the ledger asks of an SQL engine. Statements are plain SQL that SQLite and PostgreSQL both
 * understand, with `$1`-style parameters; numbers come back as JavaScript numbers.
 */
export interface SqlConnection {
  query(sql: string, parameters?: readonly SqlValue[]): Promise<SqlRow[]>;
}

/** An open database. */
export interface SqlDatabase extends SqlConnection {
  /** Runs `work` in one write transaction; commits when it resolves, rolls back when it throws. */
  transaction<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  /** Bytes the database takes on disk. */
  size?(): Promise<number>;
  close(): Promise<void>;
}
