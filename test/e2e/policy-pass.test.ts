import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { closeDays } from '../../src/days/closing.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { attributeTallies } from '../../src/policy/attribute-tallies.ts';
import { createResolver } from '../../src/policy/dns-client.ts';
import { lookupDemand } from '../../src/policy/tlsrpt-record.ts';
import { TallyCounter } from '../../src/reading/batch.ts';
import type { Report } from '../../src/report/schema.ts';
import type { Session } from '../../src/session.ts';
import { type PolicyHost, serves, startPolicyHost } from './policy-host.ts';
import { freePort, type SignedDns, startSignedDns } from './signed-dns.ts';
import { createTestCa, type TestCa } from './test-ca.ts';

const MIDNIGHT = Date.UTC(2026, 10, 20);
const MORNING = MIDNIGHT + 86_400_000 + 6 * 3_600_000;
const DIGEST = 'ab'.repeat(32);
const CONFIG = configSchema.parse({
  organization: 'o',
  contact: 'a@b.example',
  state: '/x',
  instance: 'test',
});
const policy = (mode: string, domain: string): string =>
  `version: STSv1\nmode: ${mode}\nmx: *.${domain}\nmax_age: 86400\n`;

let ca: TestCa;
let host: PolicyHost;
let dns: SignedDns;
let directory: string;
let ledger: Ledger;

beforeAll(async () => {
  ca = createTestCa();
  const of = (name: string) => ca.issue(`mta-sts.${name}.test`);
  host = await startPolicyHost({
    'mta-sts.enforce.test': { pair: of('enforce'), does: serves(policy('enforce', 'enforce.test')) },
    'mta-sts.testing.test': { pair: of('testing'), does: serves(policy('testing', 'testing.test')) },
    'mta-sts.missing.test': {
      pair: of('missing'),
      does: (_, response) => void response.writeHead(404).end(),
    },
    'mta-sts.wrong.test': {
      pair: ca.selfSigned('mta-sts.wrong.test'),
      does: serves(policy('enforce', 'wrong.test')),
    },
    'mta-sts.bad.test': { pair: of('bad'), does: serves('<html>') },
  });
  const names = ['dane', 'enforce', 'testing', 'missing', 'wrong', 'bad', 'plain'];
  const records = names.flatMap((name) => [
    `${name} IN MX 10 mx.${name}`,
    `mx.${name} IN A 192.0.2.1`,
    `_smtp._tls.${name} IN TXT "v=TLSRPTv1; rua=mailto:r@${name}.test"`,
  ]);
  for (const name of ['enforce', 'testing', 'missing', 'wrong', 'bad'])
    records.push(`mta-sts.${name} IN A 127.0.0.1`, `_mta-sts.${name} IN TXT "v=STSv1; id=1;"`);
  records.push(`_25._tcp.mx.dane IN TLSA 3 1 1 ${DIGEST}`);
  dns = await startSignedDns([{ name: 'test', signed: true, records: records.join('\n') }]);
});

afterAll(async () => {
  await host?.close();
  await dns?.close();
  ca?.remove();
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'maillog-tlsrpt-pass-'));
  ledger = await openLedger(directory);
});

