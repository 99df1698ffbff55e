import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import type { IngestBatch, Ledger, TallyKey } from '../../src/ledger/ledger.ts';
import { migrate } from '../../src/ledger/migrations.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { openPostgres, type PostgresOptions } from '../../src/ledger/postgres.ts';
import { SqlLedger } from '../../src/ledger/sql-ledger.ts';
import { makeOlder } from './older-contract.ts';
import { PostgresServer } from './postgres-server.ts';

const HOUR = Date.parse('2026-11-20T10:00:00Z');

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
});
afterAll(() => server.remove());

async function openWith(database: string, options: PostgresOptions): Promise<Ledger> {
  const opened = await openPostgres(server.url(database), options);
  await migrate(opened);
  return new SqlLedger(opened);
}

function key(host: string, domain: string, hour = HOUR): TallyKey {
  return { hour, host, parser: 'postfix', recipientDomain: domain, outcome: 'success', basis: 'tls-line' };
}

/** One more session for each of many domains, upon the log's present version. */
async function batch(ledger: Ledger, host: string, name: string, hour = HOUR): Promise<IngestBatch> {
  const log = await ledger.log(host, 'postfix', name);
  const keys = Array.from({ length: 200 }, (_, index) => key(host, `d${index}.example`, hour));
  return {
    logId: log.id,
    ingestedAt: HOUR,
    sessions: new Map(keys.map((one) => [one.recipientDomain, { key: one, count: 1 }])),
    openChanged: [],
    openDeleted: [],
    expectedVersion: log.version,
    refuseOverlap: false,
  };
}

async function total(ledger: Ledger): Promise<number> {
  return (await ledger.tallies({})).reduce((sum, { count }) => sum + count, 0);
}

it('makes its tables once when eight hosts start at a time', async () => {
  const url = server.url(await server.createDatabase());
  const ledgers = await Promise.all(Array.from({ length: 8 }, () => openLedger(url)));
  const instances = await Promise.all(ledgers.map((ledger) => ledger.instance()));
  expect(new Set(instances).size).toBe(1);
  await Promise.all(ledgers.map((ledger) => ledger.close()));
});

it('brings an older ledger up to date once when eight hosts start at a time', async () => {
  const name = await server.createDatabase();
  const url = server.url(name);
  const older = await openPostgres(url);
  await makeOlder(older);
  await older.close();
  // As the first version's tables are: without what the later steps add.
  await server.sql(
    "ALTER TABLE log DROP COLUMN read_at; UPDATE meta SET content = '1' WHERE name = 'schema'",
    name,
  );
  const ledgers = await Promise.all(Array.from({ length: 8 }, () => openLedger(url)));
  expect(await server.sql("SELECT content FROM meta WHERE name = 'schema'", name)).not.toEqual([
    { content: '1' },
  ]);
  await ledgers[0]?.commit(await batch(ledgers[0], 'mta1', 'log'));
  expect(await ledgers[7]?.logs()).toMatchObject([{ host: 'mta1', version: 1 }]);
  await Promise.all(ledgers.map((ledger) => ledger.close()));
});

it('makes its tables once when eight hosts start at a time where there is no lock for that', async () => {
  for (let round = 0; round < 3; round++) {
    const name = await server.createDatabase();
    const opening = Array.from({ length: 8 }, () => openWith(name, { plain: true }));
    const ledgers = await Promise.all(opening);
    const instances = await Promise.all(ledgers.map((ledger) => ledger.instance()));
    expect(new Set(instances).size).toBe(1);
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  }
});

it('is refused when a newer program has made its tables, and left as it is', async () => {
  const name = await server.createDatabase();
  const url = server.url(name);
  await (await openLedger(url)).close();
  await server.sql("UPDATE meta SET content = '99' WHERE name = 'schema'", name);
  await expect(openLedger(url)).rejects.toMatchObject({
    exitCode: EXIT.config,
    message: expect.stringContaining('written by a newer maillog-tlsrpt (schema 99)'),
  });
  expect(await server.sql("SELECT content FROM meta WHERE name = 'schema'", name)).toEqual([
    { content: '99' },
  ]);
});

it('counts eight writers of the same tallies exactly, each of its own log', async () => {
  const url = server.url(await server.createDatabase());
  const ledgers = await Promise.all(Array.from({ length: 8 }, () => openLedger(url)));
  await Promise.all(
    ledgers.map(async (ledger, index) => {
      for (let pass = 0; pass < 5; pass++) await ledger.commit(await batch(ledger, 'mta1', `log${index}`));
    }),
  );
  const [ledger] = ledgers;
  if (ledger === undefined) throw new Error('no ledger');
  expect(await total(ledger)).toBe(8 * 5 * 200);
  expect(await ledger.tallies({})).toHaveLength(200);
  await Promise.all(ledgers.map((one) => one.close()));
});

