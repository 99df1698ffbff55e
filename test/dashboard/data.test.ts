import { expect, it } from 'vitest';
import { type DashboardInput, dashboardData } from '../../src/dashboard/data.ts';
import type { SessionSum } from '../../src/ledger/sums.ts';
import { emptySnapshot, type Snapshot } from '../../src/policy/snapshot.ts';

const HOUR = Date.parse('2026-11-20T10:00:00Z');
const base: SessionSum = {
  day: '2026-11-20',
  hour: HOUR,
  host: 'mta1',
  parser: 'postfix',
  recipientDomain: 'example.org',
  receivingMxHostname: 'mx.example.org',
  outcome: 'success',
  peerTrust: 'verified',
  basis: 'tls-line',
  count: 1,
  snapshot: null,
};

function dashboard(
  sums: SessionSum[],
  change: Partial<DashboardInput> = {},
  snapshots: [string, Snapshot][] = [],
) {
  return dashboardData({
    place: { logs: [], directory: '/', host: 'mta1' },
    seen: { sums, snapshots: new Map(snapshots), trusting: { has: () => true } },
    honours: { dane: true, mtaSts: true },
    logs: [],
    outbox: [],
    troubled: [],
    today: '2026-11-21',
    days: 3,
    maxDomains: 10,
    ...change,
  });
}

it('puts every session into one class', () => {
  const { total } = dashboard([
    { ...base, count: 1 },
    { ...base, peerTrust: 'trusted', count: 2 },
    { ...base, peerTrust: 'untrusted', count: 3 },
    { ...base, peerTrust: 'anonymous', count: 4 },
    { ...base, outcome: 'failure', resultType: 'starttls-not-supported', count: 5 },
    { ...base, outcome: 'failure', resultType: 'certificate-expired', count: 6 },
  ]);
  expect(total).toEqual({ verified: 1, trusted: 2, untrusted: 7, unsaid: 0, plaintext: 5, failed: 6 });
});

it('shows each day of the time, and none before it', () => {
  const { days, total } = dashboard([base, { ...base, day: '2026-11-18', count: 9 }]);
  expect(days.map(({ day, counts }) => [day, counts.verified])).toEqual([
    ['2026-11-19', 0],
    ['2026-11-20', 1],
    ['2026-11-21', 0],
  ]);
  expect(total.verified).toBe(1);
});

it('lists the busiest domains and counts the others', () => {
  const found = dashboard(
    [
      { ...base, recipientDomain: 'a.example', outcome: 'failure', resultType: 'certificate-expired' },
      { ...base, recipientDomain: 'b.example', count: 9 },
      { ...base, recipientDomain: 'c.example', count: 5 },
    ],
    { maxDomains: 2 },
  );
  expect(found.domains.map((row) => row.domain)).toEqual(['b.example', 'c.example']);
  expect(found.furtherDomains).toBe(1);
  expect(found.failingDomains).toBe(1);
});

it('calls a failure what the report calls one: testing mode with a bad certificate', () => {
  const snapshot: Snapshot = {
    ...emptySnapshot('example.org'),
    origin: 'found',
    mx: { state: 'found', secure: false, hosts: [{ name: 'mx.example.org', dane: { state: 'none' } }] },
    sts: { state: 'policy', mode: 'testing', lines: ['version: STSv1'], mx: ['mx.example.org'] },
  };
  const { domains, failures } = dashboard(
    [{ ...base, peerTrust: 'untrusted', snapshot: 's', count: 4 }],
    {},
    [['s', snapshot]],
  );
  expect(domains).toMatchObject([
    { reported: 4, policies: 'MTA-STS testing', lastFailure: HOUR, counts: { untrusted: 4 } },
  ]);
  expect(failures).toMatchObject([
    { resultType: 'certificate-not-trusted', reason: 'untrusted-certificate', count: 4, domains: 1 },
  ]);
});

it('sums failures by type and reason, with the last hour and its domain', () => {
  const failed: SessionSum = { ...base, outcome: 'failure', resultType: 'certificate-expired' };
  const { failures } = dashboard([
    failed,
    { ...failed, recipientDomain: 'late.example', hour: HOUR + 3_600_000, count: 2 },
    { ...failed, recipientDomain: 'early.example', hour: HOUR - 3_600_000 },
  ]);
  expect(failures).toMatchObject([
    {
      resultType: 'certificate-expired',
      count: 4,
      domains: 3,
      last: HOUR + 3_600_000,
      lastDomain: 'late.example',
    },
  ]);
});
