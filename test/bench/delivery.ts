/**
 * 20 000 due reports: wall time, memory, connections, and whether a dead receiver delays the others. The receivers run in
 * a process of their own, so that memory is the sender's alone.
 * Run: npx tsx --conditions=source test/bench/delivery.ts [reports]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { sendDue } from '../../src/delivery/send-due.ts';
import { createTransports } from '../../src/delivery/transports.ts';
import { openLab } from '../delivery/lab.ts';
import { startHttpsReceiver } from '../receivers/https.ts';
import { startSmtpReceiver } from '../receivers/smtp.ts';

const MB = 1024 * 1024;
const HOSTS = 200;

const portsSchema = z.object({ smtp: z.number(), https: z.number() });
const countsSchema = z.object({
  mails: z.number(),
  posts: z.number(),
  smtpMost: z.number(),
  httpsMost: z.number(),
});

async function receive(): Promise<void> {
  const [smtp, https] = [await startSmtpReceiver(), await startHttpsReceiver()];
  process.send?.({ smtp: smtp.port, https: https.port });
  process.on('message', () =>
    process.send?.({
      mails: smtp.received.length,
      posts: https.received.filter(({ path }) => path !== '/hang').length,
      smtpMost: smtp.connections.most,
      httpsMost: https.connections.most,
    }),
  );
}

async function measure(reports: number): Promise<void> {
  const receivers = fork(fileURLToPath(import.meta.url), ['receive']);
  const [first] = await once(receivers, 'message');
  const ports = portsSchema.parse(first);
  const lab = await openLab({
    mail: { via: `smtp://127.0.0.1:${ports.smtp}` },
    delivery: { 'max-per-host': reports, 'https-timeout': 20 },
  });
  const queued = Date.now();
  for (let at = 0; at < reports; at++) await lab.freeze(`d${at}.example`, [ruaOf(at, ports.https)]);
  print('queued', `${reports} reports in ${seconds(queued)}`);
  const transports = await createTransports(lab.config, lab.clock, async () => ['127.0.0.1']);
  let peak = 0;
  let early = 0;
  let late = 0;
  let done = 0;
  const begun = Date.now();
  const summary = await sendDue(
    { ...lab, transports },
    {
      onOutcome: ({ state }) => {
        if (++done % 500 === 0) peak = Math.max(peak, process.memoryUsage.rss());
        if (done === Math.floor(reports / 10)) early = process.memoryUsage.rss();
        if (state === 'sent') late = Date.now();
      },
    },
  );
  const wall = Date.now() - begun;
  const counted = once(receivers, 'message');
  receivers.send('count');
  const counts = countsSchema.parse((await counted)[0]);
  print('pass', `${(wall / 1000).toFixed(1)} s, ${Math.round((reports / wall) * 1000)} reports/s`);
  print('last that was taken', `after ${((late - begun) / 1000).toFixed(1)} s`);
  print('summary', JSON.stringify(summary));
  print('arrived', `${counts.mails} mails, ${counts.posts} posts`);
  print('connections at most', `${counts.smtpMost} SMTP, ${counts.httpsMost} HTTPS`);
  print('memory', `${Math.round(early / MB)} MB after a tenth, ${Math.round(peak / MB)} MB at most`);
  transports.close();
  await lab.ledger.close();
  rmSync(lab.directory, { recursive: true });
  receivers.kill();
}

/** Half by mail, half by POST to many hosts; one host in a hundred posts hangs. */
function ruaOf(at: number, port: number): string {
  if (at % 2 === 0) return `mailto:tls@d${at}.example`;
  if (at % 100 === 1) return `https://dead.example:${port}/hang`;
  return `https://h${at % HOSTS}.receiver.example:${port}/200`;
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

function print(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(22)}${value}\n`);
}

if (process.argv[2] === 'receive') await receive();
else await measure(Number(process.argv[2] ?? 20_000));
