import { afterAll, beforeAll, expect, it } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { openLedger, openToLook } from '../../src/ledger/open.ts';
import { PostgresServer } from './postgres-server.ts';

let server: PostgresServer;
let database: string;
beforeAll(async () => {
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
  database = await server.createDatabase();
  const ledger = await openLedger(server.url(database));
  await ledger.setNote('kept', 1);
  await ledger.close();
  await server.sql(
    'CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader',
    database,
  );
});
afterAll(() => server.remove());

const as = (role: string, name = database) => server.url(name).replace('postgres@', `${role}@`);

it('a role that may only read looks at the ledger, and what it notes by the way is forgotten', async () => {
  const ledger = await openToLook(as('reader'));
  const name = await ledger.instance();
  expect(await ledger.instance()).toBe(name);
  await ledger.setNote('kept', 2);
  expect(await ledger.note('kept')).toBe(1);
  await ledger.close();
});

it('so does one whose server takes no writes, as a standby', async () => {
  await server.sql(
    'CREATE ROLE standby LOGIN SUPERUSER; ALTER ROLE standby SET default_transaction_read_only = on',
  );
  const ledger = await openToLook(as('standby'));
  await ledger.setNote('kept', 3);
  expect(await ledger.note('kept')).toBe(1);
  await ledger.close();
});

it('one who may write notes what is found out', async () => {
  const ledger = await openToLook(server.url(database));
  await ledger.setNote('found', 1);
  await ledger.close();
  expect(await server.sql("SELECT content FROM note WHERE name = 'found'", database)).toEqual([
    { content: '1' },
  ]);
});

it('what a command is there to write is refused to a role that may only read', async () => {
  const ledger = await openLedger(as('reader'));
  await expect(ledger.setNote('kept', 4)).rejects.toMatchObject({ exitCode: EXIT.config });
  await ledger.close();
});

it('a ledger of an older version is said to be one, and who brings it up to date', async () => {
  const older = await server.createDatabase(database);
  await server.sql("UPDATE meta SET content = '1' WHERE name = 'schema'", older);
  await expect(openToLook(as('reader', older))).rejects.toMatchObject({
    message: expect.stringContaining('of an older version'),
  });
});
