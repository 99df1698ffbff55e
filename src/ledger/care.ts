import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import Database from 'libsql';
import { EXIT, Problem, systemReason } from '../errors.ts';
import { checkDatabase, type LedgerChecked } from './check.ts';
import { closingAfter } from './closing.ts';
import { RESTORED_NOTE } from './ledger.ts';
import { makeDirectory } from './make-directory.ts';
import { migrate } from './migrations.ts';
import { giveToOwner } from './ownership.ts';
import { openPostgres } from './postgres.ts';
import { isPostgresUrl } from './postgres-address.ts';
import type { SqlConnection } from './sql.ts';
import { SqlLedger } from './sql-ledger.ts';
import { isDamaged, openSqlite } from './sqlite.ts';
import { openSqliteToLook } from './sqlite-look.ts';

const FILE = 'ledger.sqlite';
/** The first bytes of every SQLite file. */
const MAGIC = 'SQLite format 3\0';

/**
 * Looks whether the ledger that `state:` names is whole.
 * @throws Problem (config, cannotWrite); (tryAgain) when a file was written meanwhile that this user may only read
 */
export async function checkLedger(state: string): Promise<LedgerChecked> {
  try {
    const database = isPostgresUrl(state) ? await openPostgres(state) : openSqliteToLook(state);
    const check = async () => {
      await migrate(database);
      return checkDatabase(database);
    };
    // Of two times, nothing can be said of the whole.
    return await closingAfter(database, check, (problem) => {
      throw problem;
    });
  } catch (error) {
    // So broken that SQLite does not even begin to look.
    if (!(error instanceof Problem) || !isDamaged(error)) throw error;
    return { faults: [{ id: 'file-damaged', text: error.message }], rows: {} };
  }
}

/**
 * Copies the ledger while others work on it: one moment of it, whole, into a file that is not there yet.
 * @throws Problem (usage, cannotWrite, tryAgain)
 */
export async function backupLedger(state: string, file: string): Promise<void> {
  refusePostgres(
    state,
    'a shared ledger is backed up by its database server',
    'pg_dump --format=custom --file=tlsrpt.dump DATABASE, while every host goes on',
  );
  const database = openSqlite(state);
  const temporary = besides(file);
  try {
    // Who may not read the ledger may not read this either.
    closeSync(openSync(temporary, 'wx', 0o640));
    await migrate(database);
    // Part of every report-id: one that is made only after the backup would be another after the restore.
    await new SqlLedger(database).instance();
    await database.query('VACUUM INTO $1', [temporary]);
    sync(temporary);
    // Unlike a rename, a link does not take the place of what is there.
    linkSync(temporary, file);
    sync(dirname(resolve(file)));
  } catch (error) {
    throw cannotWrite(error, file);
  } finally {
    rmSync(temporary, { force: true });
    await database.close();
  }
}

/**
 * Puts a backup in the ledger's place; what was there is kept beside it. What waits in the outbox is held, and so are
 * the days that are over by now: reports that went out after the backup was made must not go again by themselves.
 * @param now UTC ms
 * @returns where the former ledger is now, if there was one
 * @throws Problem (usage, data, tryAgain, cannotWrite, config)
 */
