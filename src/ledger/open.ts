import type { Ledger } from './ledger.ts';
import { migrate } from './migrations.ts';
import { SqlLedger } from './sql-ledger.ts';
import { openSqlite, SQLITE_DIALECT } from './sqlite.ts';

/**
 * Opens the ledger that `state:` names: a directory holds one SQLite file.
 * @throws Problem (cannotWrite, tryAgain, config)
 */
export async function openLedger(state: string): Promise<Ledger> {
  const database = openSqlite(state);
  try {
    await migrate(database, SQLITE_DIALECT, state);
  } catch (error) {
    await database.close();
    throw error;
  }
  return new SqlLedger(database);
}
