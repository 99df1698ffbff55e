import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openPostgres } from '../../src/ledger/postgres.ts';
import { openSqlite } from '../../src/ledger/sqlite.ts';
import { describeOlder } from './older-contract.ts';
import { PostgresServer } from './postgres-server.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
});
afterAll(() => server.remove());

describeOlder('SQLite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  const database = openSqlite(directory);
  return {
    database,
    async clean() {
      await database.close();
      await rm(directory, { recursive: true });
    },
  };
});

async function openOnServer(plain: boolean) {
  const database = await openPostgres(server.url(await server.createDatabase()), { plain });
  return { database, clean: () => database.close() };
}

describeOlder('PostgreSQL', () => openOnServer(false));
describeOlder("engines that speak PostgreSQL's protocol", () => openOnServer(true));
