import { describe, expect, test } from 'vitest';
import { isSecondReading, lastWithin, ZoneOfLines } from '../../src/logs/repeated-hour.ts';
import { createSyslogReader } from '../../src/logs/syslog.ts';
import { zoneOf } from '../../src/logs/zone.ts';

const MINUTE = 60_000;
const at = (text: string) => Date.parse(text);
const iso = (utc: number) => new Date(utc).toISOString().slice(0, 19);

/** What a zone has twice around a time. */
function twice(zone: string, around: string): string[] | undefined {
  const hour = zoneOf(zone).repeated(at(around));
  return hour && [iso(hour.begin), iso(hour.again), iso(hour.end)];
}

describe('the time that a zone has twice', () => {
  test.each([
    [
      'Europe/Berlin',
      '2026-10-25T00:30:00Z',
      '2026-10-25T00:00:00',
      '2026-10-25T01:00:00',
      '2026-10-25T02:00:00',
    ],
    [
      'Europe/Berlin',
      '2026-10-25T01:59:59Z',
      '2026-10-25T00:00:00',
      '2026-10-25T01:00:00',
      '2026-10-25T02:00:00',
    ],
    [
      'America/New_York',
      '2026-11-01T05:00:00Z',
      '2026-11-01T05:00:00',
      '2026-11-01T06:00:00',
      '2026-11-01T07:00:00',
    ],
    [
      'Australia/Lord_Howe',
      '2026-04-04T14:40:00Z',
      '2026-04-04T14:30:00',
      '2026-04-04T15:00:00',
      '2026-04-04T15:30:00',
    ],
    [
      'Antarctica/Troll',
      '2026-10-25T02:30:00Z',
      '2026-10-24T23:00:00',
      '2026-10-25T01:00:00',
      '2026-10-25T03:00:00',
    ],
    [
      'Africa/Cairo',
      '2026-10-29T20:30:00Z',
      '2026-10-29T20:00:00',
      '2026-10-29T21:00:00',
      '2026-10-29T22:00:00',
    ],
    [
      'Atlantic/Azores',
      '2026-10-25T00:10:00Z',
      '2026-10-25T00:00:00',
      '2026-10-25T01:00:00',
      '2026-10-25T02:00:00',
    ],
  ])('%s, about %s', (zone, around, ...hour) => {
    expect(twice(zone, around)).toEqual(hour);
  });

  test.each([
    ['UTC', '2026-10-25T00:30:00Z'],
    ['Asia/Kolkata', '2026-10-25T00:30:00Z'],
    ['Europe/Berlin', '2026-10-24T23:59:59Z'],
    ['Europe/Berlin', '2026-10-25T02:00:00Z'],
    ['Europe/Berlin', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-07-01T00:30:00Z'],
  ])('%s has none at %s', (zone, time) => {
    expect(twice(zone, time)).toBeUndefined();
  });

  test('does not hang on what was asked before', () => {
    const zone = zoneOf('Europe/Berlin');
    const asked = (time: string) => zone.repeated(at(time))?.again;
    const again = at('2026-10-25T01:00:00Z');
    expect([
      asked('2026-10-25T00:30:00Z'),
      asked('2026-10-25T12:00:00Z'),
      asked('2025-10-26T00:30:00Z'),
      asked('2026-10-25T01:30:00Z'),
    ]).toEqual([again, undefined, at('2025-10-26T01:00:00Z'), again]);
  });
});

describe('which of the two readings is meant', () => {
  const hour = {
    begin: at('2026-10-25T00:00:00Z'),
    again: at('2026-10-25T01:00:00Z'),
    end: at('2026-10-25T02:00:00Z'),
  };
  const [FIRST, SECOND] = [false, true];

  test.each([
    ['nothing is known of the log', '00:30:00', undefined, FIRST],
    ['the log goes on', '00:30:00', '00:29:59', FIRST],
    ['the line before is of the evening', '00:30:00', '-05:00:00', FIRST],
    ['a line comes some minutes late', '00:30:00', '00:45:00', FIRST],
    ['the step back is too short to tell', '00:30:00', '00:49:59', FIRST],
    ['it went back by the whole hour', '00:00:03', '00:59:50', SECOND],
    ['it went back by a third of the hour', '00:30:00', '00:50:00', SECOND],
    ['the second reading goes on', '00:30:00', '01:29:50', SECOND],
    ['a line comes late in the second reading', '00:30:00', '01:45:00', SECOND],
    ['the clock was set back within it', '00:05:00', '01:55:00', SECOND],
    ['a line of the first comes late', '00:59:58', '01:00:03', FIRST],
    ['a line of the first comes some minutes late', '00:57:30', '01:02:00', FIRST],
    ['the second reading was silent for long', '00:58:00', '01:10:00', SECOND],
    ['a line of the second comes when it is over', '00:59:59', '02:00:05', SECOND],
    ['a file of another time was read before', '00:30:00', '09:00:00', FIRST],
  ])('%s', (_, stamp, last, second) => {
    const time = (clock: string) =>
      clock.startsWith('-') ? at('2026-10-24T19:00:00Z') : at(`2026-10-25T${clock}Z`);
    expect(isSecondReading(time(stamp), hour, last === undefined ? undefined : time(last))).toBe(second);
  });

  test('is judged by thirds of it where half an hour comes twice', () => {
    const short = { begin: 0, again: 30 * MINUTE, end: 60 * MINUTE };
    expect(isSecondReading(MINUTE, short, 11 * MINUTE)).toBe(true);
    expect(isSecondReading(MINUTE, short, 10 * MINUTE)).toBe(false);
  });

  test('a file goes on behind what ended within the hour, not behind what went on for days', () => {
    const ends = [
      '2026-10-24T23:59:59Z',
      '2026-10-25T01:10:00Z',
      '2026-10-25T00:50:00Z',
      '2026-12-01T00:00:00Z',
    ];
    expect(lastWithin(hour, ends.map(at))).toBe(at('2026-10-25T01:10:00Z'));
    expect(
      lastWithin(
        hour,
        [ends[0], ends[3]].map((end) => at(end ?? '')),
      ),
    ).toBeUndefined();
  });
});

describe('the zone of a log', () => {
  const zone = new ZoneOfLines(zoneOf('Europe/Berlin'));
  const read = createSyslogReader({ zone, host: 'here', latest: () => at('2026-11-20T00:00:00Z') });
  const timeOf = (stamp: string, last: string) => {
    zone.newLine();
    return iso(zone.meant(read(`${stamp} mail p[1]: x`)?.time ?? Number.NaN, at(last)));
  };

  test('knows of stamps that leave open which time they mean, and of no others', () => {
    const last = '2026-10-25T01:29:00Z';
    expect(timeOf('Oct 25 02:30:00', last)).toBe('2026-10-25T01:30:00');
    expect(timeOf('2026-10-25T02:30:00', last)).toBe('2026-10-25T01:30:00');
    expect(timeOf('2026-10-25T02:30:00+02:00', last)).toBe('2026-10-25T00:30:00');
    expect(timeOf('2026-10-25T00:30:00Z', last)).toBe('2026-10-25T00:30:00');
    expect(timeOf('Oct 25 01:30:00', last)).toBe('2026-10-24T23:30:00');
    expect(timeOf('Oct 25 03:00:00', last)).toBe('2026-10-25T02:00:00');
  });

  test('forgets a line when the next is read, though both are of the same second', () => {
    expect(timeOf('Oct 25 02:30:00', '2026-10-25T01:29:00Z')).toBe('2026-10-25T01:30:00');
    expect(timeOf('2026-10-25T02:30:00+02:00', '2026-10-25T01:29:00Z')).toBe('2026-10-25T00:30:00');
  });

  test('keeps the fraction that a reader added', () => {
    zone.newLine();
    const time = zone.toUtc(2026, 10, 25, 2, 30, 0, 0) + 250;
    expect(zone.meant(time, time + 30 * MINUTE) - time).toBe(60 * MINUTE);
  });
});
