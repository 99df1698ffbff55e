import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';
import { emptySnapshot, snapshotId, snapshotJson } from '../../src/policy/snapshot.ts';
import type { Report } from '../../src/report/schema.ts';
import { makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

const DAY = '2026-11-23';
const HOUR = Date.parse(`${DAY}T18:00:00Z`);
const HOST = 'mx.provider.example';

let place: Place;
beforeEach(async () => {
  place = await makePlace('report: {dane-to: both}\nmta: {honours: [dane]}\n');
  await place.write('mail.log', `${session('a.example', 1)}${session('b.example', 2)}`);
  await runCli([
    'backfill',
    place.path('mail.log'),
    '--timezone',
    'UTC',
    '--config',
    place.config,
    '--now',
    '2026-11-24T05:00:00Z',
    '--offline',
  ]);
  const ledger = await openLedger(place.path('state'));
  for (const domain of ['a.example', 'b.example']) await ledger.attribute(signed(domain), HOUR, HOUR, HOUR);
  await ledger.close();
});
afterEach(() => place.remove());

function session(domain: string, pid: number): string {
  const head = `Nov 23 18:00:0${pid} mta1 postfix/smtp[${pid}]:`;
  const peer = `${HOST}[192.0.2.25]:25`;
  return (
    `${head} Verified TLS connection established to ${peer}: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n` +
    `${head} 4Z${pid}XyzBCDF: to=<u@${domain}>, relay=${peer}, delay=1, delays=0/0/0.5/0.5, dsn=2.0.0, status=sent (250 ok)\n`
  );
}

function signed(domain: string) {
  const dane = { state: 'secure', baseDomain: HOST, records: [`3 1 1 ${'AB'.repeat(32)}`], usable: true };
  const snapshot = {
    ...emptySnapshot(domain),
    origin: 'found' as const,
    mx: {
      state: 'found' as const,
      secure: true,
      hosts: [{ name: HOST, dane: { ...dane, state: 'secure' as const } }],
    },
  };
  return { id: snapshotId(snapshot), domain, content: snapshotJson(snapshot) };
}

async function domains(...args: string[]): Promise<string[]> {
  const said = await runCli(['report', '--json', '--config', place.config, ...args]);
  return (said.json() as Report[]).map(({ 'report-id': id, policies }) => {
    const count = policies.reduce((sum, { summary }) => sum + summary['total-successful-session-count'], 0);
    return `${count} ${[HOST, 'a.example', 'b.example'].find((name) => id.includes(name))}`;
  });
}

it('shows what an MX host will be told too, beside what each domain is told', async () => {
  expect(await domains()).toEqual(['1 a.example', '1 b.example', `2 ${HOST}`]);
  expect(await domains('--day', DAY)).toEqual(['1 a.example', '1 b.example', `2 ${HOST}`]);
  expect(await domains('--domain', HOST)).toEqual([`2 ${HOST}`]);
  expect(await domains('--domain', 'a.example')).toEqual(['1 a.example']);
  expect(await domains('--day', '2026-11-22')).toEqual([]);
});

it('writes it under the name of the host', async () => {
  const { stdout } = await runCli([
    'report',
    '--domain',
    HOST,
    '--out',
    place.path('out'),
    '--config',
    place.config,
  ]);
  expect(stdout).toContain(`!${HOST}!`);
});

it('explain names both reports that a session counts in', async () => {
  const explain = async () => {
    const words = ['explain', place.path('mail.log'), '--timezone', 'UTC', '--domain', 'a.example'];
    const { stdout } = await runCli([...words, '--config', place.config, '--now', '2026-11-24T05:00:00Z']);
    return [...stdout.matchAll(/(in [^:]*): (tlsa \S+), success/g)].map(
      ([, where, what]) => `${where}: ${what}`,
    );
  };
  expect(await explain()).toEqual([`in no report yet: tlsa ${HOST}`, `in no report yet: tlsa ${HOST}`]);
  const ledger = await openLedger(place.path('state'));
  const report = { day: DAY, domain: HOST, revision: 1, reportId: 'to-the-host', json: '{}', builtAt: HOUR };
  await ledger.freeze(report, [], []);
  await ledger.close();
  expect(await explain()).toEqual([`in no report yet: tlsa ${HOST}`, `in report to-the-host: tlsa ${HOST}`]);
});
