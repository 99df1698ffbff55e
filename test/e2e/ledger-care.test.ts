import { spawn } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addDays } from '../../src/day.ts';
import { makePlace, type Place, SAMPLE_LOG } from '../cli/place.ts';
import { startTxtServer, type TxtServer } from '../receivers/dns.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../receivers/smtp.ts';
import { runToEnd, type Said } from './debian/root.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const KEY = fileURLToPath(new URL('../receivers/dkim-rsa.key.pem', import.meta.url));
const MORNING_AFTER = '2026-11-24T05:00:00Z';

let place: Place;
let smtp: SmtpReceiver;
let dns: TxtServer;
let config: string;
beforeEach(async () => {
  place = await makePlace();
  smtp = await startSmtpReceiver();
  dns = await startTxtServer((name) => {
    const domain = /^_smtp\._tls\.(.+\.test)$/.exec(name)?.[1];
    return domain === undefined ? undefined : [`v=TLSRPTv1; rua=mailto:tls-reports@${domain}`];
  });
  const log = await place.write('mail.log', await readFile(SAMPLE_LOG));
  config = await place.write(
    'config.yaml',
    `organization: Reports Inc.
contact: tls@reports.example
state: ${place.path('state')}
logs: [{path: ${log}, timezone: UTC, host: mta1}]
dns: {servers: ["${dns.address}"]}
mta: {honours: []}
mail: {via: "smtp://127.0.0.1:${smtp.port}", dkim: {domain: reports.example, selector: s, key: ${KEY}}}
delivery: {spread: 0s, allow-private: true}
`,
  );
});
afterEach(async () => {
  await smtp.close();
  await dns.close();
  await place.remove();
});

/** A process of its own each time, for the ledger is theirs. */
function program(...words: string[]): Promise<Said> {
  const fixed = words.includes('--now') ? [] : ['--now', MORNING_AFTER];
  return runToEnd(process.execPath, [PROGRAM, ...words, '--config', config, ...fixed], process.env);
}

async function reports(): Promise<string> {
  return (await program('report', '--json')).stdout;
}

