import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { type Lab, MORNING, openLab } from '../../delivery/lab.ts';
import { takeApart } from '../../delivery/received-mail.ts';
import { type HttpsReceiver, startHttpsReceiver } from '../../receivers/https.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../../receivers/smtp.ts';

const SENDER = fileURLToPath(new URL('doomed-sender.ts', import.meta.url));
/** Longer than the lease of a row whose sender died. */
const LATER = MORNING + 16 * 60_000;

let smtp: SmtpReceiver;
let https: HttpsReceiver;
beforeAll(async () => {
  smtp = await startSmtpReceiver();
  https = await startHttpsReceiver();
});
afterAll(async () => {
  await smtp.close();
  await https.close();
});

/** A lab with one report due by mail, by POST and into a directory. */
async function openWithReport(domain: string): Promise<Lab> {
  const lab = await openLab({
    mail: { via: `smtp://127.0.0.1:${smtp.port}` },
    delivery: { 'https-timeout': 30 },
  });
  lab.config.delivery.directory = join(lab.directory, 'reports');
  await lab.freeze(domain, [`mailto:tls@${domain}`, `https://receiver.example:${https.port}/200?${domain}`]);
  await lab.ledger.close();
  return lab;
}

/** The config as it stands in a file: lengths of time as people write them. */
function asWritten({ config }: Lab) {
  const { mail, delivery, organization, contact, state } = config;
  const { directory, 'https-ca': ca } = delivery;
  return {
    organization,
    contact,
    state,
    mail: { via: mail.via, dkim: mail.dkim },
    delivery: { directory, 'https-ca': ca, 'allow-private': true, 'https-timeout': '30s' },
  };
}

interface Ended {
  readonly killed: boolean;
  readonly output: string;
}

function runSender(lab: Lab, time: number, dieAt: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        '--conditions=source',
        '--import',
        'tsx',
        SENDER,
        JSON.stringify({ config: asWritten(lab), time, dieAt }),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal !== 'SIGKILL' && code !== 0) reject(new Error(`the sender ended with ${code ?? signal}`));
      else resolve({ killed: signal === 'SIGKILL', output });
    });
  });
}

it('a kill at every step loses nothing, and repeats at most once with equal ids and bytes', async () => {
  let repeats = 0;
  let dieAt = 1;
  for (; ; dieAt++) {
    const domain = `kill${dieAt}.example`;
    const lab = await openWithReport(domain);
    const first = await runSender(lab, MORNING, dieAt);
    const second = await runSender(lab, LATER, 0);
    expect(second.killed).toBe(false);
    lab.ledger = await openLedger(lab.config.state);
    const rows = await lab.rows();
    expect(rows.map(({ state }) => state)).toEqual(['sent', 'sent', 'sent']);
    const mails = smtp.received.filter(({ to }) => to[0] === `tls@${domain}`).map(({ message }) => message);
    const posts = https.received.filter(({ path }) => path.endsWith(domain)).map(({ body }) => body);
    for (const copies of [mails, posts]) {
      expect([1, 2]).toContain(copies.length);
      expect(new Set(copies.map((copy) => copy.toString('latin1'))).size).toBe(1);
      repeats += copies.length - 1;
    }
    expect(takeApart(mails[0] ?? Buffer.alloc(0)).document).toHaveProperty(
      'report-id',
      expect.stringContaining(domain),
    );
    expect(readdirSync(join(lab.directory, 'reports')).filter((name) => !name.startsWith('.'))).toHaveLength(
      1,
    );
    await lab.close();
    if (!first.killed) break;
  }
  // It walked through all of it, and through the gap between handing over and noting it.
  expect(dieAt).toBeGreaterThan(20);
  expect(repeats).toBeGreaterThan(0);
  expect(repeats).toBeLessThan(dieAt);
});