it('lets no host wait for another: none of its rows is one of theirs', async () => {
  const name = await server.createDatabase();
  const ledger = await openLedger(server.url(name));
  const checkIn = (host: string) => ledger.checkIn(host, '1', HOUR);
  for (const host of ['mta1', 'mta2']) {
    await ledger.commit(await batch(ledger, host, 'log'));
    await checkIn(host);
  }
  const slow = new pg.Client({ connectionString: server.url(name) });
  await slow.connect();
  await slow.query('BEGIN');
  // As in the middle of a commit that takes long: all that is mta1's is locked, and all that it adds is not there yet.
  for (const table of ['log', 'segment', 'tally', 'traffic', 'trusting', 'host'])
    await slow.query(`SELECT 1 FROM ${table} WHERE host = 'mta1' FOR UPDATE`);
  await slow.query("UPDATE tally SET sessions = sessions + 1 WHERE host = 'mta1'");
  await slow.query("UPDATE traffic SET sessions = sessions + 200 WHERE host = 'mta1'");
  await ledger.commit(await batch(ledger, 'mta2', 'log'));
  await checkIn('mta2');
  expect(await total(ledger)).toBe(600);
  // The test can fail: a second batch of mta1's does wait.
  const waiting = batch(ledger, 'mta1', 'log').then((own) => ledger.commit(own));
  await expect
    .poll(async () => (await server.sql('SELECT 1 FROM pg_locks WHERE NOT granted', name)).length)
    .toBeGreaterThan(0);
  await slow.query('COMMIT');
  await waiting;
  expect(await total(ledger)).toBe(1000);
  await slow.end();
  await ledger.close();
});

describe('a server that goes away', () => {
  it('is waited for, and what was under way is done once', async () => {
    const ledger = await openLedger(server.url(await server.createDatabase()));
    const first = await batch(ledger, 'mta1', 'log');
    await ledger.commit(first);
    await server.stop('immediate');
    const waiting = [ledger.instance(), ledger.commit({ ...first, expectedVersion: 1 })] as const;
    await server.start();
    await Promise.all(waiting);
    expect(await total(ledger)).toBe(400);
    await server.stop('fast');
    await server.start();
    expect(await ledger.logs()).toMatchObject([{ version: 2 }]);
    await ledger.close();
  });

  it('for longer is a reason to try again later; nothing is lost', async () => {
    const name = await server.createDatabase();
    const ledger = await openWith(name, { patience: 200 });
    const lost = await batch(ledger, 'mta1', 'log');
    await server.stop('immediate');
    const away = {
      exitCode: EXIT.tryAgain,
      message: expect.stringMatching(/^the database cannot be reached/),
    };
    await expect(ledger.commit(lost)).rejects.toMatchObject(away);
    await expect(ledger.logs()).rejects.toMatchObject(away);
    await expect(openLedger(server.url(name))).rejects.toMatchObject(away);
    await server.start();
    await ledger.commit(lost);
    expect(await total(ledger)).toBe(200);
    await ledger.close();
  });
});

describe('partitions', () => {
  const partitions = async (database: string) =>
    (
      await server.sql(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'tally'::regclass ORDER BY 1",
        database,
      )
    ).map(({ name }) => name);

  it('are made for each day by whoever comes first, and dropped with it', async () => {
    const database = await server.createDatabase();
    const hosts = await Promise.all(Array.from({ length: 4 }, () => openLedger(server.url(database))));
    const days = [HOUR, HOUR + 86_400_000];
    await Promise.all(
      hosts.map(async (ledger, index) => {
        for (const hour of days) await ledger.commit(await batch(ledger, `mta${index}`, 'log', hour));
      }),
    );
    expect(await partitions(database)).toEqual(['tally_20261120', 'tally_20261121']);
    const [first, second] = hosts;
    if (first === undefined || second === undefined) throw new Error('no ledger');
    expect(await first.prune('2026-11-21', HOUR)).toEqual({ tallies: 0, reports: 0 });
    expect(await first.prune('2026-11-21', HOUR + 1)).toEqual({ tallies: 800, reports: 0 });
    expect(await partitions(database)).toEqual(['tally_20261121']);
    // This one still believes in the day that the other has dropped.
    await second.commit(await batch(second, 'mta1', 'log'));
    expect(await partitions(database)).toEqual(['tally_20261120', 'tally_20261121']);
    expect(await total(second)).toBe(800 + 200);
    await Promise.all(hosts.map((ledger) => ledger.close()));
  });

  it('are left to the next run while somebody reads them for long, as a backup does', async () => {
    const database = await server.createDatabase();
    const ledger = await openLedger(server.url(database));
    await ledger.commit(await batch(ledger, 'mta1', 'log'));
    await ledger.commit(await batch(ledger, 'mta1', 'log', HOUR + 86_400_000));
    const backup = new pg.Client({ connectionString: server.url(database) });
    await backup.connect();
    await backup.query('BEGIN; LOCK TABLE tally IN ACCESS SHARE MODE');
    expect(await ledger.prune('2026-11-22', HOUR + 1)).toEqual({ tallies: 0, reports: 0 });
    expect(await partitions(database)).toHaveLength(2);
    await backup.query('COMMIT');
    expect(await ledger.prune('2026-11-22', HOUR + 1)).toEqual({ tallies: 400, reports: 0 });
    await backup.end();
    await ledger.close();
  });
});

it('what the administrator let run for too short a time is tried again later, and what to do is said', async () => {
  const database = await server.createDatabase();
  await server.sql(`ALTER DATABASE ${database} SET statement_timeout = '1s'`);
  const opened = await openPostgres(server.url(database));
  await expect(opened.query('SELECT pg_sleep(5)')).rejects.toMatchObject({
    exitCode: EXIT.tryAgain,
    message: expect.stringMatching(/^the database gave up: .*statement timeout/),
    help: expect.stringContaining('statement_timeout'),
  });
  await opened.close();
});
