import { generateKeyPairSync } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixedClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/file.ts';
import { previewDue } from '../../src/delivery/dry-run.ts';
import { loadMailSetup } from '../../src/delivery/mail-setup.ts';
import { lookingLedger } from '../../src/ledger/looking.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { rehearsalLedger } from '../../src/ledger/rehearsal.ts';
import { SqlLedger } from '../../src/ledger/sql-ledger.ts';
import { openSqliteToLook } from '../../src/ledger/sqlite-look.ts';
import { closePass } from '../../src/pipeline.ts';
import { startTxtServer, type TxtServer } from '../receivers/dns.ts';
import { type HttpsReceiver, startHttpsReceiver } from '../receivers/https.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../receivers/smtp.ts';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

const KEY = fileURLToPath(new URL('../receivers/dkim-rsa.key.pem', import.meta.url));
const DKIM = `dkim: {domain: reports.example, selector: s, key: ${KEY}}`;
/** Three of the sample's domains ask for reports. */
const ASKING = ['ok.test', 'tls12.test', 'dane-ok.example'];

let smtp: SmtpReceiver;
let https: HttpsReceiver;
let dns: TxtServer;
let place: Place;
beforeEach(async () => {
  smtp = await startSmtpReceiver();
  https = await startHttpsReceiver();
  dns = await startTxtServer((name) => {
    const domain = name.replace('_smtp._tls.', '');
    if (!ASKING.includes(domain)) return undefined;
    const rua = domain.endsWith('.example') ? `https://127.0.0.1:${https.port}/r` : `mailto:tls@${domain}`;
    return ['v=TLSRPTv1; ', `rua=${rua}`];
  });
});
afterEach(async () => {
  await Promise.all([smtp.close(), https.close(), dns.close(), place.remove()]);
});

async function prepared(mail: string, delivery = ''): Promise<void> {
  place = await makePlace(
    `dns: {servers: ["${dns.address}"]}\nmta: {honours: []}\nmail: {via: "smtp://127.0.0.1:${smtp.port}", ${mail}}\ndelivery: {allow-private: true${delivery}}\n`,
  );
  const result = await command('backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta1');
  expect(result.code).toBe(0);
}

const command = (...words: string[]) => runCli([...words, '--now', MORNING_AFTER, '--config', place.config]);

it('delivers to each that asks, and a second time nothing', async () => {
  await prepared(DKIM);
  const first = await command('send', '--json');
  expect(first.code).toBe(0);
  expect(first.json()).toMatchObject([{ built: 3, waiting: 0, sent: { sent: 3, retry: 0 } }]);
  expect(smtp.received.map((mail) => mail.to[0]).sort()).toEqual(['tls@ok.test', 'tls@tls12.test']);
  expect(https.received).toMatchObject([
    { path: '/r', headers: { 'content-type': 'application/tlsrpt+gzip' } },
  ]);
  expect((await command('send', '--json')).json()).toMatchObject([{ built: 0, sent: { sent: 0 } }]);
  expect(smtp.received).toHaveLength(2);
});

it('a dry run shows everything and changes nothing', async () => {
  await prepared(DKIM);
  const shown = await command('send', '--dry-run', '--json');
  expect(shown.json()).toHaveLength(3);
  expect(shown.json()).toMatchObject(
    expect.arrayContaining([expect.objectContaining({ rua: 'mailto:tls@ok.test', kind: 'mail' })]),
  );
  expect(smtp.received).toEqual([]);
  const people = await command('send', '--dry-run');
  expect(people.stdout).toContain('TLS-Report-Domain: ok.test');
  const [status] = (await command('status', '--json')).json();
  expect(status).toMatchObject({ outbox: {}, days: [{ reports: 0 }] });
});

it('a dry run leaves no policy and no record behind that it found', async () => {
  await prepared(DKIM);
  const kept = async () => {
    const ledger = await openLedger(place.path('state'));
    try {
      return { days: await ledger.domainDays(), open: await ledger.unattributed(100) };
    } finally {
      await ledger.close();
    }
  };
  const before = await kept();
  expect(before.open).not.toEqual([]);
  expect((await command('send', '--dry-run', '--json')).json()).toHaveLength(3);
  expect(await kept()).toEqual(before);
});

