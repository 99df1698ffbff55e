/**
 * `npm run demo`: the main job on real sample logs, shown end to end. Reads a lab log into a ledger, answers the look-ups
 * from a name server of its own, delivers to an SMTP and an HTTPS receiver it starts itself, and checks what arrived.
 */
import { spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { type Report, reportSchema } from '../../src/report/schema.ts';
import { startTxtServer } from '../receivers/dns.ts';
import { startHttpsReceiver } from '../receivers/https.ts';
import { type ReceivedMail, startSmtpReceiver } from '../receivers/smtp.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PLACE = join(ROOT, '.demo');
const LOG = join(ROOT, 'samples/postfix/a-whole-day-of-a-sender-with-dane/input.log');
const KEY = join(ROOT, 'test/receivers/dkim-rsa.key.pem');
/** The sample log's day is over, and not yet too old to be sent. */
const NOW = '2026-11-24T05:00:00Z';
const SUBMITTER = 'reports.example';

async function main(): Promise<void> {
  await rm(PLACE, { recursive: true, force: true });
  await mkdir(PLACE);
  const smtp = await startSmtpReceiver();
  const https = await startHttpsReceiver();
  const dns = await startTxtServer((name) => recordOf(name, https.port));
  try {
    const config = await writeConfig(smtp.port, dns.address);
    heading('1. Read a day of a real Postfix log');
    await command('backfill', LOG, '--timezone', 'UTC', '--host', 'mta1', '--config', config);
    heading('2. What one domain saw');
    await command('report', '--domain', 'dane-mismatch.example', '--config', config);
    heading('3. Close the day, ask each domain for its record, deliver');
    await command('send', '--quiet', '--config', config);
    heading('4. What the receivers got');
    await showReceived(smtp.received, https.received);
    heading('5. Once more: nothing is sent twice');
    await command('send', '--config', config);
    await command('status', '--config', config);
    say(`\nThe files of this demo lie in ${PLACE}: config.yaml, ledger.sqlite, reports/.`);
    say(`Try it on a log of yours: node dist/src/cli/main.js sessions /var/log/mail.log`);
  } finally {
    await Promise.all([smtp.close(), https.close(), dns.close()]);
  }
}

/** Domains ending in .example take reports by HTTPS, the others by mail; two want none. */
function recordOf(name: string, httpsPort: number): string[] | undefined {
  const domain = /^_smtp\._tls\.(.+)$/.exec(name)?.[1];
  if (domain === undefined || domain.startsWith('norpt')) return undefined;
  if (domain.endsWith('.example')) return [`v=TLSRPTv1; rua=https://127.0.0.1:${httpsPort}/tlsrpt`];
  return [`v=TLSRPTv1; rua=mailto:tls-reports@${domain}`];
}

async function writeConfig(smtpPort: number, dns: string): Promise<string> {
  const path = join(PLACE, 'config.yaml');
  const text = `organization: Reports Inc.
contact: tls@${SUBMITTER}
state: ${PLACE}
mta: {honours: []}
dns: {servers: ["${dns}"]}
mail:
  via: smtp://127.0.0.1:${smtpPort}
  dkim: {domain: ${SUBMITTER}, selector: demo, key: ${KEY}}
delivery:
  allow-private: true
  directory: ${join(PLACE, 'reports')}
`;
  await writeFile(path, text);
  return path;
}

function command(...words: string[]): Promise<void> {
  say(styleText('dim', `$ maillog-tlsrpt ${words.join(' ').replaceAll(ROOT, '')}`));
  const child = spawn(process.execPath, [join(ROOT, 'dist/src/cli/main.js'), ...words, '--now', NOW], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${words[0]} exited with ${code}`)),
    );
  });
}

async function showReceived(
  mails: readonly ReceivedMail[],
  posts: readonly { body: Buffer }[],
): Promise<void> {
  const posted = posts.map(({ body }) => parse(body));
  const mailed = mails.map(({ message }) => parse(attachment(message)));
  let signed = 0;
  for (const { message } of mails) if (await isSigned(message)) signed++;
  say(
    `  ${mails.length} mails over SMTP, ${signed} with a DKIM signature that an independent verifier passes`,
  );
  say(`  ${posts.length} reports over HTTPS`);
  const failed = [...mailed, ...posted].reduce((sum, report) => sum + failures(report), 0);
  say(
    `  all ${mailed.length + posted.length} documents pass the strict RFC 8460 schema; they tell of ${failed} failed sessions`,
  );
  const [first] = mails;
  if (first === undefined || signed !== mails.length || posts.length === 0)
    throw new Error('the demo did not deliver what it should');
  await writeFile(join(PLACE, 'first-mail.eml'), first.message);
  say(`\n  The first mail (whole in ${join(PLACE, 'first-mail.eml')}):`);
  for (const line of first.message.toString('latin1').split('\r\n').slice(0, 44))
    say(styleText('dim', `  | ${line}`));
}

function parse(gzip: Buffer): Report {
  return reportSchema.parse(JSON.parse(gunzipSync(gzip).toString('utf8')));
}

function failures(report: Report): number {
  return report.policies.reduce((sum, { summary }) => sum + summary['total-failure-session-count'], 0);
}

/** The base64 part of type application/tlsrpt+gzip. */
function attachment(message: Buffer): Buffer {
  const part = message.toString('latin1').split(/^Content-Type: application\/tlsrpt\+gzip/m)[1] ?? '';
  const [, body = ''] = /\r\n\r\n([A-Za-z0-9+/=\r\n]+)/.exec(part) ?? [];
  return Buffer.from(body, 'base64');
}

async function isSigned(message: Buffer): Promise<boolean> {
  const key = createPublicKey(await readFile(KEY))
    .export({ type: 'spki', format: 'der' })
    .toString('base64');
  const { results } = await dkimVerify(message, { resolver: async () => [[`v=DKIM1; k=rsa; p=${key}`]] });
  return results.some(({ status, signingDomain }) => status.result === 'pass' && signingDomain === SUBMITTER);
}

function heading(text: string): void {
  say(`\n${styleText('bold', text)}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
