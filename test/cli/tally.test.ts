import { generateKeyPairSync } from 'node:crypto';
import { appendFile, copyFile, readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { type CliResult, runCli } from './run-cli.ts';

let host: Place;
let fleet: Place;
beforeEach(async () => {
  const pair = generateKeyPairSync('ed25519');
  host = await makePlace('fleet: {export-key: tally.pem}\n');
  await host.write('tally.pem', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  fleet = await makePlace('fleet: {import-keys: [{host: mta9, key: mta9.pem}]}\n');
  await fleet.write('mta9.pem', pair.publicKey.export({ type: 'spki', format: 'pem' }));
});
afterEach(() => Promise.all([host.remove(), fleet.remove()]));

const at = (place: Place, ...words: string[]): Promise<CliResult> =>
  runCli([...words, '--now', MORNING_AFTER, '--config', place.config]);

async function sessionsOf(place: Place): Promise<number> {
  const ledger = await openLedger(place.path('state'));
  try {
    return (await ledger.tallies({})).reduce((sum, { count }) => sum + count, 0);
  } finally {
    await ledger.close();
  }
}

it('carries a host by files, each session once', async () => {
  await at(host, 'backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta9');
  const out = host.path('out');
  const written = await at(host, 'tally', 'export', '--out', out);
  expect(written.code).toBe(0);
  const files = (await readdir(out)).map((name) => `${out}/${name}`);
  expect(written.stdout.trim().split('\n').sort()).toEqual(files.sort());
  const imported = await at(fleet, 'tally', 'import', ...files);
  expect(imported).toMatchObject({ code: 0, stderr: '' });
  expect(await sessionsOf(fleet)).toBe(await sessionsOf(host));
  expect(await sessionsOf(fleet)).toBeGreaterThan(50);
  const again = await at(fleet, 'tally', 'import', ...files, '--json');
  expect(again.json().map((line) => (line as { sessions: number }).sessions)).toEqual(files.map(() => 0));
  expect(await at(host, 'tally', 'export', '--out', out)).toMatchObject({ code: 0, stdout: '' });
});

it('takes the good files, and names the bad ones', async () => {
  await at(host, 'backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta9');
  await at(host, 'tally', 'export', '--out', host.path('out'));
  const [name = ''] = (await readdir(host.path('out'))).sort().reverse();
  const good = host.path(`out/${name}`);
  const cut = await fleet.write('cut.tally', (await readFile(good)).subarray(0, -1));
  const result = await at(fleet, 'tally', 'import', cut, fleet.path('none'), good);
  expect(result.code).toBe(65);
  expect(result.stdout).toContain('mta9');
  expect(result.stderr).toContain(cut);
  expect(result.stderr).toMatch(/signature is not by the key of mta9/);
  expect(result.stderr).toMatch(/cannot be read: it does not exist/);
});

it('leaves out what is older than the ledger keeps', async () => {
  await at(host, 'backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta9');
  await at(host, 'tally', 'export', '--out', host.path('out'));
  const files = (await readdir(host.path('out'))).map((name) => host.path(`out/${name}`));
  const result = await runCli([
    'tally',
    'import',
    ...files,
    '--now',
    '2027-03-01T00:00:00Z',
    '--config',
    fleet.config,
  ]);
  expect(result.stderr).toMatch(/older than `keep`/);
  expect(await sessionsOf(fleet)).toBe(0);
});

it.each([
  [['tally', 'send'], 64, /action|Choices/],
  [['tally', 'export'], 64, /needs a directory/],
  [['tally', 'export', '--out', 'x', '--day', 'today'], 64, /must be a day/],
  [['tally', 'import'], 64, /needs files/],
  [['tally', 'import', '--out', 'x', 'y'], 64, /nothing else/],
  [['tally', 'export', '--out', 'x'], 78, /no key is named/],
])('%j is refused', async (words, code, reason) => {
  const result = await at(fleet, ...words);
  expect(result.code).toBe(code);
  expect(result.stderr).toMatch(reason);
});

it('refuses a key of another kind', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await host.write('tally.pem', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const result = await at(host, 'tally', 'export', '--out', host.path('out'));
  expect(result).toMatchObject({ code: 78, stderr: expect.stringMatching(/the key is ec, not ed25519/) });
  await host.write('tally.pem', 'nonsense');
  expect((await at(host, 'tally', 'export', '--out', host.path('out'))).stderr).toMatch(/cannot be used/);
});

it('refuses a file of a day that its host has read into the ledger itself, by name, and says why', async () => {
  await at(host, 'backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta9');
  await at(host, 'tally', 'export', '--out', host.path('out'));
  await at(fleet, 'backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta9');
  const before = await sessionsOf(fleet);
  const [name = ''] = (await readdir(host.path('out'))).sort();
  const result = await at(fleet, 'tally', 'import', host.path(`out/${name}`));
  expect(result).toMatchObject({ code: 65, stderr: expect.stringContaining(name) });
  expect(result.stderr).toMatch(/mta9 has read sessions of \S+ into this ledger itself/);
  expect(await sessionsOf(fleet)).toBe(before);
});

it('tells a host that reads a day itself of which its files came that they alone count', async () => {
  await at(host, 'backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta9');
  await at(host, 'tally', 'export', '--out', host.path('out'));
  await at(
    fleet,
    'tally',
    'import',
    ...(await readdir(host.path('out'))).map((name) => host.path(`out/${name}`)),
  );
  const before = await sessionsOf(fleet);
  await copyFile(SAMPLE_LOG, fleet.path('mail.log'));
  const logs = `logs: [{path: ${fleet.path('mail.log')}, host: mta9, timezone: UTC}]\n`;
  await appendFile(fleet.config, logs);
  const moved = await at(fleet, 'run', '--offline');
  expect(moved.stderr).toMatch(
    /warning: \d+ sessions were left out, for tally files bring that day of this host/,
  );
  expect(await sessionsOf(fleet)).toBe(before);
  expect((await at(fleet, 'run', '--offline')).stderr).not.toMatch(/left out/);
  expect((await at(fleet, 'status', '--json')).stdout).not.toMatch(/left-out/);
});
