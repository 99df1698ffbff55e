import { join } from 'node:path';
import Database from 'libsql';
import { makeForOwner } from './ownership.ts';
import { type Hold, type Reader, readerFrom, readerText } from './reader.ts';

/** How long to wait for a process that is just writing down its name. */
const BUSY_MS = 50;
const MAX_TAKINGS = 5;

/**
 * The right to read logs into the ledger of a state directory: an open transaction on a database of its own beside it.
 * The kernel ends it with its process, so a dead one never stands in the way; the one row says who is at it.
 */
export class ReadingLock {
  readonly #directory: string;
  #database: Database.Database | undefined;
  #held: Reader | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  hold(reader: Reader): Hold {
    if (this.#held !== undefined) return { holder: this.#held };
    const database = this.#open();
    for (let taking = 1; ; taking++) {
      if (!begin(database)) return { holder: readerFrom(nameIn(database)) };
      const named = nameIn(database) === readerText(reader);
      if (named || taking === MAX_TAKINGS) break;
      if (!write(database, readerText(reader))) return { holder: readerFrom(nameIn(database)) };
    }
    this.#held = reader;
    return { release: async () => this.#release() };
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #release(): void {
    this.#held = undefined;
    this.#database?.exec('ROLLBACK');
  }

  #open(): Database.Database {
    if (this.#database !== undefined) return this.#database;
    const path = join(this.#directory, 'reading.sqlite');
    makeForOwner(path, this.#directory);
    const database = new Database(path, { timeout: BUSY_MS });
    // Nothing in it need outlive a power cut.
    database.pragma('synchronous = OFF');
    this.#database = database;
    return database;
  }
}

/** False when another has it. */
function begin(database: Database.Database): boolean {
  return unlessBusy(() => database.exec('BEGIN IMMEDIATE'));
}

/** Writes down who has it, which ends the transaction. */
function write(database: Database.Database, text: string): boolean {
  const written = unlessBusy(() => {
    database.exec('CREATE TABLE IF NOT EXISTS reader (id INTEGER PRIMARY KEY, content TEXT NOT NULL)');
    database.prepare('INSERT OR REPLACE INTO reader (id, content) VALUES (1, ?)').run(text);
    database.exec('COMMIT');
  });
  if (database.inTransaction) database.exec('ROLLBACK');
  return written;
}

function nameIn(database: Database.Database): string | undefined {
  let name: string | undefined;
  unlessBusy(() => {
    const made = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'reader'").get();
    if (made === undefined) return;
    const row = database.prepare('SELECT content FROM reader').get() as { content: string } | undefined;
    name = row?.content;
  });
  return name;
}

function unlessBusy(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (String((error as { code?: unknown }).code ?? '').startsWith('SQLITE_BUSY')) return false;
    throw error;
  }
}
