import { describe, expect, it } from 'vitest';
import { build, DAY, tally, tryBuild } from './lab.ts';

const failure = tally({
  id: 2,
  outcome: 'failure',
  resultType: 'certificate-expired',
  receivingIp: '192.0.2.25',
  sendingMtaIp: '198.18.0.1',
  failureReasonCode: 'certificate-expired',
  count: 3,
});
const sts = (strings: string[], mxHosts: string[]) => (one: { outcome: 'success' | 'failure' }) => [
  { policy: { type: 'sts' as const, strings, domain: 'example.org', mxHosts }, outcome: one.outcome },
];

it('writes the document of RFC 8460 §4.4, field by field', () => {
  const { report, json, tallyIds } = build({ tallies: [failure, tally({ id: 1, count: 7 })] });
  expect(report).toEqual({
    'organization-name': 'Example Sender',
    'date-range': { 'start-datetime': `${DAY}T00:00:00Z`, 'end-datetime': `${DAY}T23:59:59Z` },
    'contact-info': 'tls-reports@sender.example',
    'report-id': `${DAY}.example.org.0123456789.1@sender.example`,
    policies: [
      {
        policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'example.org' },
        summary: { 'total-successful-session-count': 7, 'total-failure-session-count': 3 },
        'failure-details': [
          {
            'result-type': 'certificate-expired',
            'receiving-mx-hostname': 'mx.example.org',
            'receiving-ip': '192.0.2.25',
            'failed-session-count': 3,
            'failure-reason-code': 'certificate-expired',
          },
        ],
      },
    ],
  });
  expect(json).toBe(`${JSON.stringify(report, null, 1)}\n`);
  expect(tallyIds).toEqual([1, 2]);
});

it('merges failures that are equal in all a report tells, and only those', () => {
  const { report } = build({
    tallies: [
      failure,
      { ...failure, id: 3, hour: failure.hour + 3_600_000, tlsVersion: 'TLSv1.3', count: 4 },
      { ...failure, id: 4, receivingIp: '192.0.2.26' },
    ],
  });
  const details = report.policies[0]?.['failure-details'];
  expect(details?.map((one) => [one['receiving-ip'], one['failed-session-count']])).toEqual([
    ['192.0.2.25', 7],
    ['192.0.2.26', 3],
  ]);
});

it('lists each policy once, tlsa before sts before none, whatever the order of the tallies', () => {
  const tallies = [
    tally({ id: 1, policyTypeHint: 'no-policy-found', count: 2 }),
    tally({ id: 2, policyTypeHint: 'sts' }),
    tally({ id: 3, policyTypeHint: 'tlsa', receivingMxHostname: 'b.example.org' }),
    tally({ id: 4, policyTypeHint: 'tlsa', receivingMxHostname: 'a.example.org' }),
    tally({ id: 5, policyTypeHint: 'sts', tlsVersion: 'TLSv1.2' }),
  ];
  const { report, json } = build({ tallies });
  expect(
    report.policies.map(({ policy, summary }) => [
      policy['policy-type'],
      policy['policy-domain'],
      summary['total-successful-session-count'],
    ]),
  ).toEqual([
    ['tlsa', 'a.example.org', 1],
    ['tlsa', 'b.example.org', 1],
    ['sts', 'example.org', 2],
    ['no-policy-found', 'example.org', 2],
  ]);
  expect(build({ tallies: tallies.toReversed() }).json).toBe(json);
});

describe('what strangers wrote into a policy', () => {
  it('keeps its lines as declared, wrong ones too', () => {
    const lines = ['version: STSv1', 'mode: enforced', 'mx: *.example.org', ''];
    const { report } = build({ tallies: [tally({})], attribute: sts(lines, ['*.example.org']) });
    expect(report.policies[0]?.policy).toEqual({
      'policy-type': 'sts',
      'policy-string': lines.slice(0, 3),
      'policy-domain': 'example.org',
      'mx-host': ['*.example.org'],
    });
  });

  it('never breaks the document', () => {
    const lines = ['mx: \u0000\u001b[31m', '\ud800', '\ufffe', ' ', 'x'.repeat(100_000)];
    const { report } = build({
      tallies: [tally({})],
      attribute: sts(lines, ['-', '', '*.*.example.org', 'mx.example.org', '192.0.2.1']),
    });
    expect(report.policies[0]?.policy).toEqual({
      'policy-type': 'sts',
      'policy-string': ['mx:  [31m', '\ufffd', '\ufffd', 'x'.repeat(1000)],
      'policy-domain': 'example.org',
      'mx-host': ['mx.example.org'],
    });
  });
});

