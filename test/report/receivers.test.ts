import { describe, expect, it } from 'vitest';
import { build, tally } from './lab.ts';
import { RECEIVERS } from './receivers.ts';

type Json = Record<string, unknown>;

function base() {
  return {
    'organization-name': 'Example Sender',
    'date-range': { 'start-datetime': '2026-11-22T00:00:00Z', 'end-datetime': '2026-11-22T23:59:59Z' },
    'contact-info': 'tls@sender.example' as unknown,
    'report-id': 'one@sender.example',
    policies: [
      {
        policy: {
          'policy-type': 'sts',
          'policy-string': ['version: STSv1', 'mode: enforce'],
          'policy-domain': 'example.org',
          'mx-host': ['mx.example.org'],
        } as Json,
        summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 1 } as Json,
        'failure-details': [
          {
            'result-type': 'certificate-expired',
            'sending-mta-ip': '192.0.2.1',
            'receiving-mx-hostname': 'mx.example.org',
            'receiving-ip': '192.0.2.25',
            'failed-session-count': 1,
          } as Json,
        ] as unknown,
      } as Json & { policy: Json; summary: Json },
    ],
  };
}

type Base = ReturnType<typeof base>;
const policy = (report: Base): Json => report.policies[0]?.policy ?? {};
const summary = (report: Base): Json => report.policies[0]?.summary ?? {};
const entry = (report: Base): Json => report.policies[0] ?? {};
const detail = (report: Base): Json => (entry(report)['failure-details'] as Json[])[0] ?? {};
const times = (report: Base, start: string, end: string) =>
  Object.assign(report['date-range'], { 'start-datetime': start, 'end-datetime': end });

/**
 * What each receiver did with each variant of one report: `+` taken, `-` the whole report refused, in the order
 * parsedmarc, stalwart, cry-inc, tlsrpt-rs, mox, isseis, Mail::TLSRPT.
 */
const MEASURED: readonly (readonly [string, (report: Base) => unknown, string])[] = [
  ['as it is', () => undefined, '++++++-'],
  ['mx-host a string', (r) => (policy(r)['mx-host'] = 'mx.example.org'), '+-----+'],
  ['mx-host absent', (r) => delete policy(r)['mx-host'], '+++++++'],
  ['mx-host empty', (r) => (policy(r)['mx-host'] = []), '++++++-'],
  ['mx-host null', (r) => (policy(r)['mx-host'] = null), '+-+++++'],
  ['policy-string absent', (r) => delete policy(r)['policy-string'], '++++++-'],
  ['policy-string empty', (r) => (policy(r)['policy-string'] = []), '++++++-'],
  ['policy-string a string', (r) => (policy(r)['policy-string'] = 'mode: enforce'), '+------'],
  ['failure-details absent', (r) => delete entry(r)['failure-details'], '++++++-'],
  ['failure-details empty', (r) => (entry(r)['failure-details'] = []), '++++++-'],
  ['failure-details null', (r) => (entry(r)['failure-details'] = null), '--++++-'],
  ['address empty', (r) => (detail(r)['sending-mta-ip'] = ''), '+---++-'],
  ['address absent', (r) => delete detail(r)['sending-mta-ip'], '++++++-'],
  ['address with a zone', (r) => (detail(r)['receiving-ip'] = 'fe80::1%eth0'), '+---++-'],
  ['address in brackets', (r) => (detail(r)['receiving-ip'] = '[2001:db8::1]'), '+---++-'],
  ['MX name absent', (r) => delete detail(r)['receiving-mx-hostname'], '++++++-'],
  ['policy-domain absent', (r) => delete policy(r)['policy-domain'], '-+--++-'],
  ['contact null', (r) => (r['contact-info'] = null), '+++-++-'],
  ['contact absent', (r) => delete (r as Json)['contact-info'], '-++-++-'],
  ['times without zone', (r) => times(r, '2026-11-22T00:00:00', '2026-11-22T23:59:59'), '++--+--'],
  ['times with offset', (r) => times(r, '2026-11-22T00:00:00+00:00', '2026-11-22T23:59:59+00:00'), '++++++-'],
  ['times with ms', (r) => times(r, '2026-11-22T00:00:00.000Z', '2026-11-22T23:59:59.000Z'), '++++++-'],
  ['dates alone', (r) => times(r, '2026-11-22', '2026-11-22'), '++-----'],
  ['result type unknown', (r) => (detail(r)['result-type'] = 'other'), '++--++-'],
  ['policy type unknown', (r) => (policy(r)['policy-type'] = 'other'), '-+--++-'],
  ['count a string', (r) => (summary(r)['total-failure-session-count'] = '1'), '+------'],
  ['count a fraction', (r) => (summary(r)['total-failure-session-count'] = 1.5), '+------'],
  ['failed count absent', (r) => delete detail(r)['failed-session-count'], '-+--++-'],
  ['unknown keys', (r) => Object.assign(r, { 'x-more': 1 }), '++++++-'],
  ['no policies', (r) => (r.policies = []), '+++++++'],
];

describe('the readings of seven receivers, held to what was measured of them', () => {
  const names = Object.keys(RECEIVERS);
  it.each(MEASURED)('%s', (_what, change, expected) => {
    const report = base();
    change(report);
    const text = JSON.stringify(report);
    const verdicts = names.map((name) => (RECEIVERS[name]?.(text) === true ? '+' : '-')).join('');
    expect(verdicts).toBe(expected);
  });

  it('all refuse a byte order mark', () => {
    for (const takes of Object.values(RECEIVERS))
      expect(takes(`\uFEFF${JSON.stringify(base())}`)).toBe(false);
  });
});

const success = tally({});
const failure = tally({
  outcome: 'failure',
  resultType: 'certificate-not-trusted',
  failureReasonCode: 'untrusted-ca',
  receivingIp: '2001:db8::25',
  sendingMtaIp: '198.51.100.1',
});
const STS = {
  type: 'sts',
  strings: ['version: STSv1'],
  domain: 'example.org',
  mxHosts: ['*.example.org'],
} as const;
const TLSA = { type: 'tlsa', strings: ['3 1 1 00ff'], domain: 'mx.example.org', mxHosts: [] } as const;
const NONE = { type: 'no-policy-found', strings: [], domain: 'example.org', mxHosts: [] } as const;

describe('what we send', () => {
  const rules = { 'private-sending-ip': true };
  it.each([
    ['successes under sts', [success], STS, 'all but Mail::TLSRPT'],
    ['failures under sts', [success, failure], STS, 'all but Mail::TLSRPT'],
    ['sts whose policy is unknown', [failure], { ...STS, strings: [], mxHosts: [] }, 'all'],
    ['failures under tlsa', [success, failure], TLSA, 'all'],
    ['successes without a policy', [success], NONE, 'all'],
    ['failures without a policy', [failure], NONE, 'all'],
  ] as const)('%s: taken by %s', (_what, tallies, policyUsed, takers) => {
    const { json } = build({
      tallies,
      rules,
      attribute: (one) => [
        {
          policy: { ...policyUsed, strings: [...policyUsed.strings], mxHosts: [...policyUsed.mxHosts] },
          outcome: one.outcome,
          ...(one.resultType !== undefined && { resultType: one.resultType }),
        },
      ],
    });
    for (const [name, takes] of Object.entries(RECEIVERS))
      expect([name, takes(json)]).toEqual([name, takers === 'all' || name !== 'Mail::TLSRPT']);
  });
});
