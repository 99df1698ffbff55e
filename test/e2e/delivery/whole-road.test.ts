import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reportSchema } from '../../../src/report/schema.ts';
import { writeKeys } from '../../delivery/lab.ts';
import { takeApart, verifySignatures } from '../../delivery/received-mail.ts';
import { startTxtServer } from '../../receivers/dns.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../../receivers/smtp.ts';
import { type Postfix, startPostfix } from './postfix.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const LOG = join(ROOT, 'samples/postfix/a-whole-day-of-a-sender-with-dane/input.log');
/** The day of the log is over, and every report of it due. */
const NOW = '2026-11-24T05:00:00Z';

let directory: string;
let receiver: SmtpReceiver;
let postfix: Postfix;
let dns: Awaited<ReturnType<typeof startTxtServer>>;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tlsrpt-road-'));
  receiver = await startSmtpReceiver();
  postfix = await startPostfix(receiver.port);
  dns = await startTxtServer((name) => {
    const domain = /^_smtp\._tls\.(.+)$/.exec(name)?.[1];
    return domain === undefined ? undefined : [`v=TLSRPTv1; rua=mailto:tls@${domain}`];
  });
});
afterAll(async () => {
  postfix?.stop();
  await receiver.close();
  await dns.close();
  rmSync(directory, { recursive: true });
});

async function command(...words: string[]): Promise<string> {
  const options = ['--conditions=source', '--import', 'tsx', join(ROOT, 'src/cli/main.ts')];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...options, ...words, '--now', NOW, '--config', join(directory, 'config.yaml')],
    { env: { ...process.env, TZ: 'America/New_York' }, maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

it('sessions of a real log become reports that arrive signed and valid, through a real Postfix', async () => {
  const dkim = writeKeys(directory);
  writeFileSync(
    join(directory, 'config.yaml'),
    JSON.stringify({
      organization: 'Example Sender',
      contact: 'tls-reports@sender.example',
      state: directory,
      mta: { honours: [] },
      dns: { servers: [dns.address] },
      mail: { via: 'sendmail', sendmail: postfix.sendmail, dkim },
    }),
  );
  await command('backfill', LOG, '--timezone', 'UTC', '--host', 'mta1');
  await command('send');
  const shown = (await command('report', '--json')).trim().split('\n');
  const reports = new Map(
    shown.map((line) => {
      const report = reportSchema.parse(JSON.parse(line));
      return [report['report-id'], report];
    }),
  );
  expect(reports.size).toBeGreaterThan(50);
  for (let wait = 0; wait < 600 && receiver.received.length < reports.size; wait++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  const arrived = new Map(
    receiver.received.map(({ message }) => {
      const report = reportSchema.parse(takeApart(message).document);
      return [report['report-id'], report];
    }),
  );
  expect(new Set(arrived.keys())).toEqual(new Set(reports.keys()));
  for (const [id, report] of arrived) expect(report).toEqual(reports.get(id));
  for (const { message } of receiver.received)
    for (const { result } of await verifySignatures(message)) expect(result).toBe('pass');
  await command('send');
  expect(receiver.received).toHaveLength(reports.size);
});
