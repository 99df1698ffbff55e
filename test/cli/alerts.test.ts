import { appendFile, chmod, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { AlertDocument } from '../../src/alerts/watch.ts';
import { configSchema } from '../../src/config.ts';
import { lines } from '../alerts/one-host-log.ts';
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
        explain: `maillog-tlsrpt explain ${log} --domain example.org --config ${config}`,
      },
    ],
  });
  await appendFile(log, lines('20:00', 2, true));
  await run('20:01');
  const words = (await readFile(place.path('heard'), 'utf8')).trim().split('\n');
  expect(words[1]).toContain('"event":"recovered"');
});

describe('docs/alerts.md', () => {
  const block = async (language: string) => {
    const text = await readFile(new URL('../../docs/alerts.md', import.meta.url), 'utf8');
    const found = new RegExp(`\`\`\`${language}(?: \\S+)?\\n(.*?)\`\`\``, 's').exec(text)?.[1];
    if (found === undefined) throw new Error(`no block of ${language}`);
    return found;
  };

  it('shows the document as it is, and the defaults as they are', async () => {
    await configure(`cat > ${place.path('heard')}`);
    await run('18:01');
    await appendFile(log, lines('18:10', 4, false));
    await run('18:15');
    const real = JSON.parse(await readFile(place.path('heard'), 'utf8')) as AlertDocument;
    const shown = JSON.parse(await block('json')) as AlertDocument;
    expect(Object.keys(shown)).toEqual(Object.keys(real));
    expect(Object.keys(shown.alerts[0] ?? {})).toEqual(Object.keys(real.alerts[0] ?? {}));
    const { alerts } = parse(await block('yaml')) as { alerts: Record<string, unknown> };
    const given = { organization: 'A', contact: 'a@b.example', state: 's' };
    const { command: _, ...defaults } = configSchema.parse({ ...given, alerts }).alerts;
    expect(defaults).toEqual(configSchema.parse(given).alerts);
  });

  it('has a program that works', async () => {
    let posted = '';
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => {
        posted += text;
      });
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const hook = (await block('sh')).replace('https://hooks.example', `http://127.0.0.1:${port}`);
    await configure(hook.replace(/^#!.*\n/, ''));
    await run('18:01');
    await appendFile(log, lines('18:10', 4, false));
    expect((await run('18:15')).stderr).not.toContain('alert command');
    await new Promise((resolve) => server.close(resolve));
    expect(JSON.parse(posted)).toMatchObject({ alerts: [{ domain: 'example.org' }] });
  });
});

it('says so when the command fails, gives the alert again, and lets nothing else suffer', async () => {
  await configure(`cat >/dev/null; echo 'no such room' >&2; exit 3`);
  await run('18:01');
  await appendFile(log, lines('18:10', 4, false));
  const first = await run('18:15');
  expect(first.code).toBe(0);
  expect(first.stderr).toContain('the alert command ended with 3: no such room');
  expect((await run('18:16')).stderr).toContain('the alert command ended with 3');
  const watched = (time: string) =>
    runCli(['status', '--check', '--config', config, '--now', `2026-11-23T${time}:30Z`]);
  expect(await watched('18:16')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(
      /^TLSRPT WARNING: the alert command ended with 3: no such room \(2 times since 2026-11-23T18:15:30Z\)/,
    ),
  });
  await configure('cat >/dev/null');
  expect((await run('18:17')).stderr).not.toContain('alert command');
  expect((await run('18:18')).stderr).not.toContain('alert command');
  expect((await watched('18:18')).code).toBe(0);
});

it('says so when there is no such command', async () => {
  await configure('true');
  await run('18:01');
  await appendFile(log, lines('18:10', 4, false));
  const text = (await readFile(config, 'utf8')).replace(`${place.path('alert')}`, '/no/such/program');
  await place.write('config.yaml', text);
  expect((await run('18:15')).stderr).toContain('the alert command cannot be run: it does not exist');
});
