import { afterAll, beforeAll } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';
import { describeLedger } from './ledger-contract.ts';
import { PostgresServer } from './postgres-server.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
});
afterAll(() => server.remove());

describeLedger('PostgreSQL', async () => {
  const url = server.url(await server.createDatabase());
  let ledger = await openLedger(url);
  return {
    ledger,
    async reopen() {
      await ledger.close();
      ledger = await openLedger(url);
      return ledger;
    },
    clean: () => ledger.close(),
  };
});
