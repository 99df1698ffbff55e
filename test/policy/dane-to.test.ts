import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { closeDays } from '../../src/days/closing.ts';
import type { Demand, Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import type { Attributed } from '../../src/policy/attribute.ts';
import { resultsFor } from '../../src/policy/dane-to.ts';
import { emptySnapshot, type Snapshot, snapshotId, snapshotJson } from '../../src/policy/snapshot.ts';
import { TallyCounter } from '../../src/reading/batch.ts';
import type { Report } from '../../src/report/schema.ts';

const DAY = '2026-11-20';
const NOON = Date.parse(`${DAY}T12:00:00Z`);
const HOST = 'mx.provider.example';
const TLSA = [`3 1 1 ${'AB'.repeat(32)}`];

let directory: string;
let ledger: Ledger;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'maillog-tlsrpt-dane-to-'));
  ledger = await openLedger(directory);
  await fill();
});

afterEach(async () => {
  await ledger.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Two domains behind one DANE provider, 2 and 3 sessions, the provider's own domain with 1, one without DANE with 4. */
async function fill(): Promise<void> {
  const counter = new TallyCounter('mail', 'postfix');
  const counts = { 'a.example': 2, 'b.example': 3, [HOST]: 1, 'plain.example': 4 };
  for (const [recipientDomain, count] of Object.entries(counts)) {
    const receivingMxHostname = recipientDomain === 'plain.example' ? 'mx.plain.example' : HOST;
    for (let n = 0; n < count; n++)
      counter.add({
        time: NOON,
        recipientDomain,
        receivingMxHostname,
        outcome: 'success',
        peerTrust: 'verified',
        basis: 'tls-line',
      });
  }
  const log = await ledger.log('mail', 'postfix', '/var/log/mail.log');
  await ledger.commit({
    logId: log.id,
    ingestedAt: NOON,
    readToEndAt: NOON + 86_400_000,
    sessions: counter.take(),
    openChanged: [],
    openDeleted: [],
    expectedVersion: log.version,
    refuseOverlap: false,
  });
  for (const domain of Object.keys(counts)) {
    const snapshot = domain === 'plain.example' ? emptySnapshot(domain) : signed(domain);
    await ledger.attribute(
      { id: snapshotId(snapshot), domain, content: snapshotJson(snapshot) },
      NOON,
      NOON - 43_200_000,
      NOON,
    );
  }
}

function signed(domain: string): Snapshot {
  const dane = { state: 'secure', baseDomain: HOST, records: TLSA, usable: true } as const;
  return {
    ...emptySnapshot(domain),
    origin: 'found',
    mx: { state: 'found', secure: true, hosts: [{ name: HOST, dane }] },
  };
}

/** Closes the day; gives each report's domain with the successes by policy type and domain. */
async function reports(
  daneTo: 'recipient' | 'mx' | 'both',
  demand: (domain: string) => Demand = () => ({ kind: 'record', text: '', rua: ['mailto:r@example.net'] }),
): Promise<Record<string, Record<string, number>>> {
  const report = { 'dane-to': daneTo };
  const config = configSchema.parse({
    organization: 'o',
    contact: 'a@b.example',
    state: '/x',
    instance: 'test',
    report,
  });
  const clock = { now: () => NOON + 86_400_000 };
  const honours = { dane: true, mtaSts: false };
  const closed = await closeDays({
    ledger,
    clock,
    config,
    honours,
    demand: async (domain) => demand(domain),
  });
  const documents = await Promise.all(closed.built.map(({ id }) => ledger.reportById(id)));
  return Object.fromEntries(
    documents.map((stored) => {
      const { domain = '', json = '' } = stored ?? {};
      const { policies } = JSON.parse(json) as Report;
      return [
        domain,
        Object.fromEntries(
          policies.map(({ policy, summary }) => [
            `${policy['policy-type']} ${policy['policy-domain']}`,
            summary['total-successful-session-count'],
          ]),
        ),
      ];
    }),
  );
}

const PLAIN = { 'plain.example': { 'no-policy-found plain.example': 4 } };

describe('who gets DANE results', () => {
  test('recipient: the recipient domain, as Postfix does it', async () => {
    expect(await reports('recipient')).toEqual({
      'a.example': { [`tlsa ${HOST}`]: 2 },
      'b.example': { [`tlsa ${HOST}`]: 3 },
      [HOST]: { [`tlsa ${HOST}`]: 1 },
      ...PLAIN,
    });
  });

  test('mx: the host that published the records, all its domains in one', async () => {
    expect(await reports('mx')).toEqual({ [HOST]: { [`tlsa ${HOST}`]: 6 }, ...PLAIN });
  });

  test('both', async () => {
    expect(await reports('both')).toEqual({
      'a.example': { [`tlsa ${HOST}`]: 2 },
      'b.example': { [`tlsa ${HOST}`]: 3 },
      [HOST]: { [`tlsa ${HOST}`]: 6 },
      ...PLAIN,
    });
  });

  test('a host that asks for none gets none; a second closing builds nothing twice', async () => {
    const asks = (domain: string): Demand =>
      domain === HOST ? { kind: 'none' } : { kind: 'record', text: '', rua: ['mailto:r@example.net'] };
    expect(Object.keys(await reports('both', asks))).not.toContain(HOST);
    expect(await reports('both', asks)).toEqual({});
  });

  test('a host waits for the domains behind it', async () => {
    const broken = (domain: string): Demand =>
      domain === 'a.example'
        ? { kind: 'temporary', reason: 'silence' }
        : { kind: 'record', text: '', rua: ['mailto:r@example.net'] };
    expect(Object.keys(await reports('mx', broken))).not.toContain(HOST);
    expect(await reports('mx')).toEqual({ [HOST]: { [`tlsa ${HOST}`]: 6 } });
  });
});

test('only DANE results move', () => {
  const tally = {
    hour: NOON,
    host: 'mail',
    parser: 'postfix',
    recipientDomain: 'a.example',
    outcome: 'success',
    basis: 'tls-line',
  } as const;
  const of = (type: 'tlsa' | 'sts', domain: string): Attributed => ({
    policy: { type, strings: [], domain, mxHosts: [] },
    outcome: 'success',
  });
  const [dane, sts] = [of('tlsa', HOST), of('sts', 'a.example')];
  const both = [dane, sts];
  expect(resultsFor('a.example', tally, both, 'recipient')).toEqual(both);
  expect(resultsFor('a.example', tally, both, 'mx')).toEqual([sts]);
  expect(resultsFor('a.example', tally, both, 'both')).toEqual(both);
  expect(resultsFor(HOST, tally, both, 'mx')).toEqual([dane]);
  expect(resultsFor(HOST, tally, both, 'recipient')).toEqual([]);
});
