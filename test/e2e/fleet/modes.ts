import type { Ledger } from '../../../src/ledger/ledger.ts';
import { migrate } from '../../../src/ledger/migrations.ts';
import { openPostgres } from '../../../src/ledger/postgres.ts';
import { SqlLedger } from '../../../src/ledger/sql-ledger.ts';

/** Short, for a dead leader's must run out before another goes on. */
const LEASE = { valid: 500, renew: 100 };

/** Opens a shared ledger: plain, with a lease in place of advisory locks, or with all that PostgreSQL has. */
export async function openMode(state: string, plain: boolean): Promise<Ledger> {
  const database = await openPostgres(state, plain ? { plain, lease: LEASE } : {});
  await migrate(database);
  return new SqlLedger(database);
}
