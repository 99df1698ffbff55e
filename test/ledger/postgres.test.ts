import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { migrate } from '../../src/ledger/migrations.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { openPostgres } from '../../src/ledger/postgres.ts';
import { SqlLedger } from '../../src/ledger/sql-ledger.ts';
import { describeKeeping } from './keeping-contract.ts';
import { describeLedger } from './ledger-contract.ts';
import { PostgresServer } from './postgres-server.ts';
import { describeSums } from './sums-contract.ts';
import { describeTallies } from './tallies-contract.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
});
afterAll(() => server.remove());

async function openPlace(openIt: (url: string) => Promise<Ledger>) {
  const url = server.url(await server.createDatabase());
  let ledger = await openIt(url);
  return {
    ledger,
    async reopen() {
      await ledger.close();
      ledger = await openIt(url);
      return ledger;
    },
    clean: () => ledger.close(),
  };
}

/** As on an engine that speaks PostgreSQL's protocol and has neither its advisory locks nor its partitions. */
async function openPlain(url: string): Promise<Ledger> {
  const database = await openPostgres(url, { plain: true });
  await migrate(database);
  return new SqlLedger(database);
}

it('hands the right to read over at once when its holder has died, and reads for each host apart', async () => {
  const { ledger, clean } = await openPlace(openLedger);
  const dead = { pid: spawnSync('true').pid, command: 'run', host: 'mta1' };
  const reader = { pid: process.pid, command: 'follow', host: 'mta1' };
  expect(await ledger.holdReading(dead)).toHaveProperty('release');
  const hold = await ledger.holdReading(reader);
  expect(hold).toHaveProperty('release');
  const elsewhere = await ledger.holdReading({ ...reader, host: 'mta2' });
  for (const one of [hold, elsewhere]) if ('release' in one) await one.release();
  await clean();
});

it('orders as every ledger does, whatever the collation of the database', async () => {
  await server.sql(
    "CREATE DATABASE english TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'",
  );
  const ledger = await openLedger(server.url('english'));
  for (const host of ['a', 'B', '_', '0']) await ledger.checkIn(host, '1', 0);
  expect((await ledger.hosts()).map(({ host }) => host)).toEqual(['0', 'B', '_', 'a']);
  await ledger.close();
});

it('tells how far the clock of a machine is ahead of its own', async () => {
  const name = await server.createDatabase();
  for (const [plain, minutes] of [
    [false, 40],
    [true, -3],
  ] as const) {
    const clock = { now: () => Date.now() + minutes * 60_000 };
    const database = await openPostgres(server.url(name), { plain, clock });
    await migrate(database);
    const ledger = new SqlLedger(database);
    expect(Math.round(((await ledger.clockAhead()) ?? 0) / 60_000)).toBe(minutes);
    await ledger.checkIn('mta1', '1', 0);
    await ledger.setNote('host:mta1', { at: 1 });
    expect(await ledger.hosts()).toEqual([{ host: 'mta1', program: '1', seenAt: 0, noted: { at: 1 } }]);
    await ledger.close();
  }
});

it("does not ask engines that only speak PostgreSQL's protocol for their size", async () => {
  const { ledger, clean } = await openPlace(openPlain);
  expect(await ledger.size()).toBeUndefined();
  await clean();
});

describeLedger('PostgreSQL', () => openPlace(openLedger));
describeTallies('PostgreSQL', () => openPlace(openLedger));
describeLedger("engines that speak PostgreSQL's protocol", () => openPlace(openPlain));
describeTallies("engines that speak PostgreSQL's protocol", () => openPlace(openPlain));
describeSums('PostgreSQL', () => openPlace(openLedger));
describeKeeping('PostgreSQL', () => openPlace(openLedger));
