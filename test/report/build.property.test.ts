import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Tally } from '../../src/ledger/ledger.ts';
import { attribute } from '../../src/policy/attribute.ts';
import { emptySnapshot, type Snapshot } from '../../src/policy/snapshot.ts';
import { reportSchema } from '../../src/report/schema.ts';
import { RESULT_TYPES } from '../../src/result-type.ts';
import { BASES, PEER_TRUSTS, POLICY_TYPE_HINTS } from '../../src/session.ts';
import { HONOURS, tally, tryBuild } from './lab.ts';

const HOSTS = ['mx1.example.org', 'mx2.example.org', 'xn--bcher-kva.example'];
const ADDRESSES = ['192.0.2.25', '2001:db8::25', '10.0.0.1', '8.8.8.8'];
const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });

/** Drops what is undefined, as the ledger's rows do. */
function present<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

const facts = fc.record({
  count: fc.integer({ min: 1, max: 1_000_000 }),
  resultType: maybe(RESULT_TYPES),
  failureReasonCode: maybe(['tls-handshake-failure', 'untrusted-ca', 'ü \ud800']),
  receivingMxHostname: maybe(HOSTS),
  receivingIp: maybe(ADDRESSES),
  sendingMtaIp: maybe(ADDRESSES),
  peerTrust: maybe(PEER_TRUSTS),
  policyTypeHint: maybe(POLICY_TYPE_HINTS),
  basis: fc.constantFrom(...BASES),
  parser: fc.constantFrom('postfix', 'exim'),
  own: maybe([true]),
});

const tallies: fc.Arbitrary<Tally[]> = fc.array(fc.tuple(facts, fc.boolean()), { maxLength: 40 }).map((all) =>
  all.map(([{ resultType, failureReasonCode, ...rest }, failed], at) => ({
    ...tally(present(rest)),
    id: at + 1,
    outcome: failed ? 'failure' : 'success',
    ...(failed && present({ resultType, failureReasonCode })),
  })),
);

const hostileText = fc.string({ unit: 'binary', maxLength: 40 });

const snapshots: fc.Arbitrary<Snapshot | undefined> = fc.option(
  fc
    .record({
      secure: fc.boolean(),
      records: fc.array(fc.constantFrom('3 1 1 00', '2 1 1 ff'), { minLength: 1, maxLength: 3 }),
      usable: fc.boolean(),
      lines: fc.array(hostileText, { maxLength: 5 }),
      mx: fc.array(fc.oneof(hostileText, fc.constantFrom('*.example.org', 'mx1.example.org')), {
        maxLength: 4,
      }),
      mode: fc.constantFrom('enforce' as const, 'testing' as const, 'none' as const),
    })
    .map(({ secure, records, usable, lines, mx, mode }) => ({
      ...emptySnapshot('example.org'),
      mx: {
        state: 'found' as const,
        secure,
        hosts: [
          {
            name: 'mx1.example.org',
            dane: { state: 'secure' as const, baseDomain: 'mx1.example.org', records, usable },
          },
        ],
      },
      sts: { state: 'policy' as const, mode, lines, mx },
    })),
  { nil: undefined },
);

const rules = fc.record({
  'max-failure-details': fc.integer({ min: 1, max: 12 }),
  inferred: fc.boolean(),
  'mask-sending-ip': fc.boolean(),
  'private-sending-ip': fc.boolean(),
});

it('any tallies and snapshots give a valid report whose sums agree', () => {
  fc.assert(
    fc.property(tallies, snapshots, rules, (all, snapshot, chosen) => {
      const built = tryBuild({
        tallies: all,
        rules: chosen,
        attribute: (one) => attribute(one, snapshot, HONOURS),
      });
      const counted = all.filter((one) => one.own !== true && (chosen.inferred || one.basis !== 'inferred'));
      if (built.kind === 'nothing') {
        expect(counted).toEqual([]);
        return;
      }
      expect(reportSchema.parse(JSON.parse(built.json))).toEqual(built.report);
      expect(built.json).not.toMatch(/: *(?:""|null|\[\]|\{\})/);
      let sessions = 0;
      for (const entry of built.report.policies) {
        const failed = entry.summary['total-failure-session-count'];
        const detailed = (entry['failure-details'] ?? []).map((one) => one['failed-session-count']);
        expect(detailed.reduce((sum, count) => sum + count, 0)).toBe(failed);
        sessions += failed + entry.summary['total-successful-session-count'];
      }
      expect(sessions).toBe(counted.reduce((sum, { count }) => sum + count, 0));
      expect(built.tallyIds).toEqual(counted.map(({ id }) => id));
    }),
    { numRuns: 500 },
  );
});

it('the order of the tallies never shows', () => {
  const shuffled = tallies.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
  );
  fc.assert(
    fc.property(shuffled, snapshots, ([one, other], snapshot) => {
      const both = [one, other].map((order) =>
        tryBuild({ tallies: order, attribute: (each) => attribute(each, snapshot, HONOURS) }),
      );
      expect(both[1]).toEqual(both[0]);
    }),
    { numRuns: 200 },
  );
});