it('a backup holds one moment, whole, while somebody writes; restored, it tells the same', async () => {
  await program('run', '--offline');
  const before = await reports();
  const many: string[] = [];
  const sample = await readFile(SAMPLE_LOG, 'utf8');
  for (let back = 1; back <= 25; back++) {
    const day = addDays('2026-11-23', -back);
    const month = day.startsWith('2026-11') ? 'Nov' : 'Oct';
    const stamp = `${month} ${day.slice(8).replace(/^0/, ' ')} `;
    many.push(await place.write(`old.log.${back}`, sample.replace(/^Nov 23 /gm, stamp)));
  }
  const writing = program('backfill', ...many, '--timezone', 'UTC', '--host', 'mta1');
  const backups: string[] = [];
  for (let i = 0; i < 4; i++) {
    const file = place.path(`backup${i}.sqlite`);
    expect(await program('ledger', 'backup', file)).toMatchObject({ status: 0 });
    backups.push(file);
  }
  expect((await writing).status).toBe(0);
  for (const file of backups) {
    const said = await program('ledger', 'restore', file);
    expect(said.status).toBe(0);
    expect((await program('ledger', 'check')).stdout).toMatch(/^ok {4}the ledger is whole: \d+ log, /);
    expect(await reports()).toContain(before.trim().split('\n')[0]);
  }
  expect((await readdir(place.path('state'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it('what was sent after the backup is not sent again by itself; released, it has the same report-id', async () => {
  await program('run', '--offline');
  const file = place.path('backup.sqlite');
  await program('ledger', 'backup', file);
  expect((await program('run')).status).toBe(0);
  const sent = smtp.received.length;
  expect(sent).toBeGreaterThan(20);
  const restored = await program('ledger', 'restore', file);
  expect(restored.status).toBe(0);
  expect(restored.stderr).toContain('days that are over are held');
  expect((await program('run')).status).toBe(0);
  expect(smtp.received.length).toBe(sent);
  expect((await program('status')).stdout).toContain('held: the ledger was restored from a backup');
  expect((await program('send', '--day', '2026-11-23')).status).toBe(0);
  const idOf = (mail: { message: Buffer }) =>
    /Report-ID:\s+<([^>]+)>/.exec(mail.message.toString('latin1'))?.[1];
  const ids = smtp.received.map(idOf);
  expect(ids.slice(sent).sort()).toEqual(ids.slice(0, sent).sort());
});

it('what waited in the outbox when the backup was made is held', async () => {
  await smtp.close();
  expect((await program('run')).status).toBe(75);
  const file = place.path('backup.sqlite');
  await program('ledger', 'backup', file);
  await program('ledger', 'restore', file);
  const status = JSON.parse((await program('status', '--json')).stdout) as { outbox: Record<string, number> };
  expect(Object.keys(status.outbox)).toEqual(['held']);
  smtp = await startSmtpReceiver();
});

it('does not pull a ledger from under those who use it', async () => {
  await program('run', '--offline');
  const file = place.path('backup.sqlite');
  await program('ledger', 'backup', file);
  const follower = spawn(process.execPath, [PROGRAM, 'follow', '--offline', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const over = new Promise((resolve) => follower.on('close', resolve));
  await new Promise((resolve) => follower.stderr.once('data', resolve));
  const refused = await program('ledger', 'restore', file);
  follower.kill('SIGTERM');
  await over;
  expect(refused.status).toBe(75);
  expect(refused.stderr).toContain('the ledger is in use');
  expect((await program('ledger', 'restore', file)).status).toBe(0);
});

it('refuses what is no backup, is damaged, or is newer than the program; nothing is changed', async () => {
  await program('run', '--offline');
  const before = await reports();
  const file = place.path('backup.sqlite');
  await program('ledger', 'backup', file);
  const bytes = await readFile(file);

  expect(await program('ledger', 'backup', file)).toMatchObject({ status: 73 });
  expect(
    await program('ledger', 'restore', await place.write('text', 'hello, I am no database')),
  ).toMatchObject({
    status: 65,
    stderr: expect.stringContaining('this is no backup of a ledger'),
  });
  expect((await program('ledger', 'restore', place.path('none'))).stderr).toContain('it does not exist');

  for (const [from, to] of [
    [20_000, 60_000],
    [100, 20_000],
  ] as const) {
    const damaged = Buffer.from(bytes);
    damaged.fill(0xff, from, to);
    const said = await program('ledger', 'restore', await place.write('damaged', damaged));
    expect(said.status).toBeOneOf([65, 78]);
    expect(said.stderr).toContain('damaged');
  }

  await makeNewer(file);
  const newer = await program('ledger', 'restore', file);
  expect(newer.status).toBe(78);
  expect(newer.stderr).toContain('written by a newer maillog-tlsrpt');
  expect(await reports()).toBe(before);
  expect((await program('ledger', 'check')).status).toBe(0);
});

async function makeNewer(file: string): Promise<void> {
  const script = `const Database = require('libsql'); new Database(${JSON.stringify(file)}).exec("UPDATE meta SET content = '99' WHERE name = 'schema'")`;
  const said = await runToEnd(process.execPath, ['-e', script], process.env);
  expect(said.status).toBe(0);
}

it('a damaged ledger is called so, and a backup takes its place; what it was is kept', async () => {
  await program('run', '--offline');
  const before = await reports();
  const file = place.path('backup.sqlite');
  await program('ledger', 'backup', file);
  expect((await stat(file)).mode & 0o007).toBe(0);
  const path = place.path('state/ledger.sqlite');
  for (const [from, to] of [
    [0, 100],
    [100, 30_000],
  ] as const) {
    const damaged = await readFile(file);
    damaged.fill(0xa5, from, to);
    await writeFile(path, damaged);
    const status = await program('status');
    expect(status.status).toBe(78);
    expect(status.stderr).toMatch(/the ledger is damaged: .*\n.*\n.*ledger restore FILE/);
    const checked = await program('ledger', 'check');
    expect(checked).toMatchObject({
      status: 65,
      stdout: expect.stringMatching(/^fail {2}the ledger is damaged/),
    });
    expect((await program('ledger', 'restore', file)).status).toBe(0);
    expect(await reports()).toBe(before);
  }
  const kept = (await readdir(place.path('state'))).filter((name) => name.startsWith('ledger.before-'));
  expect(kept).toHaveLength(2);
});

it('names the place that a backup cannot be written to', async () => {
  await program('run', '--offline');
  const said = await program('ledger', 'backup', '/no/such/directory/b.sqlite');
  expect(said).toMatchObject({
    status: 73,
    stderr: expect.stringContaining('/no/such/directory/b.sqlite'),
  });
  expect(said.stderr).toContain('there is no directory /no/such/directory');
});

it('check names what cannot be so', async () => {
  await program('run');
  const path = place.path('state/ledger.sqlite');
  const script = `const db = new (require('libsql'))(${JSON.stringify(path)});
db.exec("UPDATE report SET document = '{}' WHERE id = 1");
db.exec("UPDATE outbox SET state = 'lost' WHERE id = 1");
db.exec("UPDATE traffic SET sessions = sessions + 1 WHERE rowid = 1");`;
  expect((await runToEnd(process.execPath, ['-e', script], process.env)).status).toBe(0);
  const said = await program('ledger', 'check', '--json');
  expect(said.status).toBe(65);
  const { faults } = JSON.parse(said.stdout) as { faults: { id: string }[] };
  expect(faults.map(({ id }) => id).sort()).toEqual(['outbox-state', 'report-damaged', 'sums-differ']);
});

it('says that there is nothing to check or to copy', async () => {
  for (const words of [['check'], ['backup', place.path('b.sqlite')]]) {
    const said = await program('ledger', ...words);
    expect(said.status).toBe(78);
    expect(said.stderr).toContain('there is no ledger yet');
  }
});
