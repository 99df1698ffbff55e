import { chmod, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { printFinding } from '../../src/cli/check.ts';
import { Printer } from '../../src/cli/io.ts';
import { type Host, healthyHost } from '../check/place.ts';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from '../cli/place.ts';
import { collector, runCli } from '../cli/run-cli.ts';
import { startTxtServer, type TxtServer } from '../receivers/dns.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../receivers/smtp.ts';
import { withPage } from './chromium.ts';
import { terminalPage } from './terminal-page.ts';

const KEY = fileURLToPath(new URL('../receivers/dkim-rsa.key.pem', import.meta.url));
/** Set to write the pictures of docs/ anew. */
const KEEP_IMAGES = process.env['KEEP_IMAGES'] === '1';
const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
/** The terminals that are shown, of which the narrower one is as narrow as the tables can be made. */
const TERMINALS = [
  { columns: 110, suffix: '' },
  { columns: 64, suffix: '-narrow' },
] as const;

let place: Place;
let smtp: SmtpReceiver;
let dns: TxtServer;
let host: Host | undefined;
beforeEach(async () => {
  place = await makePlace();
  smtp = await startSmtpReceiver();
  dns = await startTxtServer((name) => {
    const domain = /^_smtp\._tls\.(.+\.test)$/.exec(name)?.[1];
    return domain === undefined ? undefined : [`v=TLSRPTv1; rua=mailto:tls-reports@${domain}`];
  });
});
afterEach(async () => {
  await host?.close();
  host = undefined;
  await Promise.all([smtp.close(), dns.close(), place.remove()]);
});

/** A host on the morning after: a day read and sent, a day that is open. */
async function statusScreen(columns: number): Promise<string> {
  const sample = await readFile(SAMPLE_LOG, 'utf8');
  const log = await place.write('mail.log', sample + sample.replaceAll(/^Nov 23 19:/gm, 'Nov 24 04:'));
  const config = await place.write(
    'config.yaml',
    `organization: Reports Inc.
contact: tls@reports.example
state: ${place.path('state')}
logs: [{path: ${log}, timezone: UTC, host: mta1, relayhosts: ["[mx.route.test]:2525"]}]
dns: {servers: ["${dns.address}"]}
mta: {honours: []}
mail: {via: "smtp://127.0.0.1:${smtp.port}", dkim: {domain: reports.example, selector: s, key: ${KEY}}}
delivery: {spread: 0s, allow-private: true}
`,
  );
  const options = ['--config', config, '--now', MORNING_AFTER];
  smtp.replies.set('tls-reports@ok.test', {
    at: 'rcpt',
    code: 451,
    text: '4.7.1 greylisted, come back later',
  });
  await runCli(['run', ...options]);
  const { stdout } = await runCli(['status', ...options], { columns, env: { NO_COLOR: '' } });
  // Where the path is cut, its end stands for it.
  if (!stdout.includes(place.directory))
    return stdout.replace(/…\w*\/mail\.log/, (end) => `…${'/var/log/mail.log'.slice(1 - end.length)}`);
  // The column was as wide as the path of this machine.
  const shorter = ' '.repeat(place.directory.length - '/var/log'.length);
  return stdout.replaceAll(place.directory, '/var/log').replace(`  log${shorter}`, '  log');
}

/** A host of which some things are wrong. */
async function checkScreen(columns: number): Promise<string> {
  host = await healthyHost();
  await chmod(host.key, 0o644);
  host.txt.delete('_smtp._tls.reports.example');
  host.postconf['smtp_tls_loglevel'] = '0';
  host.dns.validates = false;
  const out = collector({ isTTY: true, columns });
  const printer = new Printer({ stdout: out.stream, stderr: out.stream, stdin: process.stdin, env: {} });
  for (const finding of await host.examine()) printFinding(finding, printer);
  return out
    .text()
    .replaceAll(host.place.path('mail.log'), '/var/log/mail.log')
    .replaceAll(host.place.directory, '/etc/maillog-tlsrpt')
    .replace(/smtp:\/\/127\.0\.0\.1:\d+/, 'smtp://127.0.0.1:25')
    .replace(/127\.0\.0\.1:\d{3,}/, '127.0.0.1');
}

const SCREENS = [
  ['status', statusScreen, 'Outbox'],
  ['check', checkScreen, 'smtp_tls_loglevel'],
] as const;
const CASES = SCREENS.flatMap(([name, screen, words]) =>
  TERMINALS.map(({ columns, suffix }) => ({ name, screen, words, columns, suffix })),
);

it.each(CASES)('$name is readable on a terminal of $columns columns, light and dark', async (shown) => {
  const { name, columns, suffix } = shown;
  const text = await shown.screen(columns);
  expect(text).toContain(shown.words);
  const page = await place.write('screen.html', terminalPage(text, columns, suffix === '-narrow'));
  for (const scheme of ['light', 'dark'] as const) {
    const image = await withPage(pathToFileURL(page).href, async (chromium) => {
      await chromium.show(1000, 10, scheme);
      const content = await chromium.evaluate<string>('document.querySelector("pre").textContent');
      expect(content).toBe(text.replace(/\u001b\[[0-9;]*m/g, ''));
      const size = await chromium.evaluate<[number, number]>(
        '[document.querySelector("pre").scrollWidth, document.querySelector("pre").scrollHeight]',
      );
      await chromium.show(size[0], size[1], scheme);
      expect(chromium.complaints).toEqual([]);
      return chromium.screenshot();
    });
    expect(image.length).toBeGreaterThan(10_000);
    if (KEEP_IMAGES) await writeFile(`${IMAGES}${name}${suffix}-${scheme}.png`, image);
  }
});

it.each(CASES)(
  '$name is no wider than $columns columns, but for what is to be copied',
  async ({ screen, columns }) => {
    const copied = /^ {6}→ .*\n/gm;
    const lines = (await screen(columns))
      .replace(copied, '')
      // What stands for this machine's directory in the picture is longer by a letter.
      .replaceAll('/etc/maillog-tlsrpt', host?.place.directory ?? '/etc/maillog-tlsrpt')
      .replace(/\u001b\[[0-9;]*m/g, '')
      .split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  },
);
