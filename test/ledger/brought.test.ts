import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Brought,
  countsOf,
  type Export,
  NOTHING_BROUGHT,
  packBrought,
  unpackBrought,
  withExport,
} from '../../src/ledger/brought.ts';
import type { TallyKey } from '../../src/ledger/ledger.ts';

const DAY = '2026-11-22';
const HOUR = Date.parse('2026-11-22T10:00:00Z');

function tally(domain: string, count: number) {
  const key: TallyKey = {
    hour: HOUR,
    host: 'mta9',
    parser: 'postfix',
    recipientDomain: domain,
    outcome: 'success',
    basis: 'tls-line',
  };
  return { key, count };
}

/** An export of sessions of domains, by number. */
function exported(
  instance: string | undefined,
  sources: string[],
  counts: Record<string, number>,
  sequence = 1,
): Export {
  const tallies = Object.entries(counts).map(([domain, count]) => tally(domain, count));
  return { ...(instance !== undefined && { instance, sources }), sequence, tallies };
}

const merged = (...parts: Export[]) => parts.reduce(withExport, NOTHING_BROUGHT);
const counts = (brought: Brought) =>
  Object.fromEntries([...countsOf(brought).values()].map(({ key, count }) => [key.recipientDomain, count]));

it('of one ledger the greater count of each tally holds', () => {
  const [first, second] = [exported('a', ['1'], { x: 2, y: 1 }), exported('a', ['1'], { x: 5 }, 2)];
  expect(counts(merged(first, second))).toEqual({ x: 5, y: 1 });
  expect(merged(second, first)).toEqual(merged(first, second));
});

it('a host that lost its ledger and its log brings new sessions, though both were its first export', () => {
  expect(counts(merged(exported('a', ['1'], { x: 20 }), exported('b', ['2'], { x: 10 })))).toEqual({ x: 30 });
});

it('a host that lost its ledger and read its logs again brings no session twice', () => {
  const lost = exported('a', ['1'], { x: 20 });
  expect(counts(merged(lost, exported('b', ['1', '2'], { x: 30 })))).toEqual({ x: 30 });
  const third = exported('c', ['1', '2', '3'], { x: 37 });
  expect(counts(merged(lost, exported('b', ['2'], { x: 10 }), third))).toEqual({ x: 37 });
});

it('files of an older program hold what they say at least', () => {
  const old = exported(undefined, [], { x: 20, y: 1 });
  expect(counts(merged(old, exported('a', ['1'], { x: 25 })))).toEqual({ x: 25, y: 1 });
  expect(counts(merged(exported('a', ['1'], { x: 12 }), exported('b', ['2'], { x: 12 }), old))).toEqual({
    x: 24,
    y: 1,
  });
});

it('what was counted stays counted when it turns out that two ledgers have read the same', () => {
  const apart = merged(exported('a', ['1'], { x: 20 }), exported('b', ['2'], { x: 10 }));
  expect(counts(withExport(apart, exported('a', ['1', '2'], { x: 22 }, 2)))).toEqual({ x: 30 });
});

it('comes back as it was kept, and from what an older program kept', () => {
  const all = merged(
    exported(undefined, [], { y: 1 }),
    exported('a', ['1'], { x: 2 }),
    exported('b', ['2'], { x: 3 }),
  );
  expect(unpackBrought(packBrought(all, DAY), 'mta9', DAY)).toEqual(all);
  const old = merged(exported(undefined, [], { x: 2 }));
  expect(unpackBrought(packBrought(old, DAY), 'mta9', DAY)).toEqual(old);
});

it('any exports of ledgers that grow, in any order and as often as one likes, come to the same', () => {
  const step = fc.record({
    instance: fc.constantFrom('a', 'b', 'c'),
    domain: fc.constantFrom('x', 'y'),
    more: fc.nat(5),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.infiniteStream(fc.nat(20)), (steps, picks) => {
      const state = new Map<string, Record<string, number>>();
      const exports = steps.map(({ instance, domain, more }, index) => {
        const known = state.get(instance) ?? {};
        const grown = { ...known, [domain]: (known[domain] ?? 0) + more + 1 };
        state.set(instance, grown);
        // The last two have read the same log.
        return exported(instance, [instance === 'a' ? '1' : '2'], grown, index);
      });
      const again = exports.flatMap((one) => [
        one,
        exports[(picks.next().value ?? 0) % exports.length] ?? one,
      ]);
      const shuffled = again
        .map((one) => [picks.next().value ?? 0, one] as const)
        .sort(([a], [b]) => a - b)
        .map(([, one]) => one);
      expect(counts(merged(...shuffled))).toEqual(counts(merged(...exports)));
    }),
  );
});
