import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstTime, nextTime } from '../../src/delivery/schedule.ts';

const HOUR = 3_600_000;
const MIDNIGHT = Date.parse('2026-11-23T00:00:00Z');

describe('the first try', () => {
  it('hangs on domain and day alone', () => {
    expect(firstTime('example.org', '2026-11-22', 4 * HOUR)).toBe(
      firstTime('example.org', '2026-11-22', 4 * HOUR),
    );
    expect(firstTime('example.org', '2026-11-22', 4 * HOUR)).not.toBe(
      firstTime('example.com', '2026-11-22', 4 * HOUR),
    );
  });

  it('comes after midnight UTC, evenly over the span', () => {
    const quarters = [0, 0, 0, 0];
    for (let at = 0; at < 4000; at++) {
      const after = firstTime(`d${at}.example`, '2026-11-22', 4 * HOUR) - MIDNIGHT;
      expect(after).toBeGreaterThanOrEqual(0);
      expect(after).toBeLessThan(4 * HOUR);
      quarters[Math.floor(after / HOUR)] = (quarters[Math.floor(after / HOUR)] ?? 0) + 1;
    }
    for (const count of quarters) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('is midnight without a span', () => expect(firstTime('a', '2026-11-22', 0)).toBe(MIDNIGHT));
});

describe('the next try', () => {
  const row = { id: 7, now: MIDNIGHT, firstTriedAt: MIDNIGHT, retryFor: 24 * HOUR };

  it('waits about twice as long each time, up to 4 h', () => {
    const waits = Array.from(
      { length: 9 },
      (_, at) => ((nextTime({ ...row, attempts: at + 1 }) ?? 0) - MIDNIGHT) / 60_000,
    );
    const ideal = [5, 10, 20, 40, 80, 160, 240, 240, 240];
    for (const [at, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(0.8 * (ideal[at] ?? 0));
      expect(wait).toBeLessThanOrEqual(1.2 * (ideal[at] ?? 0));
    }
  });

  it('differs from row to row, so that they do not come back together', () => {
    const times = Array.from({ length: 100 }, (_, id) => nextTime({ ...row, id, attempts: 1 }));
    expect(new Set(times).size).toBeGreaterThan(90);
  });

  it('lies in the future and within the time, or there is none', () => {
    const any = fc.record({
      id: fc.nat(),
      attempts: fc.integer({ min: 1, max: 100 }),
      now: fc.integer({ min: MIDNIGHT, max: MIDNIGHT + 48 * HOUR }),
      retryAfter: fc.option(fc.integer({ min: 0, max: 1e12 }), { nil: 0 }),
    });
    fc.assert(
      fc.property(any, (change) => {
        const next = nextTime({ ...row, ...change });
        const last = row.firstTriedAt + row.retryFor;
        expect(next === undefined).toBe(change.now >= last);
        if (next === undefined) return;
        expect(next).toBeGreaterThan(change.now);
        expect(next).toBeLessThanOrEqual(last);
        if (change.now + change.retryAfter <= last)
          expect(next).toBeGreaterThanOrEqual(change.now + change.retryAfter);
      }),
    );
  });
});
