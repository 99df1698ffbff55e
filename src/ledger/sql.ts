import type { Hold, Reader } from './reader.ts';

/** A value as both engines take it: absent texts are '', flags 0 or 1. */
export type SqlValue = string | number | null | Uint8Array;
/** One row of an answer, by column. */
export type SqlRow = Record<string, SqlValue>;

/** Where rows go, for {@link SqlConnection.insert}. */
export interface InsertTarget {
  readonly table: string;
  /** The columns in the order of a row's values. */
  readonly columns: Readonly<Record<string, 'TEXT' | 'BIGINT'>>;
  /** `ON CONFLICT …`. */
  readonly onConflict: string;
}

/** Where rows go that come in groups, for {@link SqlConnection.insertGroups}. No column may be NULL. */
export interface GroupTarget {
  readonly table: string;
  /** The columns in which the rows of a group differ, in the order of their values. */
  readonly own: InsertTarget['columns'];
  /** Those that are equal for all of them. */
  readonly shared: InsertTarget['columns'];
  /** `ON CONFLICT …`. */
  readonly onConflict: string;
}

/** Rows that are alike in most columns. */
export interface RowGroup {
  readonly shared: readonly SqlValue[];
  readonly own: readonly (readonly SqlValue[])[];
}

/** What differs between the engines. */
export interface Dialect {
  /** A column that numbers its rows. */
  readonly identity: string;
  readonly bytes: string;
  /** Text that is compared byte by byte, so that every ledger has one order. */
  readonly text: string;
  /** Tallies lie in a partition a day; see {@link SqlConnection.dropDay}. */
  readonly partitioned: boolean;
  /** Gives a row if the table `meta` exists. */
  readonly hasMeta: string;
  /** Makes others wait who want to migrate too; undefined where a write transaction does so by itself. */
  readonly migrationLock?: string;
}

/** A day's tallies cannot be dropped now, for somebody holds on to them. */
export class DayInUse extends Error {}

/**
 * The little that the ledger asks of an SQL engine. Statements are plain SQL that SQLite and PostgreSQL both
 * understand, with `$1`-style parameters; numbers come back as JavaScript numbers.
 */
export interface SqlConnection {
  /** Nothing can be written: what would be noted for others is not. */
  readonly readOnly?: boolean;
  query(sql: string, parameters?: readonly SqlValue[]): Promise<SqlRow[]>;
  /** Inserts many rows with as few round trips as the engine allows. No two of them may conflict with each other. */
  insert(target: InsertTarget, rows: readonly (readonly SqlValue[])[]): Promise<void>;
  /** The same for rows that come in groups; they are asked for one by one, and anew where the work is done again. */
  insertGroups(target: GroupTarget, groups: () => Iterable<RowGroup>): Promise<void>;
  /**
   * Drops a day's tallies at one blow, where they lie in a partition of their own.
   * @returns how many; undefined when some were read at `ingestedBefore` (UTC ms) or later: then nothing is dropped
   * @throws DayInUse, after which the transaction must be rolled back
   */
  dropDay?(day: string, ingestedBefore: number): Promise<number | undefined>;
}

/** Held until it is released or lost. */
export interface Leadership {
  /** Aborts when it is lost. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

/**
 * An open database. Where the connection breaks or another transaction is in the way, statements and transactions are
 * done again: outside a transaction only what may be done twice is allowed, and `work` must be so too.
 */
export interface SqlDatabase extends SqlConnection {
  readonly dialect: Dialect;
  /** The directory or address it was opened by, for messages: no password. */
  readonly where: string;
  /**
   * Runs `work` in one write transaction; commits when it resolves, rolls back when it throws.
   * @param days those that `work` adds tallies to
   */
  transaction<T>(work: (connection: SqlConnection) => Promise<T>, days?: readonly string[]): Promise<T>;
  /**
   * The right to do what one user of the database alone is to do; undefined while another has it. Absent where all
   * users of a database are on one host.
   */
  takeLead?(): Promise<Leadership | undefined>;
  /** How far this machine's clock is ahead of the database's, ms; absent where both are one. */
  clockAhead?(): Promise<number>;
  /** Takes the right to read logs, or tells who has it. */
  holdReading(reader: Reader): Promise<Hold>;
  /** Bytes the database takes on disk; undefined where the engine does not tell. */
  size?(): Promise<number | undefined>;
  /** Gives back what free space is more than will soon be used again; absent where the server sees to that. */
  giveBack?(): Promise<void>;
  close(): Promise<void>;
}
