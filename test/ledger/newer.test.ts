import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { migrate } from '../../src/ledger/migrations.ts';
import { openPostgres } from '../../src/ledger/postgres.ts';
import type { SqlDatabase } from '../../src/ledger/sql.ts';
import { SqlLedger } from '../../src/ledger/sql-ledger.ts';
import { openSqlite } from '../../src/ledger/sqlite.ts';
import { batchOf, NOON, sessions, success } from './batches.ts';
import { PostgresServer } from './postgres-server.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
});
afterAll(() => server.remove());

const NEWER = "UPDATE meta SET content = '99' WHERE name = 'schema'";
const REFUSED = {
  exitCode: EXIT.config,
  message: expect.stringContaining('newer maillog-tlsrpt (schema 99)'),
};

/** Gives a ledger that is open, and a second way into its database. */
async function withTwo(
  engine: string,
  work: (ledger: SqlLedger, other: SqlDatabase) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  const url = engine === 'SQLite' ? '' : server.url(await server.createDatabase());
  const open = async () => (url === '' ? openSqlite(directory) : await openPostgres(url));
  const [own, other] = [await open(), await open()];
  try {
    await migrate(own);
    await work(new SqlLedger(own), other);
  } finally {
    await own.close();
    await other.close();
    await rm(directory, { recursive: true });
  }
}

it.each(['SQLite', 'PostgreSQL'])(
  'reads nothing on into a ledger of %s that a newer program has taken over meanwhile',
  (engine) =>
    withTwo(engine, async (ledger, other) => {
      await ledger.commit(await batchOf(ledger));
      const batch = await batchOf(ledger, { sessions: sessions([success, 5]) });
      await other.query(NEWER);
      await expect(ledger.commit(batch)).rejects.toMatchObject(REFUSED);
      expect(await ledger.tallies({})).toMatchObject([{ count: 2 }]);
      expect(await ledger.logs()).toMatchObject([{ version: batch.expectedVersion }]);
    }),
);

it.each(['SQLite', 'PostgreSQL'])(
  'says of a table of %s that is another by now that a newer program was there, and of none else',
  (engine) =>
    withTwo(engine, async (ledger, other) => {
      const attribute = () =>
        ledger.attribute({ id: 'p1', domain: 'example.org', content: {} }, NOON, NOON, NOON);
      await attribute();
      await other.query('ALTER TABLE snapshot RENAME TO policies');
      await expect(attribute()).rejects.toThrow(/snapshot/);
      await other.query(NEWER);
      await expect(attribute()).rejects.toMatchObject(REFUSED);
    }),
);
