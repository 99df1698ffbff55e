import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';
import { EXIT, Problem, systemReason } from '../errors.ts';
import type { SqlDatabase } from './sql.ts';
import { damaged, inUse, isDamaged, isInUse, openSqlite, SqliteDatabase } from './sqlite.ts';

const BUSY_MS = 20_000;
/** What the system says to who may not write. */
const FORBIDDEN: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * Opens the ledger's SQLite file for who only looks: a monitor's user need not have the right to write. While no process
 * has the file open there is no write-ahead log, and it is read as it lies there; what is then written meanwhile is
 * noticed when it is closed.
 * @param patience how long another process may keep it from being read, ms
 * @throws Problem (cannotWrite) when it cannot be read, and says as whom it can; (tryAgain) when another process keeps it;
 *   (config) when it is damaged
 */
export function openSqliteToLook(
  directory: string,
  mayWrite = mayWriteTo(directory),
  patience = BUSY_MS,
): SqlDatabase {
  if (mayWrite) return openSqlite(directory);
  const path = join(directory, 'ledger.sqlite');
  try {
    const atRest = !existsSync(`${path}-wal`);
    const before = atRest ? stampOf(path) : undefined;
    // libsql heeds no `readonly` of its own.
    const name = `${pathToFileURL(path).href}?${atRest ? 'immutable=1' : 'mode=ro'}`;
    const database = new Database(name, { timeout: patience });
    database.prepare('SELECT COUNT(*) AS found FROM sqlite_master').all();
    return new LookedAt(database, directory, path, before);
  } catch (error) {
    throw unreadable(error, path);
  }
}

/** What to say of a ledger that could not be opened to be looked at; a bug stays one. */
function unreadable(error: unknown, path: string): unknown {
  if (isDamaged(error)) return damaged(error, path);
  if (isInUse(error)) return inUse(error, path);
  if (typeof (error as { code?: unknown }).code !== 'string') return error;
  if (isForbidden(error, path))
    return new Problem(EXIT.cannotWrite, 'the ledger cannot be read by this user', {
      where: path,
      help: 'ask as root or as the user that owns it: sudo -u maillog-tlsrpt maillog-tlsrpt …',
      cause: error,
    });
  const reason = isConnectionFailure(error) ? 'SQLite cannot open it' : systemReason(error);
  return new Problem(EXIT.cannotWrite, `the ledger cannot be read: ${reason}`, {
    where: path,
    help: 'see that it is a file, and that its file system can be read',
    cause: error,
  });
}

/** Whether it is this user who may not: read the file, or take part in the journal of those who have it open. */
function isForbidden(error: unknown, path: string): boolean {
  const { code } = error as { readonly code?: unknown };
  if (FORBIDDEN.has(String(code))) return true;
  try {
    accessSync(path, constants.R_OK);
  } catch (denied) {
    return FORBIDDEN.has((denied as NodeJS.ErrnoException).code ?? '');
  }
  const closed = isConnectionFailure(error) || /^SQLITE_(?:CANTOPEN|READONLY|PERM|AUTH)/.test(String(code));
  return closed && existsSync(`${path}-wal`);
}

/** libsql has no code for it. */
function isConnectionFailure(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('ConnectionFailed(');
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

/** Changes whenever the file is written. @throws what the system says of a file that is not there any more */
function stampOf(path: string): string {
  const { mtimeNs, size } = statSync(path, { bigint: true });
  return `${mtimeNs} ${size}`;
}

/** What became of a file since it had a stamp; undefined if nothing. */
function changeSince(before: string, path: string): string | undefined {
  try {
    return stampOf(path) === before ? undefined : 'written';
  } catch {
    // Restored, moved away, or its directory closed to us.
    return 'taken away';
  }
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
    const change = this.#before === undefined ? undefined : changeSince(this.#before, this.#path);
    if (change !== undefined)
      throw new Problem(EXIT.tryAgain, `the ledger was ${change} while it was looked at`, {
        where: this.#path,
        help: 'ask again; who may write to it is not kept from looking',
      });
  }
}
