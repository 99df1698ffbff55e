import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTxtServer, type TxtServer } from '../receivers/dns.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../receivers/smtp.ts';
import { MORNING_AFTER, makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

const KEY = fileURLToPath(new URL('../receivers/dkim-rsa.key.pem', import.meta.url));
const lab = (run: string) => fileURLToPath(new URL(`../lab/${run}/mail.log`, import.meta.url));

let smtp: SmtpReceiver;
let dns: TxtServer;
let place: Place;
beforeEach(async () => {
  smtp = await startSmtpReceiver();
  dns = await startTxtServer((name) =>
    name === '_smtp._tls.hsreset.test' ? ['v=TLSRPTv1; rua=mailto:tls@hsreset.test'] : undefined,
  );
});
afterEach(() => Promise.all([smtp.close(), dns.close(), place.remove()]));

const command = (...words: string[]) => runCli([...words, '--now', MORNING_AFTER, '--config', place.config]);

async function prepared(run: string, native: string): Promise<void> {
  place = await makePlace(
    `native: ${native}\nmta: {honours: []}\ndns: {servers: ["${dns.address}"]}\nmail: {via: "smtp://127.0.0.1:${smtp.port}", dkim: {domain: reports.example, selector: s, key: ${KEY}}}\n`,
  );
  expect((await command('backfill', lab(run), '--timezone', 'UTC')).code).toBe(0);
}

it('failures without a single success are no truth: the day is held, and goes when it is released', async () => {
  await prepared('postfix-dane-ll0', 'hold');
  const held = await command('send', '--json');
  expect(held.json()).toMatchObject([{ built: 0, held: { '2026-11-23': 'log-level' } }]);
  expect(held.stderr).toContain('smtp_tls_loglevel = 1');
  expect((await command('status')).stdout).toContain(
    '2026-11-23 is held: `send --day 2026-11-23` releases it',
  );
  expect(smtp.received).toEqual([]);
  expect((await command('send', '--day', '2026-11-23', '--json')).json()).toMatchObject([
    { sent: { sent: 1 } },
  ]);
});

it("Postfix's own TLSRPT reports already: the day is held", async () => {
  await prepared('postfix312-dane', 'hold');
  const held = await command('send', '--json');
  expect(held.json()).toMatchObject([{ built: 0, held: { '2026-11-23': 'native' } }]);
  expect(held.stderr).toContain('native: use');
  expect(smtp.received).toEqual([]);
});

it('unless told to use them', async () => {
  await prepared('postfix312-dane', 'use');
  expect((await command('send', '--json')).json()).toMatchObject([{ built: 1, sent: { sent: 1 } }]);
});
