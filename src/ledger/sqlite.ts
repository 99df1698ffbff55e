import { join } from 'node:path';
import Database from 'libsql';
import { EXIT, Problem, systemReason } from '../errors.ts';
import { makeDirectory } from './make-directory.ts';
import { makeForOwner } from './ownership.ts';
import type { Hold, Reader } from './reader.ts';
import { ReadingLock } from './reading-lock.ts';
import type {
  Dialect,
  GroupTarget,
  InsertTarget,
  RowGroup,
  SqlConnection,
  SqlDatabase,
  SqlRow,
  SqlValue,
} from './sql.ts';

const DIALECT: Dialect = {
  identity: 'INTEGER PRIMARY KEY',
  bytes: 'BLOB',
  text: 'TEXT',
  partitioned: false,
  hasMeta: "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'meta'",
};

/** The ledger's file in its directory. */
export const LEDGER_FILE = 'ledger.sqlite';

/** How long another process may hold the write lock before we give up for this time. */
const BUSY_MS = 20_000;
/** What the write-ahead log may keep of its size when it was emptied, so that one great day is not paid for ever. */
const JOURNAL_BYTES = 64 * 1_048_576;
/** Free pages that are kept, as a part of all: the next days need them again. */
const SPARE = 0.25;
/** Pages given back at a time: others who want to write wait no longer than for these. */
const PAGES_A_STEP = 2000;

/**
 * Opens (and makes) the ledger's SQLite file in the state directory: WAL, and `synchronous=FULL`, for what is
 * committed must outlive a power cut before a report is handed over.
 * @throws Problem (cannotWrite) when the directory or file cannot be made or written.
 */
export function openSqlite(directory: string): SqlDatabase {
  const path = join(directory, LEDGER_FILE);
  try {
    makeDirectory(directory, 0o750);
    makeForOwner(path, directory);
    const database = new Database(path, { timeout: BUSY_MS });
    // Of effect before there is a table: free pages may be given back bit by bit.
    database.pragma('auto_vacuum = INCREMENTAL');
    database.pragma('journal_mode = WAL');
    database.pragma(`journal_size_limit = ${JOURNAL_BYTES}`);
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    // KiB: keeps the pages of a day's tallies at hand, for each batch comes to most of its domains again.
    database.pragma('cache_size = -16384');
    return new SqliteDatabase(database, directory, path);
  } catch (error) {
    throw isDamaged(error) ? damaged(error, path) : cannotOpen(error, directory);
  }
}

/** A database without anything in it, which is nowhere. @param directory where it would be */
export function emptySqlite(directory: string): SqlDatabase {
  return new SqliteDatabase(new Database(':memory:'), directory, directory);
}

