import type { Ledger } from './ledger.ts';
import { migrate } from './migrations.ts';
import { openPostgres } from './postgres.ts';
import { isPostgresUrl } from './postgres-address.ts';
import { SqlLedger } from './sql-ledger.ts';
import { openSqlite } from './sqlite.ts';

/**
 * Opens the ledger that `state:` names: a directory holds one SQLite file, a `postgres://` URI is a database that
 * many hosts share.
 * @throws Problem (cannotWrite, tryAgain, config)
 */
export async function openLedger(state: string): Promise<Ledger> {
  const database = isPostgresUrl(state) ? await openPostgres(state) : openSqlite(state);
  try {
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return new SqlLedger(database);
}