it('a dry run upon a ledger that may only be read shows the reports that go then', async () => {
  await prepared(DKIM);
  const database = openSqliteToLook(place.path('state'), false);
  const looking = lookingLedger(new SqlLedger(database), database);
  const ledger = rehearsalLedger(looking);
  const config = await loadConfig(place.config);
  const deps = { ledger, config, clock: fixedClock(Date.parse(MORNING_AFTER)), host: 'mta1', directory: '/' };
  const { closed } = await closePass(deps);
  expect(closed).toMatchObject({ built: { length: 3 }, waiting: 0 });
  const shown = new Map<string, unknown>();
  const setup = await loadMailSetup(config);
  for await (const { rua, document } of previewDue({ ...deps, setup })) shown.set(rua, document);
  await looking.close();
  await command('send');
  expect(shown.size).toBe(3);
  for (const [rua, document] of shown) {
    const domain = ASKING.find((name) => rua.endsWith(`@${name}`)) ?? 'dane-ok.example';
    expect(document).toEqual((await command('report', '--domain', domain, '--json')).json()[0]);
  }
});

it('rehearses to one address without touching the outbox', async () => {
  await prepared(DKIM);
  const result = await command('send', '--to', 'me@here.example');
  expect(result.code).toBe(0);
  expect(smtp.received.map((mail) => mail.to)).toEqual([
    ['me@here.example'],
    ['me@here.example'],
    ['me@here.example'],
  ]);
  expect((await command('send', '--json')).json()).toMatchObject([{ sent: { sent: 3 } }]);
});

it('writes every report into the directory too', async () => {
  await prepared(DKIM);
  const directory = place.path('reports');
  await place.write(
    'config.yaml',
    `organization: R\ncontact: tls@reports.example\nstate: ${place.path('state')}\ndns: {servers: ["${dns.address}"]}\nmta: {honours: []}\nmail: {via: "smtp://127.0.0.1:${smtp.port}", ${DKIM}}\ndelivery: {allow-private: true, directory: ${directory}}\n`,
  );
  expect((await command('send')).code).toBe(0);
  expect((await readdir(directory)).sort()).toEqual([
    'reports.example!dane-ok.example!1795392000!1795478399.json.gz',
    'reports.example!ok.test!1795392000!1795478399.json.gz',
    'reports.example!tls12.test!1795392000!1795478399.json.gz',
  ]);
});

it('holds a day that ended too long ago, until it is released', async () => {
  await prepared(DKIM);
  const later = (...words: string[]) =>
    runCli([...words, '--now', '2026-12-01T05:00:00Z', '--config', place.config]);
  expect((await later('send', '--json')).json()).toMatchObject([
    { built: 0, held: { '2026-11-23': 'too-old' } },
  ]);
  expect(smtp.received).toEqual([]);
  expect((await later('send', '--day', '2026-11-23', '--json')).json()).toMatchObject([
    { built: 3, sent: { sent: 3 } },
  ]);
});

it('mails no report that was built in time and could not leave before its day was too old', async () => {
  await prepared('');
  const at = (now: string, ...words: string[]) => runCli([...words, '--now', now, '--config', place.config]);
  expect((await at(MORNING_AFTER, 'send')).code).toBe(78);
  const [before] = (await at(MORNING_AFTER, 'status', '--json')).json();
  expect(before).toMatchObject({ outbox: { due: 3 } });
  await place.write(
    'config.yaml',
    `organization: R\ncontact: tls@reports.example\nstate: ${place.path('state')}\ndns: {servers: ["${dns.address}"]}\nmta: {honours: []}\nmail: {via: "smtp://127.0.0.1:${smtp.port}", ${DKIM}}\ndelivery: {allow-private: true}\n`,
  );
  const late = '2026-12-05T00:00:00Z';
  expect((await at(late, 'send', '--dry-run', '--json')).json()).toEqual([]);
  expect((await at(late, 'send', '--dry-run', '--json', '--day', '2026-11-23')).json()).toHaveLength(3);
  const held = await at(late, 'send', '--json');
  expect(held.json()).toMatchObject([{ sent: { sent: 0, held: 0, tooOld: 3 } }]);
  expect(held.stderr).toContain('3 held: their day ended too long ago (`send --day` releases them)');
  expect(smtp.received).toEqual([]);
  const [after] = (await at(late, 'status', '--json')).json();
  expect(after).toMatchObject({ outbox: { held: 3 } });
  expect((await at(late, 'send', '--dry-run', '--json', '--day', '2026-11-23')).json()).toHaveLength(3);
  const sent = await at(late, 'send', '--day', '2026-11-23', '--json');
  expect(sent.json()).toMatchObject([{ sent: { sent: 3 } }]);
});