/** An open SQLite file. */
export class SqliteDatabase implements SqlDatabase {
  readonly dialect = DIALECT;
  readonly where: string;
  readonly #database: Database.Database;
  readonly #path: string;
  readonly #lock: ReadingLock;
  readonly #statements = new Map<string, Database.Statement>();
  /** The tail of the queue: one connection serves one piece of work at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(database: Database.Database, where: string, path: string) {
    this.#database = database;
    this.where = where;
    this.#path = path;
    this.#lock = new ReadingLock(where);
  }

  query(sql: string, parameters: readonly SqlValue[] = []): Promise<SqlRow[]> {
    return this.#enqueue(async () => this.#run(sql, parameters));
  }

  insert(target: InsertTarget, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    return this.transaction((connection) => connection.insert(target, rows));
  }

  insertGroups(target: GroupTarget, groups: () => Iterable<RowGroup>): Promise<void> {
    return this.transaction((connection) => connection.insertGroups(target, groups));
  }

  transaction<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> {
    return this.#enqueue(async () => {
      this.#run('BEGIN IMMEDIATE', []);
      try {
        const result = await work({
          query: async (sql, parameters = []) => this.#run(sql, parameters),
          insert: async (target, rows) => this.#insert(target, rows),
          insertGroups: async (target, groups) => this.#insertGroups(target, groups),
        });
        this.#run('COMMIT', []);
        return result;
      } catch (error) {
        if (this.#database.inTransaction) this.#run('ROLLBACK', []);
        throw error;
      }
    });
  }

  async holdReading(reader: Reader): Promise<Hold> {
    try {
      return this.#lock.hold(reader);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  async size(): Promise<number> {
    const [row] = await this.query(
      'SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()',
    );
    return Number(row?.['bytes'] ?? 0);
  }

  async giveBack(): Promise<void> {
    for (let before = Number.POSITIVE_INFINITY; ; ) {
      const [row] = await this.query(
        'SELECT page_count AS pages, freelist_count AS free FROM pragma_page_count(), pragma_freelist_count()',
      );
      const [pages, free] = [Number(row?.['pages'] ?? 0), Number(row?.['free'] ?? 0)];
      const excess = Math.floor((free - SPARE * pages) / (1 - SPARE));
      if (excess < 1 || pages >= before) return;
      before = pages;
      await this.#enqueue(async () => this.#vacuum(Math.min(excess, PAGES_A_STEP)));
    }
  }

  close(): Promise<void> {
    return this.#enqueue(async () => {
      this.#statements.clear();
      this.#lock.close();
      this.#database.close();
    });
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** A statement a row: one for many of them takes longer in libsql. */
  #insert(target: InsertTarget, rows: readonly (readonly SqlValue[])[]): void {
    try {
      const statement = this.#prepared(insertOf(target, Object.keys(target.columns)));
      // Handed over as they are, for there are ten thousands of them; their columns hold no bytes.
      for (const row of rows) statement.run(row);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /**
   * What is bound to a parameter stays so until something else is (SQLite: sqlite3_reset), and to bind a value takes as
   * long as to store two: a group's first row binds what all of them share, the others only what is their own. Were that
   * ever to change, a column that may not be NULL would be, and the transaction would fail.
   */
  #insertGroups(target: GroupTarget, groups: () => Iterable<RowGroup>): void {
    try {
      const columns = [...Object.keys(target.own), ...Object.keys(target.shared)];
      const statement = this.#prepared(insertOf(target, columns));
      for (const { shared, own } of groups()) {
        const [first, ...others] = own;
        if (first === undefined) continue;
        statement.run([...first, ...shared]);
        for (const row of others) statement.run(row);
      }
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #run(sql: string, parameters: readonly SqlValue[]): SqlRow[] {
    try {
      const statement = this.#prepared(sql);
      const bound = parameters.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
      if (statement.reader) return statement.all(...bound) as SqlRow[];
      statement.run(...bound);
      return [];
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Each page is a step of the statement, so that `run` would stop behind the first. */
  #vacuum(pages: number): void {
    try {
      this.#database.exec(`PRAGMA incremental_vacuum(${pages})`);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #prepared(sql: string): Database.Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql.replace(/\$(\d+)/g, '?$1'));
    this.#statements.set(sql, statement);
    return statement;
  }

  #explained(error: unknown): unknown {
    if (isInUse(error)) return inUse(error, this.#path);
    const code = String((error as { code?: unknown }).code ?? '');
    if (/^SQLITE_(READONLY|CANTOPEN|IOERR|FULL|PERM)/.test(code) || isReadOnly(code)) {
      return new Problem(EXIT.cannotWrite, `the ledger cannot be written: ${systemReason(error)}`, {
        where: this.#path,
        help: 'check the owner and the free space of the state directory; nothing was lost',
        cause: error,
      });
    }
    return isDamaged(error) ? damaged(error, this.#path) : error;
  }
}

/** SQLite has several reasons not to write, of which libsql has no names: 8 + 256 × n. */
function isReadOnly(code: string): boolean {
  const number = /^UNKNOWN_SQLITE_ERROR_(\d+)$/.exec(code)?.[1];
  return number !== undefined && Number(number) % 256 === 8;
}

function insertOf({ table, onConflict }: InsertTarget | GroupTarget, columns: readonly string[]): string {
  const values = columns.map((_, index) => `$${index + 1}`);
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values.join(', ')}) ${onConflict}`;
}

/** Whether SQLite says that another process keeps the file from us. */
export function isInUse(error: unknown): boolean {
  return /^SQLITE_(?:BUSY|LOCKED)/.test(String((error as { code?: unknown }).code ?? ''));
}

/** What to do about a file that another process keeps. */
export function inUse(cause: unknown, where: string): Problem {
  return new Problem(EXIT.tryAgain, 'the ledger is in use by another process', {
    where,
    help: 'wait for the other maillog-tlsrpt to finish, then run this again; nothing was lost',
    cause,
  });
}

/** Whether SQLite says that the file is no database, or a broken one. */
export function isDamaged(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(String(code ?? ''))) return true;
  return error instanceof Problem && cause !== undefined && isDamaged(cause);
}

/** What to do about a file that SQLite cannot read. */
export function damaged(cause: unknown, where: string): Problem {
  return new Problem(EXIT.config, `the ledger is damaged: ${systemReason(cause)}`, {
    where,
    help: 'put a backup in its place with `ledger restore FILE`; or move the file away, and the logs are read anew',
    cause,
  });
}

function cannotOpen(error: unknown, directory: string): Problem {
  if (error instanceof Problem) return error;
  const code = String((error as { code?: unknown }).code ?? '');
  const isDenied = code === 'EACCES' || code.startsWith('SQLITE_READONLY') || isReadOnly(code);
  return new Problem(EXIT.cannotWrite, `the state directory cannot be used: ${systemReason(error)}`, {
    where: directory,
    help: isDenied
      ? 'ask as root or as the user that owns it: sudo -u maillog-tlsrpt maillog-tlsrpt …'
      : 'make it, writable for the user that runs maillog-tlsrpt, or name another with `state:` or --state',
    cause: error,
  });
}
