import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Problem } from '../../src/errors.ts';
import { localZone, zoneOf } from '../../src/logs/zone.ts';

const utcOf = (zone: string, wall: string): string => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = wall.split(/[- :]/).map(Number);
  return new Date(zoneOf(zone).toUtc(year, month, day, hour, minute, second, 0)).toISOString().slice(0, 19);
};

describe('a zone', () => {
  test.each([
    ['UTC', '2026-11-02 10:00:01', '2026-11-02T10:00:01'],
    ['Europe/Berlin', '2026-11-02 10:00:01', '2026-11-02T09:00:01'],
    ['Europe/Berlin', '2026-07-02 00:30:00', '2026-07-01T22:30:00'],
    ['Asia/Kolkata', '2026-11-02 10:00:01', '2026-11-02T04:30:01'],
    ['Pacific/Auckland', '2026-01-01 00:00:00', '2025-12-31T11:00:00'],
  ])('%s reads %s as %s', (zone, wall, utc) => {
    expect(utcOf(zone, wall)).toBe(utc);
  });

  test.each([
    ['Europe/Berlin', '2026-10-25 01:59:59', '2026-10-24T23:59:59'],
    ['Europe/Berlin', '2026-10-25 02:00:00', '2026-10-25T00:00:00'],
    ['Europe/Berlin', '2026-10-25 02:59:59', '2026-10-25T00:59:59'],
    ['Europe/Berlin', '2026-10-25 03:00:00', '2026-10-25T02:00:00'],
    ['America/New_York', '2026-11-01 01:30:00', '2026-11-01T05:30:00'],
    ['Australia/Lord_Howe', '2026-04-05 01:45:00', '2026-04-04T14:45:00'],
    ['Australia/Lord_Howe', '2026-04-05 02:00:00', '2026-04-04T15:30:00'],
  ])('%s takes %s, which may exist twice, as its first reading %s', (zone, wall, utc) => {
    expect(utcOf(zone, wall)).toBe(utc);
  });

  test.each([
    ['Europe/Berlin', '2026-03-29 01:59:59', '2026-03-29T00:59:59'],
    ['Europe/Berlin', '2026-03-29 02:30:00', '2026-03-29T01:30:00'],
    ['Europe/Berlin', '2026-03-29 03:00:00', '2026-03-29T01:00:00'],
    ['America/New_York', '2026-03-08 02:15:00', '2026-03-08T07:15:00'],
    ['Australia/Lord_Howe', '2026-10-04 02:10:00', '2026-10-03T15:40:00'],
    ['Australia/Lord_Howe', '2026-10-04 02:40:00', '2026-10-03T15:40:00'],
  ])('%s moves %s forward out of the gap: %s', (zone, wall, utc) => {
    expect(utcOf(zone, wall)).toBe(utc);
  });

  test('gives the same whatever was read before: the remembered hour changes nothing', () => {
    const names = ['UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns'];
    const minutes = fc.array(fc.integer({ min: 0, max: 366 * 24 * 60 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.constantFrom(...names), minutes, (name, offsets) => {
        const used = zoneOf(name);
        for (const offset of offsets) {
          const wall = new Date(Date.UTC(2026, 0, 1, 0, offset));
          const parts = [wall.getUTCFullYear(), wall.getUTCMonth() + 1, wall.getUTCDate()] as const;
          const clock = [wall.getUTCHours(), wall.getUTCMinutes(), 7, 89] as const;
          expect(used.toUtc(...parts, ...clock)).toBe(zoneOf(name).toUtc(...parts, ...clock));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('is the inverse of the wall clock wherever that is unambiguous', () => {
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'America/New_York',
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    fc.assert(
      fc.property(fc.integer({ min: 1_600_000_000, max: 1_900_000_000 }), (seconds) => {
        const wall = format.format(seconds * 1000);
        fc.pre(format.format(seconds * 1000 - 3_600_000) !== wall);
        expect(Date.parse(`${utcOf('America/New_York', wall)}Z`)).toBe(seconds * 1000);
      }),
      { numRuns: 300 },
    );
  });

  test('of an unknown name is a fault of the configuration', () => {
    expect(() => zoneOf('Europe/Nowhere')).toThrow(Problem);
    expect(() => zoneOf('Europe/Nowhere')).toThrow('there is no time zone "Europe/Nowhere"');
  });

  test('of the machine has a name that can be used', () => {
    expect(zoneOf(localZone()).name).toBe('Pacific/Auckland');
  });
});
