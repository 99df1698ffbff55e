import { expect, it } from 'vitest';
import { type TallyPart, tallyKinds } from '../../src/ledger/tally-kinds.ts';
import { failure, HOUR, HOUR_MS, NOON, success } from './batches.ts';

function part(change: Partial<TallyPart> = {}): TallyPart {
  return { key: success, count: 1, ingestedAt: NOON, ...change };
}

it('puts the hours of a day together, and each day by itself', () => {
  const hours = [HOUR, HOUR + HOUR_MS, HOUR + 24 * HOUR_MS];
  const kinds = tallyKinds(hours.map((hour, index) => part({ key: { ...success, hour }, count: index + 1 })));
  expect(kinds).toMatchObject([
    {
      day: '2026-11-20',
      hours: [
        { hour: HOUR, sessions: 1 },
        { hour: HOUR + HOUR_MS, sessions: 2 },
      ],
    },
    { day: '2026-11-21', hours: [{ hour: HOUR + 24 * HOUR_MS, sessions: 3 }] },
  ]);
});

it('adds up what is of one key and hour, and keeps the later times', () => {
  const later = HOUR + 5 * HOUR_MS;
  expect(tallyKinds([part({ lastHour: later }), part({ count: 4, ingestedAt: NOON + 1 })])).toMatchObject([
    { hours: [{ hour: HOUR, sessions: 5, ingestedAt: NOON + 1, lastHour: later }] },
  ]);
});

it('takes for one what is stored as one: absent and empty, not own and no word of it', () => {
  const { receivingIp: _receivingIp, ...bare } = failure;
  const kinds = tallyKinds([
    part({ key: bare }),
    part({ key: { ...bare, receivingIp: '', tlsVersion: 'TLSv1.3' } }),
    part({ key: { ...bare, own: false } }),
  ]);
  expect(kinds).toMatchObject([{ hours: [{ sessions: 3 }] }]);
});

it.each([
  ['host', 'mta2'],
  ['parser', 'exim'],
  ['recipientDomain', 'example.net'],
  ['outcome', 'success'],
  ['resultType', 'certificate-expired'],
  ['failureReasonCode', 'other'],
  ['receivingMxHostname', 'mx2.example.org'],
  ['receivingIp', '192.0.2.26'],
  ['sendingMtaIp', '192.0.2.1'],
  ['peerTrust', 'verified'],
  ['tlsVersion', 'TLSv1.2'],
  ['policyTypeHint', 'tlsa'],
  ['basis', 'tls-field'],
  ['resumed', true],
  ['own', true],
])('keeps apart what differs in %s', (field, value) => {
  expect(tallyKinds([part({ key: failure }), part({ key: { ...failure, [field]: value } })])).toHaveLength(2);
});

it('keeps apart what differs in the policies it counts under, or in the report that holds it', () => {
  expect(tallyKinds([part(), part({ snapshot: 'p1' }), part({ snapshot: 'p1', revision: 1 })])).toHaveLength(
    3,
  );
});

it.each<[string, (index: number) => Partial<TallyPart['key']>]>([
  ['hosts', (index) => ({ host: `mta${index}` })],
  ['days', (index) => ({ hour: HOUR + index * 24 * HOUR_MS })],
  ['sending addresses', (index) => ({ sendingMtaIp: `2001:db8::${index}` })],
])('does not look at all kinds for each tally where they differ in %s', (_name, change) => {
  let looked = 0;
  const parts = Array.from({ length: 1000 }, (_, index) => ({
    ...part({ key: { ...failure, ...change(index) } }),
    get snapshot() {
      looked++;
      return '';
    },
  }));
  expect(tallyKinds([...parts, ...parts])).toHaveLength(1000);
  expect(looked).toBeLessThan(10_000);
});
