import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ledger } from './ledger.ts';
import { lookingLedger } from './looking.ts';
import { migrate } from './migrations.ts';
import { openPostgres } from './postgres.ts';
import { isPostgresUrl } from './postgres-address.ts';
import type { SqlDatabase } from './sql.ts';
import { SqlLedger } from './sql-ledger.ts';
import { emptySqlite, LEDGER_FILE, openSqlite } from './sqlite.ts';
import { openSqliteToLook } from './sqlite-look.ts';

/**
 * Opens the ledger that `state:` names: a directory holds one SQLite file, a `postgres://` URI is a database that
 * many hosts share.
 * @throws Problem (cannotWrite, tryAgain, config)
 */
export async function openLedger(state: string): Promise<Ledger> {
  return migrated(isPostgresUrl(state) ? await openPostgres(state) : openSqlite(state));
}

/**
 * Opens the ledger for one who only looks, and need not be allowed to write. Where there is none yet none is made: an
 * empty one stands for it, in memory.
 * @throws Problem (cannotWrite, tryAgain, config); closing it raises one (tryAgain) when what was read may be of two times
 */
export async function openToLook(state: string): Promise<Ledger> {
  if (isPostgresUrl(state)) return migrated(await openPostgres(state, { looks: true }));
  return migrated((await isUntouched(state)) ? emptySqlite(state) : openSqliteToLook(state));
}

/**
 * Opens the ledger for one who writes into it what only belongs there once something was read: where there is none yet
 * none is made, as {@link openToLook} does.
 * @throws Problem (cannotWrite, tryAgain, config)
 */
export async function openIfThere(state: string): Promise<Ledger> {
  return (await isUntouched(state)) ? migrated(emptySqlite(state)) : openLedger(state);
}

/** Whether nobody has made the ledger yet that `state:` names. */
export async function isUntouched(state: string): Promise<boolean> {
  if (isPostgresUrl(state)) return false;
  return stat(join(state, LEDGER_FILE)).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}

async function migrated(database: SqlDatabase): Promise<Ledger> {
  try {
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  const ledger = new SqlLedger(database);
  return database.readOnly === true ? lookingLedger(ledger, database) : ledger;
}
