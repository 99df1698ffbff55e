import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { saidByBoth } from '../../cli/both-ledgers.ts';
import { makePlace, type Place, SAMPLE_LOG } from '../../cli/place.ts';
import { PostgresServer } from '../../ledger/postgres-server.ts';
import { startTxtServer, type TxtServer } from '../../receivers/dns.ts';

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
  place = await makePlace(
    `mta: {honours: []}\ndns: {servers: ['${dns.address}']}\nmail: {dkim: mta}\nfleet: {export-key: tally.pem}\n`,
  );
  shared = server.url(await server.createDatabase());
});
afterEach(() => place.remove());

/** A file's size; of tallies what they say, but for which ledger says it. */
async function contentOf(path: string): Promise<number | string> {
  if (!path.endsWith('.tally')) return (await stat(path)).size;
  const file = await readFile(path);
  const text = gunzipSync(file.subarray(file.indexOf('\n') + 1)).toString();
  return text.replace(/"exportedAt":\d+,"instance":"[0-9a-f]+"/, 'LEDGER');
}

it('says the same, every command that there is', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  await place.write('tally.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const log = ['--timezone', 'UTC', '--host', 'mta1'];
  const commands: ((state: string, out: string) => readonly string[])[] = [
    () => ['backfill', SAMPLE_LOG, ...log],
    () => ['backfill', SAMPLE_LOG, ...log],
    () => ['status', '--json'],
    () => ['status'],
    (_, out) => ['tally', 'export', '--out', out],
    () => ['report', '--json'],
    () => ['report', '--domain', 'wildcard.test'],
    (_, out) => ['report', '--out', out],
    () => ['sessions', SAMPLE_LOG, ...log],
    () => ['explain', SAMPLE_LOG, ...log],
    () => ['scrub', SAMPLE_LOG],
    () => ['lookup', 'wildcard.test'],
    () => ['posture', '--json'],
    () => ['metrics'],
    (_, out) => ['dashboard', '--out', `${out}/dashboard.html`],
    () => ['check', '--json'],
    () => ['init', '--print'],
    () => ['ledger', 'check'],
    () => ['ledger', 'check', '--json'],
    () => ['send', '--dry-run', '--day', '2026-11-23'],
    () => ['run', '--offline'],
    () => ['status', '--json'],
  ];
  for (const command of commands) {
    const name = command('STATE', 'OUT').join(' ');
    const [own, common] = await saidByBoth(place, shared, command);
    expect(common, name).toBe(own);
    expect(own.length, name).toBeGreaterThan(2);
    if (name.startsWith('send')) expect(own).toContain('tls@wildcard.test');
    if (!name.startsWith('check')) expect(own, name).toMatch(/^0\n/);
  }
  const written = async (out: string) => {
    const names = (await readdir(place.path(out), { recursive: true })).sort();
    return Promise.all(names.map(async (name) => [name, await contentOf(place.path(`${out}/${name}`))]));
  };
  expect((await written('own')).length).toBeGreaterThan(2);
  expect(await written('common')).toEqual(await written('own'));
});
