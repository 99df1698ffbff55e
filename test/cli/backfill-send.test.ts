import { existsSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../../src/cli/context.ts';
import { startTxtServer, type TxtServer } from '../receivers/dns.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../receivers/smtp.ts';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

const KEY = fileURLToPath(new URL('../receivers/dkim-rsa.key.pem', import.meta.url));
const TWO_DAYS_LATER = '2026-11-26T05:00:00Z';

let smtp: SmtpReceiver;
let dns: TxtServer;
let place: Place;
beforeEach(async () => {
  smtp = await startSmtpReceiver();
  dns = await startTxtServer((name) =>
    name === '_smtp._tls.ok.test' ? ['v=TLSRPTv1; rua=mailto:tls@ok.test'] : undefined,
  );
  place = await makePlace(
    `dns: {servers: ["${dns.address}"]}\nmta: {honours: []}\nmail: {via: "smtp://127.0.0.1:${smtp.port}", dkim: {domain: reports.example, selector: s, key: ${KEY}}}\ndelivery: {allow-private: true}\n`,
  );
});
afterEach(async () => {
  await Promise.all([smtp.close(), dns.close(), place.remove()]);
});

const backfill = (now: string, ...words: string[]) =>
  runCli([
    'backfill',
    '--timezone',
    'UTC',
    '--host',
    'mta1',
    '--now',
    now,
    '--config',
    place.config,
    ...words,
  ]);

it('sends what is due behind what it read, once, if it is told to', async () => {
  expect((await backfill(MORNING_AFTER, SAMPLE_LOG)).code).toBe(0);
  expect(smtp.received).toEqual([]);
  const sent = await backfill(MORNING_AFTER, SAMPLE_LOG, '--send', '--json');
  expect(sent.code).toBe(0);
  expect(sent.json()).toMatchObject([
    { files: 1, known: 1, faults: [] },
    { built: 1, waiting: 0, sent: { sent: 1, retry: 0 } },
  ]);
  expect(smtp.received.map(({ to }) => to)).toEqual([['tls@ok.test']]);
  expect((await backfill(MORNING_AFTER, SAMPLE_LOG, '--send')).code).toBe(0);
  expect(smtp.received).toHaveLength(1);
});

it('holds days that ended too long ago even so', async () => {
  const { code, stderr } = await backfill(TWO_DAYS_LATER, SAMPLE_LOG, '--send');
  expect(code).toBe(0);
  expect(stderr).toContain('send --day');
  expect(smtp.received).toEqual([]);
});

it('sends nothing where not all could be read, for the day would close without it', async () => {
  const log = place.path('mail.log');
  await copyFile(SAMPLE_LOG, log);
  const damaged = place.path('damaged.gz');
  await writeFile(damaged, Buffer.from('1f8b0800000000000003ffffffffffffff', 'hex'));
  const { code, stderr } = await backfill(MORNING_AFTER, log, damaged, '--send');
  expect(code).toBe(65);
  expect(stderr).toContain('nothing was sent, for not all could be read');
  expect(smtp.received).toEqual([]);
});

it('is refused together with --offline', async () => {
  expect(await backfill(MORNING_AFTER, SAMPLE_LOG, '--send', '--offline')).toMatchObject({ code: 64 });
});

// Where the machine has a configuration of its own, that one would be taken.
it.runIf(!existsSync(DEFAULT_CONFIG))('is refused where nobody can be named as the sender', async () => {
  const nobody = await runCli(['backfill', SAMPLE_LOG, '--send', '--state', place.path('new')]);
  expect(nobody).toMatchObject({ code: 78 });
});