describe('who is counted', () => {
  it('leaves sessions out that carried our own reports (RFC 8460 §3)', () => {
    const built = build({ tallies: [tally({}), { ...failure, own: true }] });
    expect(built.tallyIds).toEqual([1]);
    expect(built.report.policies[0]?.summary['total-failure-session-count']).toBe(0);
  });

  it('leaves inferred sessions out where the config says so', () => {
    const inferred = { ...failure, basis: 'inferred' } as const;
    expect(build({ tallies: [tally({}), inferred] }).tallyIds).toEqual([1, 2]);
    expect(build({ tallies: [tally({}), inferred], rules: { inferred: false } }).tallyIds).toEqual([1]);
  });

  it.each([
    ['no-sessions', [], {}],
    ['no-sessions', [{ ...failure, own: true }], {}],
    ['too-few-sessions', [failure], { 'min-sessions': 4 }],
    ['successes-only', [tally({})], { 'success-only': false }],
  ] as const)('makes no report: %s', (reason, tallies, rules) => {
    expect(tryBuild({ tallies, rules })).toEqual({ kind: 'nothing', reason });
  });
});

describe('sending-mta-ip', () => {
  const ip = (sendingMtaIp: string, rules = {}) =>
    build({ tallies: [{ ...failure, sendingMtaIp }], rules }).report.policies[0]?.['failure-details']?.[0]?.[
      'sending-mta-ip'
    ];

  it.each(['8.8.8.8', '2a00:1450:4001::1'])('%s is told', (address) => expect(ip(address)).toBe(address));
  it.each(['10.77.0.1', '127.0.0.1', 'fd77::1', 'fe80::1', '100.64.0.1', '::ffff:a4d:1'])(
    '%s is private, and told only where the config says so',
    (address) => {
      expect(ip(address)).toBeUndefined();
      expect(ip(address, { 'private-sending-ip': true })).toBe(address);
    },
  );
  it('is masked on demand', () => expect(ip('8.8.8.8', { 'mask-sending-ip': true })).toBeUndefined());
});

describe('a fault before any connection', () => {
  it('names neither MX nor addresses', () => {
    const { report } = build({
      tallies: [failure],
      attribute: () => [
        {
          policy: { type: 'sts', strings: [], domain: 'example.org', mxHosts: [] },
          outcome: 'failure',
          resultType: 'sts-policy-fetch-error',
          failureReasonCode: 'http-404',
          beforeConnection: true,
        },
      ],
    });
    expect(report.policies[0]?.['failure-details']).toEqual([
      {
        'result-type': 'sts-policy-fetch-error',
        'failed-session-count': 3,
        'failure-reason-code': 'http-404',
      },
    ]);
  });

  it('stands beside a success without making it a failure', () => {
    const { report } = build({
      tallies: [tally({ count: 5 })],
      attribute: () => [
        {
          policy: { type: 'sts', strings: [], domain: 'example.org', mxHosts: [] },
          outcome: 'success',
          also: { resultType: 'sts-policy-fetch-error' },
        },
      ],
    });
    expect(report.policies[0]).toMatchObject({
      summary: { 'total-successful-session-count': 5, 'total-failure-session-count': 0 },
      'failure-details': [{ 'result-type': 'sts-policy-fetch-error', 'failed-session-count': 5 }],
    });
  });
});

describe('beyond report.max-failure-details', () => {
  const many = Array.from({ length: 50 }, (_, at) => ({
    ...failure,
    id: at + 1,
    count: at + 1,
    receivingIp: `192.0.2.${at}`,
    resultType: at % 2 === 0 ? ('certificate-expired' as const) : ('validation-failure' as const),
  }));

  it('keeps the most frequent and folds the rest, a detail for each result type, counts exact', () => {
    const { report, folded } = build({ tallies: many, rules: { 'max-failure-details': 10 } });
    const details = report.policies[0]?.['failure-details'] ?? [];
    expect(details).toHaveLength(10);
    expect(folded).toBe(42);
    expect(details.reduce((sum, one) => sum + one['failed-session-count'], 0)).toBe((50 * 51) / 2);
    const rest = details.filter((one) => one['receiving-ip'] === undefined);
    expect(rest.map((one) => [one['result-type'], one['failed-session-count']])).toEqual([
      ['certificate-expired', 21 * 21],
      ['validation-failure', 21 * 22],
    ]);
  });

  it('folds nothing at the limit itself', () => {
    expect(build({ tallies: many, rules: { 'max-failure-details': 50 } }).folded).toBe(0);
  });
});
