import { appendFile, chmod, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { alertedDomains, alertStateSchema } from '../../src/alerts/judge.ts';
import type { AlertDocument } from '../../src/alerts/watch.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { lines } from '../alerts/one-host-log.ts';
import { makePlace, type Place } from '../cli/place.ts';
import { PostgresServer } from '../ledger/postgres-server.ts';
import { startTxtServer } from '../receivers/dns.ts';
import { Program, runProgram } from './program.ts';

let place: Place;
let log: string;
let config: string;
beforeEach(async () => {
  place = await makePlace();
  log = await place.write('mail.log', lines('18:00', 5, true));
});
afterEach(() => place.remove());

async function configure(script: string, state = place.path('state')): Promise<void> {
  const command = await place.write('alert', `#!/bin/sh\n${script}\n`);
  await chmod(command, 0o755);
  config = await place.write(
    'config.yaml',
    `organization: A
contact: tls@reports.example
state: ${state}
logs: [{path: ${log}, timezone: UTC, host: mta1, tls-log-level: 1}]
alerts: {command: ["${command}"], failures: 3}
`,
  );
}

const words = (command: string, time: string) => [
  command,
  '--offline',
  '--config',
  config,
  '--now',
  `2026-11-23T${time}:30Z`,
];
const run = (time: string) => runProgram(...words('run', time));
const HEARD = 'cat >> "$0.heard"; sleep 1';

async function heard(): Promise<AlertDocument[]> {
  const text = await readFile(`${place.path('alert')}.heard`, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AlertDocument);
}

/** The domains that the command was told of, as the ledger has it. */
async function standing(): Promise<string[]> {
  const ledger = await openLedger(place.path('state'));
  try {
    return alertedDomains(alertStateSchema.parse(await ledger.note('alerts')));
  } finally {
    await ledger.close();
  }
}

async function severalAtOneTime(): Promise<void> {
  await run('18:01');
  await appendFile(log, lines('18:10', 4, false));
  const all = await Promise.all([run('18:15'), run('18:15'), run('18:15')]);
  expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect((await heard()).flatMap(({ alerts }) => alerts.map(({ event }) => event))).toEqual(['failing']);
  await run('18:20');
  expect(await heard()).toHaveLength(1);
}

it('several that look at one time tell once', async () => {
  await configure(HEARD);
  await severalAtOneTime();
});

it('so do hosts that share a ledger on PostgreSQL', async () => {
  const server = await PostgresServer.create({ settings: { fsync: 'off' } });
  try {
    await configure(HEARD, server.url(await server.createDatabase()));
    await severalAtOneTime();
  } finally {
    await server.remove();
  }
});

it('what a killed run did not tell, the next one tells', async () => {
  await configure(HEARD);
  await run('18:01');
  await appendFile(log, lines('18:10', 4, false));
  await configure('kill -9 $PPID');
  const killed = new Program(words('run', '18:15'));
  expect(await killed.ended()).toBeNull();
  await configure(HEARD);
  await run('18:30');
  expect((await heard()).flatMap(({ alerts }) => alerts.map(({ event }) => event))).toEqual(['failing']);
});

it('follow tells too, offline as well', async () => {
  await configure(HEARD);
  await run('18:01');
  await appendFile(log, lines('18:10', 4, false));
  const follower = new Program(words('follow', '18:15'));
  try {
    await expect.poll(standing, { timeout: 30_000 }).toEqual(['example.org']);
  } finally {
    expect(await follower.end()).toBe(0);
  }
  await run('18:20');
  expect(await heard()).toHaveLength(1);
});

it('tells although nothing can be sent', async () => {
  const dns = await startTxtServer((name) =>
    name === '_smtp._tls.example.org' ? ['v=TLSRPTv1; rua=mailto:tls@example.org'] : undefined,
  );
  try {
    await configure(HEARD);
    await run('18:01');
    await appendFile(log, lines('23:50', 4, false));
    await appendFile(
      config,
      `mta: {honours: []}\ndns: {servers: ["${dns.address}"]}\ndelivery: {spread: 0s}\n`,
    );
    const said = await runProgram('run', '--config', config, '--now', '2026-11-24T00:20:00Z');
    expect(said).toMatchObject({ code: 78, stderr: expect.stringContaining('mail.dkim is not set') });
    expect(await heard()).toHaveLength(1);
  } finally {
    await dns.close();
  }
});