afterEach(async () => {
  await ledger.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Two good sessions with each domain, the certificate judged as given. */
async function ingest(...sessions: readonly (readonly [string, Session['peerTrust']])[]): Promise<void> {
  const counter = new TallyCounter('mail', 'postfix');
  for (const [name, peerTrust] of sessions)
    for (const at of [1, 2])
      counter.add({
        time: MIDNIGHT + at * 3_600_000,
        recipientDomain: `${name}.test`,
        receivingMxHostname: `mx.${name}.test`,
        outcome: 'success',
        ...(peerTrust !== undefined && { peerTrust }),
        basis: 'tls-line',
      });
  const log = await ledger.log('mail', 'postfix', '/var/log/mail.log');
  await ledger.commit({
    logId: log.id,
    ingestedAt: MORNING,
    readToEndAt: MORNING,
    sessions: counter.take(),
    openChanged: [],
    openDeleted: [],
    expectedVersion: log.version,
    refuseOverlap: false,
  });
}

/** One pass at a time of day with the resolver on a port: policies, then closing. */
async function pass(time: number, port: number) {
  const clock = { now: () => time };
  const servers = [{ address: '127.0.0.1', port, trusted: true }];
  const resolver = createResolver({ servers, clock, timeoutMs: 2000 });
  const honours = { dane: true, mtaSts: true };
  const fetch = { allowPrivate: true, ca: ca.root, port: host.port };
  const attributed = await attributeTallies({ ledger, clock, config: CONFIG, resolver, honours, fetch }, 0);
  const demand = (domain: string) => lookupDemand(resolver, domain);
  const { built, ...closed } = await closeDays({ ledger, clock, config: CONFIG, honours, demand });
  const documents = built.map(async ({ id, domain }) => {
    return { domain, json: (await ledger.reportById(id))?.json ?? '' };
  });
  return { attributed, closed: { ...closed, built: await Promise.all(documents) } };
}

function policiesOf(json: string): unknown {
  return (JSON.parse(json) as Report).policies.map(
    ({ policy: { 'policy-type': type }, summary, ...rest }) => ({
      type,
      good: summary['total-successful-session-count'],
      bad: summary['total-failure-session-count'],
      ...(rest['failure-details'] !== undefined && { details: rest['failure-details'] }),
    }),
  );
}

describe('a pass over real tallies', () => {
  test('each domain is reported under the policy it published', async () => {
    await ingest(
      ['dane', 'verified'],
      ['enforce', 'verified'],
      ['testing', 'untrusted'],
      ['missing', 'trusted'],
      ['wrong', 'trusted'],
      ['bad', 'trusted'],
      ['plain', 'trusted'],
    );
    const { attributed, closed } = await pass(MORNING, dns.port);
    expect(attributed).toEqual({ attributed: 7, temporary: 0, left: 0 });
    const reports = Object.fromEntries(closed.built.map(({ domain, json }) => [domain, policiesOf(json)]));
    const failed = (resultType: string, reason: string, more: object = {}) => [
      { 'result-type': resultType, ...more, 'failed-session-count': 2, 'failure-reason-code': reason },
    ];
    expect(reports).toEqual({
      'dane.test': [{ type: 'tlsa', good: 2, bad: 0 }],
      'enforce.test': [{ type: 'sts', good: 2, bad: 0 }],
      'testing.test': [
        {
          type: 'sts',
          good: 0,
          bad: 2,
          details: failed('certificate-not-trusted', 'untrusted-certificate', {
            'receiving-mx-hostname': 'mx.testing.test',
          }),
        },
      ],
      'missing.test': [
        { type: 'sts', good: 0, bad: 2, details: failed('sts-policy-fetch-error', 'http-status-404') },
      ],
      'wrong.test': [
        { type: 'sts', good: 0, bad: 2, details: failed('sts-webpki-invalid', 'certificate-self-signed') },
      ],
      'bad.test': [
        { type: 'sts', good: 0, bad: 2, details: failed('sts-policy-invalid', 'policy-line-malformed') },
      ],
      'plain.test': [{ type: 'no-policy-found', good: 2, bad: 0 }],
    });
    const dane = closed.built.find(({ domain }) => domain === 'dane.test');
    expect((JSON.parse(dane?.json ?? '{}') as Report).policies[0]?.policy).toEqual({
      'policy-type': 'tlsa',
      'policy-string': [`3 1 1 ${DIGEST.toUpperCase()}`],
      'policy-domain': 'mx.dane.test',
    });
  });

  test('a resolver that is dead for an hour costs no report', async () => {
    await ingest(['dane', 'verified'], ['plain', 'trusted']);
    const dead = await freePort();
    for (const quarter of [0, 1, 2, 3]) {
      const { attributed, closed } = await pass(MORNING + quarter * 900_000, dead);
      expect(attributed).toMatchObject({ attributed: 0, temporary: 2 });
      expect(closed).toMatchObject({ built: [], waiting: 2, unasked: 0 });
    }
    const { closed } = await pass(MORNING + 3_600_000, dns.port);
    expect(Object.fromEntries(closed.built.map(({ domain, json }) => [domain, policiesOf(json)]))).toEqual({
      'dane.test': [{ type: 'tlsa', good: 2, bad: 0 }],
      'plain.test': [{ type: 'no-policy-found', good: 2, bad: 0 }],
    });
  });
});
