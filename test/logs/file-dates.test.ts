import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { minuteOfYear } from '../../src/logs/classic-line.ts';
import { datesFrom, datesUntil } from '../../src/logs/file-dates.ts';
import { latestOfYear } from '../../src/logs/stamp.ts';
import { createSyslogReader } from '../../src/logs/syslog.ts';
import { boundAsTold, guardedBound, UnknownYear, type YearBound } from '../../src/logs/years.ts';
import { zoneOf } from '../../src/logs/zone.ts';

const zone = zoneOf('UTC');
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function lineAt(time: number): string {
  const [, day = '', month = '', , clock = ''] = new Date(time).toUTCString().split(' ');
  return `${month} ${String(Number(day)).padStart(2)} ${clock} mail postfix/smtp[1]: x`;
}

/** The times of lines, read one after the other. */
function timesOf(lines: readonly string[], bound: YearBound): (number | undefined)[] {
  let last: number | undefined;
  const read = createSyslogReader({ zone, host: '-', latest: () => bound(last) });
  return lines.map((line) => {
    last = read(line)?.time;
    return last;
  });
}

/** A bound that another thread goes on with at each line. */
function handedOn(bound: YearBound): YearBound {
  let now = bound;
  return (last) => {
    const told = now.told?.();
    if (told !== undefined) now = boundAsTold(structuredClone(told));
    return now(last);
  };
}

/** Lines of years, none of which is silent for as long as half of one. */
const logs = fc
  .record({
    begin: fc.integer({ min: Date.UTC(1995, 0, 1) / MINUTE_MS, max: Date.UTC(2090, 0, 1) / MINUTE_MS }),
    steps: fc.array(fc.integer({ min: 0, max: 150 * 1440 }), { minLength: 1, maxLength: 12 }),
  })
  .map(({ begin, steps }) => {
    let time = begin * MINUTE_MS;
    return [time, ...steps.map((step) => (time += step * MINUTE_MS))];
  });

/** Lines of more than a year with a silence of more than half of one, around which some are written every few days. */
const silentLogs = fc
  .record({
    begin: fc.integer({ min: Date.UTC(1995, 0, 1) / MINUTE_MS, max: Date.UTC(2085, 0, 1) / MINUTE_MS }),
    before: fc.array(fc.integer({ min: 720, max: 13 * 1440 }), { minLength: 3, maxLength: 30 }),
    silence: fc.integer({ min: 190 * 1440, max: 330 * 1440 }),
    behind: fc.array(fc.integer({ min: 720, max: 13 * 1440 }), { minLength: 3, maxLength: 30 }),
  })
  .map(({ begin, before, silence, behind }) => {
    let time = begin * MINUTE_MS;
    return [time, ...[...before, silence, ...behind].map((step) => (time += step * MINUTE_MS))];
  })
  .filter((times) => (times.at(-1) ?? 0) - (times[0] ?? 0) > 368 * DAY_MS);
const yearOf = (time: number | undefined) => new Date(time ?? 0).getUTCFullYear();

describe('the lines of a file', () => {
  test('are of the years in which they were written, told by when it was last changed', () => {
    fc.assert(
      fc.property(logs, fc.integer({ min: 0, max: 300 }), (times, days) => {
        const lines = times.map(lineAt);
        const dates = datesUntil(lines, zone, (times.at(-1) ?? 0) + days * DAY_MS);
        expect([dates.begin, dates.end]).toEqual([times[0], times.at(-1)]);
        expect(timesOf(lines, dates.bound())).toEqual(times);
      }),
    );
  });

  test('are of the years in which they were written, told by when it begins', () => {
    fc.assert(
      fc.property(logs, (times) => {
        const lines = times.map(lineAt);
        const first = latestOfYear(new Date(times[0] ?? 0).getUTCFullYear(), zone);
        const dates = datesFrom(lines, zone, first);
        expect([dates.begin, dates.end]).toEqual([times[0], times.at(-1)]);
        expect(timesOf(lines, dates.bound())).toEqual(times);
      }),
    );
  });

  test('are of their years in a log that was silent for more than half of one', () => {
    fc.assert(
      fc.property(silentLogs, (times) => {
        const lines = times.map(lineAt);
        const until = datesUntil(lines, zone, times.at(-1) ?? 0);
        expect(timesOf(lines, until.bound())).toEqual(times);
        const from = datesFrom(lines, zone, latestOfYear(yearOf(times[0]), zone));
        expect([from.begin, from.end]).toEqual([times[0], times.at(-1)]);
        expect(timesOf(lines, from.bound())).toEqual(times);
        expect(timesOf(lines, handedOn(from.bound()))).toEqual(times);
      }),
    );
  });

  test('of logs that were joined in any order are of the year before its last change', () => {
    const monthly = (...months: number[]) =>
      months.flatMap((month) => Array.from({ length: 28 }, (_, day) => Date.UTC(2026, month - 1, day + 1)));
    for (const order of [
      [11, 10, 9],
      [11, 2, 1, 10, 9, 8, 7, 6, 5, 4, 3],
      [2, 1, 11, 10],
    ]) {
      const times = monthly(...order);
      const { bound } = datesUntil(times.map(lineAt), zone, Date.UTC(2026, 10, 30));
      expect(timesOf(times.map(lineAt), bound())).toEqual(times);
    }
  });

  test('are of their years in a log of more than one that begins on a Feb 29', () => {
    const times = ['2088-02-29', '2088-03-01', '2088-06-01', '2088-11-21', '2089-02-10'].map(Date.parse);
    const lines = times.map(lineAt);
    expect(timesOf(lines, datesUntil(lines, zone, Date.parse('2089-03-01')).bound())).toEqual(times);
  });

  test('go on for years behind one of a clock that was wrong when the first of them was written', () => {
    const times = Array.from({ length: 80 }, (_, at) => Date.UTC(2024, 9, 10 + 10 * at));
    const lines = ['Jan  1 00:00:10 mail postfix/smtp[1]: x', ...times.map(lineAt)];
    expect(timesOf(lines, datesUntil(lines, zone, times.at(-1) ?? 0).bound()).slice(1)).toEqual(times);
  });

  test('come at minutes of a year that has every day', () => {
    expect(minuteOfYear(lineAt(Date.UTC(2026, 0, 1, 0, 5)))).toBe(5);
    expect(minuteOfYear(lineAt(Date.UTC(2026, 2, 1)))).toBe(60 * 1440);
    expect(minuteOfYear(`<22>${lineAt(Date.UTC(2024, 1, 29, 12))}`)).toBe(59.5 * 1440);
    expect(minuteOfYear('2026-01-01T00:00:00Z mail postfix/smtp[1]: x')).toBeNaN();
  });
});

describe('a bound that is guarded', () => {
  const latest = Date.parse('2026-11-30T12:00:00Z');
  const at = (days: number) => latest + days * DAY_MS;
  const told = (...days: number[]) => {
    const bound = guardedBound(() => latest, '-');
    for (const day of days) bound(at(day));
  };

  test('is refused once lines go on from where they went back to', () => {
    expect(() => told(-15, -1, 0, -363, -362)).toThrow(UnknownYear);
    expect(() => told(-15, -363, -362.9, -362)).toThrow(UnknownYear);
  });

  test('stands where a clock was wrong, and where files come in another order', () => {
    expect(() => told(-1, 0, -363, -362.9, 0, 0.1)).not.toThrow();
    expect(() => told(-10, -200, -150, -300, -250, -5)).not.toThrow();
  });
});
