import { mkdir } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';
import { MORNING_AFTER, makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

const LOG = {
  path: 'mail.log',
  timezone: 'Asia/Tokyo',
  host: 'mta1',
  'tls-log-level': 1,
  relayhosts: ['[smtp.isp.example]:587'],
};

let place: Place;
beforeEach(async () => {
  place = await makePlace(`mta: {honours: []}\nlogs: [${JSON.stringify(LOG)}]\n`);
});
afterEach(() => place.remove());

function logOf(day: string): string {
  const [tag, server] = [`${day} 18:00:00 mta1 postfix/smtp[100]:`, 'smtp.isp.example[192.0.2.25]:587'];
  return `${tag} Trusted TLS connection established to ${server}: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
${tag} 4ZBBBB0XyzBCDF: to=<u@example.org>, relay=${server}, delay=1, delays=0/0/0.5/0.5, dsn=2.0.0, status=sent (250 ok)
`;
}

async function run(...words: string[]): Promise<number> {
  return (await runCli([...words, '--offline', '--config', place.config, '--now', MORNING_AFTER])).code;
}

/** What is counted: host, domain and hour of each session. */
async function counted(): Promise<string[]> {
  const ledger = await openLedger(place.path('state'));
  const tallies = await ledger.tallies({});
  await ledger.close();
  return tallies.map(
    ({ host, recipientDomain, hour, count }) =>
      `${count} of ${host} with ${recipientDomain} at ${new Date(hour).toISOString().slice(0, 13)}`,
  );
}

const OF_THE_LOG = '1 of mta1 with smtp.isp.example at 2026-11-23T09';

it('counts a file of a configured log as that log, and so but once', async () => {
  const live = await place.write('mail.log', logOf('Nov 23'));
  expect(await run('run')).toBe(0);
  expect(await counted()).toEqual([OF_THE_LOG]);
  expect(await run('backfill', live)).toBe(0);
  expect(await counted()).toEqual([OF_THE_LOG]);
});

it('knows an archive that lies elsewhere by its name', async () => {
  await mkdir(place.path('archive'));
  expect(await run('backfill', await place.write('archive/mail.log-20261124', logOf('Nov 23')))).toBe(0);
  expect(await counted()).toEqual([OF_THE_LOG]);
});

it('reads as the command line says where that says otherwise', async () => {
  const live = await place.write('mail.log', logOf('Nov 23'));
  expect(await run('backfill', live, '--timezone', 'UTC', '--relayhost', '[elsewhere.example]')).toBe(0);
  expect(await counted()).toEqual(['1 of mta1 with example.org at 2026-11-23T18']);
});

it('takes an archive of another host for no file of the log, whatever its name', async () => {
  await mkdir(place.path('archive'));
  const archive = await place.write('archive/mail.log.1', logOf('Nov 23'));
  expect(await run('backfill', archive, '--timezone', 'UTC', '--host', 'mta2')).toBe(0);
  expect(await counted()).toEqual(['1 of mta2 with example.org at 2026-11-23T18']);
});

it('leaves the options of the log to its own parser where the command line names another', async () => {
  const exim = {
    path: 'mail.log',
    timezone: 'UTC',
    host: 'mta1',
    parser: 'exim',
    options: { excludeTransports: ['a'] },
  };
  await place.write(
    'config.yaml',
    `organization: A\ncontact: tls@reports.example\nstate: ${place.path('state')}\nmta: {honours: []}\nlogs: [${JSON.stringify(exim)}]\n`,
  );
  const live = await place.write('mail.log', logOf('Nov 23'));
  expect(await run('backfill', live, '--parser', 'postfix')).toBe(0);
  expect(await counted()).toEqual(['1 of mta1 with example.org at 2026-11-23T18']);
});

it('finds the files of a log where its rotations are moved to, though another log bears the same name', async () => {
  await Promise.all(['a', 'b', 'old'].map((name) => mkdir(place.path(name))));
  const logs = ['a', 'b'].map((name) => ({ path: `${name}/mail.log`, timezone: 'UTC', host: `mx${name}` }));
  await place.write(
    'config.yaml',
    `organization: A\ncontact: tls@reports.example\nstate: ${place.path('state')}\nmta: {honours: []}\nlogs: ${JSON.stringify([{ ...logs[0], rotated: 'old' }, logs[1]])}\n`,
  );
  expect(await run('backfill', await place.write('old/mail.log.1', logOf('Nov 23')))).toBe(0);
  expect(await counted()).toEqual(['1 of mxa with example.org at 2026-11-23T18']);
});

it('notes of no log that it was read where none of its files could be', async () => {
  expect(await run('backfill', place.path('gone.log'), '--host', 'oldmta')).toBe(65);
  const ledger = await openLedger(place.path('state'));
  const logs = await ledger.logs();
  await ledger.close();
  expect(logs.filter(({ readToEndAt }) => readToEndAt !== undefined)).toEqual([]);
});

it('has read a log to its end though its last file could not be', async () => {
  const paths = [await place.write('mail.log.1', logOf('Nov 23')), place.path('mail.log')];
  expect(await run('backfill', ...paths)).toBe(65);
  const ledger = await openLedger(place.path('state'));
  const logs = await ledger.logs();
  await ledger.close();
  expect(logs.map(({ readToEndAt }) => readToEndAt)).toEqual([Date.parse(MORNING_AFTER)]);
});
