import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';
import { EXIT, Problem } from '../errors.ts';
import type { SqlDatabase } from './sql.ts';
import { damaged, isDamaged, openSqlite, SqliteDatabase } from './sqlite.ts';

const BUSY_MS = 20_000;
/** What the system says to who may not write. */
const FORBIDDEN: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * Opens the ledger's SQLite file for who only looks: a monitor's user need not have the right to write. While no process
 * has the file open there is no write-ahead log, and it is read as it lies there; what is then written meanwhile is
 * noticed when it is closed.
 * @throws Problem (cannotWrite) when it cannot be read, and says as whom it can; (config) when it is damaged
 */
export function openSqliteToLook(directory: string, mayWrite = mayWriteTo(directory)): SqlDatabase {
  if (mayWrite) return openSqlite(directory);
  const path = join(directory, 'ledger.sqlite');
  try {
    const atRest = !existsSync(`${path}-wal`);
    const before = atRest ? stampOf(path) : undefined;
    // libsql heeds no `readonly` of its own.
    const name = `${pathToFileURL(path).href}?${atRest ? 'immutable=1' : 'mode=ro'}`;
    const database = new Database(name, { timeout: BUSY_MS });
    database.prepare('SELECT COUNT(*) AS found FROM sqlite_master').all();
    return new LookedAt(database, directory, path, before);
  } catch (error) {
    if (isDamaged(error)) throw damaged(error, path);
    throw new Problem(EXIT.cannotWrite, 'the ledger cannot be read by this user', {
      where: path,
      help: 'ask as root or as the user that owns it: sudo -u maillog-tlsrpt maillog-tlsrpt …',
      cause: error,
    });
  }
}

/** Without the right to write to both, SQLite cannot take part in what others write. */
function mayWriteTo(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    accessSync(join(directory, 'ledger.sqlite'), constants.W_OK);
    return true;
  } catch (error) {
    // What else is wrong with it, opening it says.
    return !FORBIDDEN.has((error as NodeJS.ErrnoException).code ?? '');
  }
}

/** Changes whenever the file is written. */
function stampOf(path: string): string {
  const { mtimeNs, size } = statSync(path, { bigint: true });
  return `${mtimeNs} ${size}`;
}

class LookedAt extends SqliteDatabase {
  readonly readOnly = true;
  readonly #path: string;
  readonly #before: string | undefined;

  /** @param before the file's stamp, where it is read as if nobody wrote it */
  constructor(database: Database.Database, directory: string, path: string, before: string | undefined) {
    super(database, directory, path);
    this.#path = path;
    this.#before = before;
  }

  /** @throws Problem (tryAgain) when what was read may be of two times */
  override async close(): Promise<void> {
    await super.close();
    if (this.#before !== undefined && this.#before !== stampOf(this.#path))
      throw new Problem(EXIT.tryAgain, 'the ledger was written while it was looked at', {
        where: this.#path,
        help: 'ask again; who may write to it is not kept from looking',
      });
  }
}
