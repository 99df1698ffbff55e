import fc from 'fast-check';
import { expect, it } from 'vitest';
import { carryTotals, countDays, NO_TOTALS, totalSamples } from '../../src/metrics/totals.ts';

const traffic = {
  day: '2026-11-20',
  host: 'mta1',
  parser: 'postfix',
  outcome: 'failure',
  resultType: 'certificate-expired',
  tlsVersion: 'TLSv1.3',
  peerTrust: 'untrusted',
  basis: 'tls-line',
  count: 4,
} as const;

it('counts a failure under its outcome, its type and its TLS', () => {
  const totals = carryTotals(NO_TOTALS, countDays([traffic], []));
  expect(Object.fromEntries(totalSamples(totals))).toEqual({
    sessions_total: [
      { labels: { host: 'mta1', parser: 'postfix', outcome: 'failure', basis: 'tls-line' }, value: 4 },
    ],
    session_failures_total: [
      { labels: { host: 'mta1', parser: 'postfix', result_type: 'certificate-expired' }, value: 4 },
    ],
    tls_sessions_total: [
      {
        labels: { host: 'mta1', parser: 'postfix', tls_version: 'TLSv1.3', peer_trust: 'untrusted' },
        value: 4,
      },
    ],
  });
});

it('keeps a label of few values, whatever a log says', () => {
  const days = countDays([{ ...traffic, tlsVersion: 'TLSv9.9-evil' }], []);
  const [version] = totalSamples(carryTotals(NO_TOTALS, days)).get('tls_sessions_total') ?? [];
  expect(version?.labels['tls_version']).toBe('other');
});

it('counts deliveries when they are finished only', () => {
  const rows = (['due', 'sending', 'sent', 'retry', 'given-up', 'held', 'suppressed'] as const).map(
    (state) => ({ day: '2026-11-20', scheme: 'mailto', state, count: 1 }),
  );
  const totals = carryTotals(NO_TOTALS, countDays([], rows));
  expect(
    totalSamples(totals)
      .get('deliveries_total')
      ?.map(({ labels }) => labels['state']),
  ).toEqual(['given-up', 'sent', 'suppressed']);
});

it('keeps what a pruned day counted, and adds what comes for it later', () => {
  const first = carryTotals(NO_TOTALS, countDays([traffic], []));
  const pruned = carryTotals(first, countDays([], []));
  const again = carryTotals(pruned, countDays([{ ...traffic, count: 1 }], []));
  const values = [first, pruned, again].map(
    (totals) => totalSamples(totals).get('sessions_total')?.[0]?.value,
  );
  expect(values).toEqual([4, 4, 5]);
});

it('never lets a counter fall, whatever days come and go', () => {
  const look = fc.array(
    fc.record({ day: fc.constantFrom('2026-11-18', '2026-11-19', '2026-11-20'), count: fc.nat(9) }),
  );
  fc.assert(
    fc.property(fc.array(look), (looks) => {
      let totals = NO_TOTALS;
      let last = 0;
      for (const sums of looks) {
        totals = carryTotals(
          totals,
          countDays(
            sums.map((sum) => ({ ...traffic, ...sum })),
            [],
          ),
        );
        const value = totalSamples(totals).get('sessions_total')?.[0]?.value ?? 0;
        expect(value).toBeGreaterThanOrEqual(last);
        last = value;
      }
    }),
  );
});
