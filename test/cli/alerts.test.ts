import { appendFile, chmod, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AlertDocument } from '../../src/alerts/watch.ts';
import { makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
let log: string;
let config: string;
beforeEach(async () => {
  place = await makePlace();
  log = await place.write('mail.log', lines('18:00', 5, true));
});
afterEach(() => place.remove());

/** Sessions with one host, good or broken, at a time of 2026-11-23. */
function lines(time: string, count: number, good: boolean): string {
  return Array.from({ length: count }, (_, i) => {
    const head = `Nov 23 ${time}:${String(i).padStart(2, '0')} mta1 postfix/smtp[${Number(time.replace(':', '')) + i}]:`;
    const peer = 'mx.example.org[192.0.2.25]:25';
    const id = `4Z${time.replace(':', '')}${i}XyzBCDF`;
    const told = good
      ? `${head} Trusted TLS connection established to ${peer}: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n`
      : `${head} SSL_connect error to ${peer}: Connection reset by peer\n`;
    const sent = good
      ? 'dsn=2.0.0, status=sent (250 ok)'
      : 'dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)';
    return `${told}${head} ${id}: to=<u@example.org>, relay=${peer}, delay=1, delays=0/0/0.5/0.5, ${sent}\n`;
  }).join('');
}

async function configure(script: string): Promise<void> {
  const command = await place.write('alert', `#!/bin/sh\n${script}\n`);
  await chmod(command, 0o755);
  config = await place.write(
    'config.yaml',
    `organization: A
contact: tls@reports.example
state: ${place.path('state')}
logs: [{path: ${log}, timezone: UTC, host: mta1, tls-log-level: 1}]
alerts: {command: ["${command}", "one", "two words"], failures: 3}
`,
  );
}

function run(time: string) {
  return runCli(['run', '--offline', '--config', config, '--now', `2026-11-23T${time}:30Z`]);
}

it('gives the command JSON on standard input, once, and again when it works again', async () => {
  await configure(`printf '%s|%s|' "$1" "$2" >> ${place.path('heard')}; cat >> ${place.path('heard')}`);
  expect((await run('18:01')).code).toBe(0);
  await appendFile(log, lines('18:10', 4, false));
  expect((await run('18:15')).code).toBe(0);
  expect((await run('18:16')).code).toBe(0);
  const [first = '', ...none] = (await readFile(place.path('heard'), 'utf8')).trim().split('\n');
  expect(none).toEqual([]);
  expect(first.startsWith('one|two words|')).toBe(true);
  const document = JSON.parse(first.slice('one|two words|'.length)) as AlertDocument;
  expect(document).toMatchObject({
    version: 1,
    time: '2026-11-23T18:15:30Z',
    further: 0,
    alerts: [
      {
        event: 'failing',
        domain: 'example.org',
        failures: 4,
        lastSuccess: '2026-11-23T18:00:00Z',
        lastFailure: '2026-11-23T18:00:00Z',
        resultTypes: { 'validation-failure': 4 },
        mxHosts: ['mx.example.org'],
        explain: `maillog-tlsrpt explain ${log} --domain example.org`,
      },
    ],
  });
  await appendFile(log, lines('20:00', 2, true));
  await run('20:01');
  const words = (await readFile(place.path('heard'), 'utf8')).trim().split('\n');
  expect(words[1]).toContain('"event":"recovered"');
});

it('says so when the command fails, gives the alert again, and lets nothing else suffer', async () => {
  await configure(`cat >/dev/null; echo 'no such room' >&2; exit 3`);
  await run('18:01');
  await appendFile(log, lines('18:10', 4, false));
  const first = await run('18:15');
  expect(first.code).toBe(0);
  expect(first.stderr).toContain('the alert command ended with 3: no such room');
  expect((await run('18:16')).stderr).toContain('the alert command ended with 3');
  await configure('cat >/dev/null');
  expect((await run('18:17')).stderr).not.toContain('alert command');
  expect((await run('18:18')).stderr).not.toContain('alert command');
});

it('says so when there is no such command', async () => {
  await configure('true');
  await run('18:01');
  await appendFile(log, lines('18:10', 4, false));
  const text = (await readFile(config, 'utf8')).replace(`${place.path('alert')}`, '/no/such/program');
  await place.write('config.yaml', text);
  expect((await run('18:15')).stderr).toContain('the alert command cannot be run: it does not exist');
});