export async function restoreLedger(state: string, file: string, now: number): Promise<string | undefined> {
  refusePostgres(
    state,
    'a shared ledger is restored by its database server',
    'stop maillog-tlsrpt on every host; pg_restore --clean --if-exists --dbname=DATABASE tlsrpt.dump; `ledger restored`; start them again',
  );
  demandBackup(file);
  const path = join(state, FILE);
  const place = besides(path);
  try {
    makeDirectory(place, 0o750);
    await copyFile(file, join(place, FILE));
    await prepare(place, file, now).catch((error: unknown) => {
      throw ofBackup(error, file);
    });
    const former = existsSync(path) ? formerName(state, now) : undefined;
    if (former !== undefined) {
      demandAlone(path);
      linkSync(path, former);
      // What a damaged ledger had not taken over belongs to it, and must not be taken over by the new one.
      if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${former}-wal`);
      rmSync(`${path}-shm`, { force: true });
    }
    giveToOwner(join(place, FILE), state);
    renameSync(join(place, FILE), path);
    sync(state);
    return former;
  } catch (error) {
    throw cannotWrite(error, path);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/**
 * To be done after the server's own means have restored a shared ledger: what waits in its outbox is held, and so are
 * the days that are over by now, as {@link restoreLedger} does with a file.
 * @param now UTC ms
 * @throws Problem (usage, data, tryAgain, config)
 */
export async function holdRestored(state: string, now: number): Promise<void> {
  if (!isPostgresUrl(state))
    throw new Problem(EXIT.usage, 'this ledger is a file, and `ledger restore` does all that is to be done', {
      help: 'ledger restore FILE',
    });
  const database = await openPostgres(state);
  try {
    await migrate(database);
    const { faults } = await checkDatabase(database);
    if (faults[0] !== undefined)
      throw new Problem(EXIT.data, `the restored ledger is damaged: ${faults[0].text}`, {
        where: database.where,
        help: 'restore an older backup',
      });
    await database.transaction((connection) => holdBack(connection, now));
  } finally {
    await database.close();
  }
}

/** Proves a copy of a backup, brings it up to date, and holds what may have gone out since. */
async function prepare(place: string, file: string, now: number): Promise<void> {
  const database = openSqlite(place);
  try {
    await migrate(database);
    const { faults } = await checkDatabase(database);
    if (faults[0] !== undefined)
      throw new Problem(EXIT.data, `the backup is damaged: ${faults[0].text}`, {
        where: file,
        help: 'take an older one; nothing was changed',
      });
    await holdBack(database, now);
    // All of it in the one file that is then moved.
    await database.query('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    await database.close();
  }
  sync(join(place, FILE));
}

/** What is wrong with the copy is wrong with the backup, which is what people know by name. */
function ofBackup(error: unknown, file: string): unknown {
  if (!(error instanceof Problem)) return error;
  if (isDamaged(error))
    return new Problem(EXIT.data, `the backup is damaged: ${systemReason(error.cause)}`, {
      where: file,
      help: 'take an older one; nothing was changed',
      cause: error,
    });
  if (error.exitCode !== EXIT.config) return error;
  return new Problem(error.exitCode, error.message, { where: file, help: error.help, cause: error });
}

async function holdBack(database: SqlConnection, now: number): Promise<void> {
  await database.query(
    `UPDATE outbox SET state = 'held', last_result = 'the ledger was restored from a backup: it may have gone out since'
     WHERE state IN ('due', 'sending', 'retry')`,
  );
  await database.query(
    'INSERT INTO note (name, content) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET content = excluded.content',
    [RESTORED_NOTE, String(now)],
  );
}

/** Only the last one to have a database open can turn its journal off. A damaged one nobody can work with. */
function demandAlone(path: string): void {
  const database = new Database(path, { timeout: 100 });
  try {
    database.pragma('journal_mode = DELETE');
  } catch (cause) {
    if (isDamaged(cause)) return;
    throw new Problem(EXIT.tryAgain, 'the ledger is in use, and cannot be replaced under those who use it', {
      where: path,
      help: 'stop them first: systemctl stop maillog-tlsrpt.timer maillog-tlsrpt.service maillog-tlsrpt-follow.service',
      cause,
    });
  } finally {
    database.close();
  }
}

function demandBackup(file: string): void {
  const head = Buffer.alloc(MAGIC.length);
  try {
    const descriptor = openSync(file, 'r');
    readSync(descriptor, head, 0, head.length, 0);
    closeSync(descriptor);
  } catch (cause) {
    throw new Problem(EXIT.data, `the backup cannot be read: ${systemReason(cause)}`, { where: file, cause });
  }
  if (head.toString('latin1') === MAGIC) return;
  throw new Problem(EXIT.data, 'this is no backup of a ledger', {
    where: file,
    help: 'name a file that `ledger backup` made',
  });
}

function refusePostgres(state: string, message: string, help: string): void {
  if (isPostgresUrl(state)) throw new Problem(EXIT.usage, message, { help });
}

function cannotWrite(error: unknown, where: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof Problem || code === undefined || code.startsWith('SQLITE')) return error;
  return new Problem(EXIT.cannotWrite, `the file cannot be written: ${writeReason(code, error, where)}`, {
    where,
    cause: error,
  });
}

function writeReason(code: string, error: unknown, path: string): string {
  if (code === 'EEXIST') return 'it exists already, and is left as it is';
  return code === 'ENOENT' ? `there is no directory ${dirname(resolve(path))}` : systemReason(error);
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function besides(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}

/** Where a ledger that is replaced is kept; none that was kept before is taken the place of. */
function formerName(state: string, now: number): string {
  const stamp = new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '');
  for (let i = 1; ; i++) {
    const path = join(state, `ledger.before-${stamp}${i === 1 ? '' : `-${i}`}.sqlite`);
    if (!existsSync(path)) return path;
  }
}
