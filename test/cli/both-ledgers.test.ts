import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { PostgresServer } from '../ledger/postgres-server.ts';
import { startTxtServer, type TxtServer } from '../receivers/dns.ts';
import { saidByBoth } from './both-ledgers.ts';
import { makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

let server: PostgresServer;
let dns: TxtServer;
beforeAll(async () => {
  dns = await startTxtServer((name) =>
    name === '_smtp._tls.wildcard.test' ? ['v=TLSRPTv1; rua=mailto:tls@wildcard.test'] : undefined,
  );
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
});
afterAll(async () => {
  await server?.remove();
  await dns.close();
});

let place: Place;
let shared: string;
beforeEach(async () => {
  place = await makePlace(`mta: {honours: []}\ndns: {servers: ['${dns.address}']}\nmail: {dkim: mta}\n`);
  shared = server.url(await server.createDatabase());
});
afterEach(() => place.remove());

it('says the same whether the ledger is a file or a database', async () => {
  const commands = [
    ['backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta1'],
    ['backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta1'],
    ['status', '--json'],
    ['status'],
    ['status', '--check'],
    ['report', '--json'],
    ['report', '--domain', 'wildcard.test'],
    ['posture', '--json'],
    ['metrics'],
    ['send', '--dry-run', '--day', '2026-11-23'],
    ['run', '--offline'],
    ['status', '--json'],
  ];
  for (const words of commands) {
    const [own, common] = await saidByBoth(place, shared, () => words);
    expect(common, words.join(' ')).toBe(own);
    expect(own.length, words.join(' ')).toBeGreaterThan(2);
    if (words[0] === 'send') expect(own).toContain('tls@wildcard.test');
  }
});

it('exits 75 when the database is away', async () => {
  const away = 'postgres://u@127.0.0.1:1/d';
  for (const words of [['run', '--offline'], ['status'], ['backfill', SAMPLE_LOG, '--timezone', 'UTC']]) {
    const result = await runCli([...words, '--config', place.config, '--state', away]);
    expect(result).toMatchObject({
      code: 75,
      stderr: expect.stringMatching(/the database cannot be reached/),
    });
  }
});