it('releases a day that no pass has held yet, and a report that is reissued', async () => {
  await prepared('');
  const at = (now: string, ...words: string[]) => runCli([...words, '--now', now, '--config', place.config]);
  expect((await at(MORNING_AFTER, 'send')).code).toBe(78);
  await place.write(
    'config.yaml',
    `organization: R\ncontact: tls@reports.example\nstate: ${place.path('state')}\ndns: {servers: ["${dns.address}"]}\nmta: {honours: []}\nmail: {via: "smtp://127.0.0.1:${smtp.port}", ${DKIM}}\ndelivery: {allow-private: true}\n`,
  );
  const late = '2026-12-05T00:00:00Z';
  const sent = await at(late, 'send', '--day', '2026-11-23', '--json');
  expect(sent.json()).toMatchObject([{ sent: { sent: 3 } }]);
  const again = await at(late, 'report', '--reissue', '--day', '2026-11-23', '--domain', 'ok.test');
  expect(again.code).toBe(0);
  expect((await at(late, 'send', '--json')).json()).toMatchObject([{ sent: { sent: 1, tooOld: 0 } }]);
});

it('waits for a resolver that is dead, and loses nothing', async () => {
  await prepared(DKIM);
  const config = `organization: R\ncontact: tls@reports.example\nstate: ${place.path('state')}\nmta: {honours: []}\nmail: {via: "smtp://127.0.0.1:${smtp.port}", ${DKIM}}\ndelivery: {allow-private: true}\n`;
  const dead = await startTxtServer(() => []);
  await dead.close();
  await place.write('config.yaml', `${config}dns: {servers: ["${dead.address}"]}\n`);
  expect((await command('send')).code).toBe(75);
  await place.write('config.yaml', `${config}dns: {servers: ["${dns.address}"]}\n`);
  expect((await command('send', '--json')).json()).toMatchObject([{ built: 3, sent: { sent: 3 } }]);
});

describe('never unsigned', () => {
  it.each([
    ['no key is configured', async () => '', /mail\.dkim is not set/],
    [
      'the key does not exist',
      async () => 'dkim: {domain: reports.example, selector: s, key: /nonexistent.pem}',
      /nonexistent\.pem|does not exist/,
    ],
    [
      'the key is no key',
      async () => `dkim: {domain: reports.example, selector: s, key: ${SAMPLE_LOG}}`,
      /key/,
    ],
    [
      'the domain is another one',
      async () => `dkim: {domain: other.example, selector: s, key: ${KEY}}`,
      /other\.example/,
    ],
  ])('%s: exit 78, nothing leaves, nothing is lost', async (_name, mail, words) => {
    await prepared(await mail());
    const refused = await command('send');
    expect(refused.code).toBe(78);
    expect(refused.stderr).toMatch(words);
    expect(smtp.received).toEqual([]);
    await place.write(
      'config.yaml',
      `organization: R\ncontact: tls@reports.example\nstate: ${place.path('state')}\ndns: {servers: ["${dns.address}"]}\nmta: {honours: []}\nmail: {via: "smtp://127.0.0.1:${smtp.port}", ${DKIM}}\ndelivery: {allow-private: true}\n`,
    );
    expect((await command('send', '--json')).json()).toMatchObject([{ sent: { sent: 3 } }]);
  });

  it.each([['--dry-run'], ['--to', 'me@here.example']])(
    'a rehearsal with %s says so before it looks anything up',
    async (...words) => {
      await prepared('dkim: {domain: reports.example, selector: s, key: /nonexistent.pem}');
      const refused = await command('send', '--verbose', ...words);
      expect(refused.code).toBe(78);
      expect(refused.stderr).toContain('/nonexistent.pem');
      expect(refused.stderr).not.toContain('policies:');
    },
  );

  it('an Ed25519 key signs', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    place = await makePlace();
    const path = await place.write('ed.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const kept = place;
    await prepared(`dkim: {domain: reports.example, selector: s, key: ${path}}`);
    expect((await command('send')).code).toBe(0);
    expect(smtp.received[0]?.message.toString('latin1')).toMatch(/^DKIM-Signature: v=1; a=ed25519-sha256/);
    await kept.remove();
  });
});

it('a reissue makes the next revision of one report and nothing else', async () => {
  await prepared(DKIM);
  expect((await command('report', '--reissue', '--day', '2026-11-23', '--domain', 'ok.test')).code).toBe(64);
  await command('send');
  const again = await command('report', '--reissue', '--day', '2026-11-23', '--domain', 'ok.test');
  expect(again.code).toBe(0);
  expect((await command('send', '--json')).json()).toMatchObject([{ built: 0, sent: { sent: 1 } }]);
  const ids = smtp.received
    .filter((mail) => mail.to[0] === 'tls@ok.test')
    .map((mail) => /^ <(2026.*)>/m.exec(mail.message.toString())?.[1]);
  expect(ids[0]).toMatch(/\.test\.1@|\.1\./);
  expect(new Set(ids).size).toBe(2);
});
