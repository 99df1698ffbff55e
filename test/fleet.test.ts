import { describe, expect, it } from 'vitest';
import { configSchema } from '../src/config.ts';
import {
  fleetStatus,
  graceOf,
  holdingUp,
  isAnotherAtWork,
  isOver,
  noteAwake,
  noteRest,
} from '../src/fleet.ts';
import type { DaySum } from '../src/ledger/day-sums.ts';
import type { Ledger, Log, Segment } from '../src/ledger/ledger.ts';
import type { JsonValue } from '../src/parser.ts';

const DAY = '2026-11-22';
const at = (time: string) => Date.parse(`${time}Z`);
const GRACE = { grace: 2 * 3_600_000, awakeSince: 0 };

function log(host: string, change: Partial<Log> = {}): Log {
  return { id: 1, host, parser: 'postfix', name: '/var/log/mail.log', version: 1, segments: [], ...change };
}
const readAt = (host: string, time: string) => log(host, { readToEndAt: at(time) });
const segment = (lastTime: number) => ({ lastTime }) as Segment;

describe('a day is over', () => {
  const now = at('2026-11-23T00:30:00');
  it.each([
    [
      'when every log was read past midnight',
      [readAt('a', '2026-11-23T00:15:00'), readAt('b', '2026-11-23T00:20:00')],
      true,
    ],
    [
      'not while one was not',
      [readAt('a', '2026-11-23T00:20:00'), readAt('b', '2026-11-23T00:14:59')],
      false,
    ],
    [
      'not while a session from before midnight is open',
      [log('a', { readToEndAt: at('2026-11-23T00:20:00'), oldestOpen: at('2026-11-22T23:59:59') })],
      false,
    ],
    [
      'though one from after midnight is open',
      [log('a', { readToEndAt: at('2026-11-23T00:20:00'), oldestOpen: at('2026-11-23T00:00:00') })],
      true,
    ],
    ['though a log was given up before the day began', [readAt('a', '2026-11-21T23:59:59')], true],
    [
      'not while a log is read for the first time',
      [log('a', { segments: [segment(at('2026-11-22T03:00:00'))] })],
      false,
    ],
    [
      'though a log of long ago was never read to its end',
      [log('a', { segments: [segment(at('2026-11-20T03:00:00'))] })],
      true,
    ],
    ['without logs', [], true],
  ])('%s', (_name, logs, expected) => {
    expect(isOver(DAY, logs, now, GRACE)).toBe(expected);
  });

  it('hours after the database was away, so that every host can bring what it has read', () => {
    const late = [readAt('a', '2026-11-22T20:00:00'), readAt('b', '2026-11-23T05:00:00')];
    const back = { ...GRACE, awakeSince: at('2026-11-23T05:00:00') };
    expect(isOver(DAY, late, at('2026-11-23T06:59:59'), back)).toBe(false);
    expect(isOver(DAY, late, at('2026-11-23T07:00:00'), back)).toBe(true);
    expect(isOver(DAY, [readAt('a', '2026-11-23T05:00:01')], at('2026-11-23T05:01:00'), back)).toBe(true);
    // What was away before the day was over changes nothing, and there is an end to it.
    expect(
      isOver(DAY, late, at('2026-11-23T02:15:00'), { ...GRACE, awakeSince: at('2026-11-22T21:00:00') }),
    ).toBe(true);
    expect(
      isOver(DAY, late, at('2026-11-23T14:15:00'), { ...GRACE, awakeSince: at('2026-11-23T14:15:00') }),
    ).toBe(true);
  });

  it('after an outage over whole days when those who were alive before it have had their grace', () => {
    const back = {
      ...GRACE,
      awayFrom: at('2026-11-20T10:00:00'),
      awakeSince: at('2026-11-23T05:00:00'),
    };
    const first = readAt('a', '2026-11-23T05:00:01');
    const second = readAt('b', '2026-11-20T09:50:00');
    const givenUp = readAt('c', '2026-11-19T12:00:00');
    for (const day of ['2026-11-20', '2026-11-21', DAY]) {
      expect(isOver(day, [first, second], at('2026-11-23T06:59:59'), back)).toBe(false);
      expect(isOver(day, [first, second], at('2026-11-23T07:00:00'), back)).toBe(true);
      expect(isOver(day, [first, givenUp], at('2026-11-23T05:01:00'), back)).toBe(true);
    }
    // On the day on which it came to its end a host has had all the day to be heard of again …
    expect(
      isOver('2026-11-23', [readAt('a', '2026-11-24T00:15:00'), second], at('2026-11-24T00:16:00'), back),
    ).toBe(true);
    // … but for the day's last hours.
    const late = { ...back, awakeSince: at('2026-11-23T23:00:00') };
    expect(
      isOver('2026-11-23', [readAt('a', '2026-11-24T00:15:00'), second], at('2026-11-24T00:16:00'), late),
    ).toBe(false);
  });

  it('in the end, though the ledger is used now and then only', () => {
    const late = [readAt('a', '2026-11-22T20:00:00'), readAt('b', '2026-11-22T20:00:00')];
    const hours = (count: number) => at('2026-11-23T00:15:00') + count * 3_600_000;
    const over = (count: number) =>
      isOver(DAY, late, hours(count), { ...GRACE, awayFrom: hours(count - 3), awakeSince: hours(count) });
    expect([0, 3, 6, 9, 12, 15].map(over)).toEqual([false, false, false, false, false, false]);
    expect([18, 21].map(over)).toEqual([true, true]);
  });

  it('not by the word of a host whose clock is fast', () => {
    const own = [readAt('a', '2026-11-23T00:20:00'), readAt('b', '2026-11-23T00:20:00')];
    const ahead = (ms: number) => ({ ...GRACE, ahead: new Map([['b', ms]]) });
    expect(isOver(DAY, own, now, ahead(40 * 60_000))).toBe(false);
    expect(isOver(DAY, own, now, ahead(-40 * 60_000))).toBe(true);
  });

  it('after the grace, whoever is late', () => {
    const late = [readAt('a', '2026-11-22T20:00:00')];
    expect(isOver(DAY, late, at('2026-11-23T02:14:59'), GRACE)).toBe(false);
    expect(isOver(DAY, late, at('2026-11-23T02:15:00'), GRACE)).toBe(true);
    expect(isOver(DAY, late, at('2026-11-23T00:16:00'), { ...GRACE, grace: 60_000 })).toBe(true);
  });
});

describe('a ledger that was away', () => {
  const two = [readAt('a', '2026-11-22T20:00:00'), readAt('b', '2026-11-22T20:00:00')];
  const notes = () => {
    const known = new Map<string, JsonValue>();
    return {
      note: async (name: string) => known.get(name),
      setNote: async (name: string, value: JsonValue) => void known.set(name, value),
      hosts: async () => [],
    } as unknown as Ledger;
  };

  it('is one that nobody has used for more than an hour', async () => {
    const ledger = notes();
    const since = async () => (await graceOf(ledger, two, 1)).awakeSince;
    expect(await since()).toBe(0);
    expect(await isAnotherAtWork(ledger, 'b')).toBe(false);
    await noteAwake(ledger, at('2026-11-22T20:00:00'), 'a');
    expect(await isAnotherAtWork(ledger, 'a')).toBe(false);
    expect(await isAnotherAtWork(ledger, 'b')).toBe(true);
    await noteRest(ledger, at('2026-11-22T20:10:00'));
    expect(await isAnotherAtWork(ledger, 'b')).toBe(false);
    await noteAwake(ledger, at('2026-11-22T21:00:00'), 'a');
    expect(await since()).toBe(0);
    await noteAwake(ledger, at('2026-11-23T05:00:00'), 'a');
    await noteAwake(ledger, at('2026-11-23T05:15:00'), 'a');
    expect(await graceOf(ledger, two, 1)).toEqual({
      grace: 1,
      awakeSince: at('2026-11-23T05:00:00'),
      awayFrom: at('2026-11-22T21:00:00'),
      ahead: new Map(),
    });
    await noteRest(ledger, at('2026-11-23T05:16:00'));
    expect((await graceOf(ledger, two, 1)).awayFrom).toBe(at('2026-11-22T21:00:00'));
    // A machine that is on by day only and reads its own log alone waits for nobody.
    expect((await graceOf(ledger, two.slice(0, 1), 1)).awakeSince).toBe(0);
  });
});

it('names the logs a day waits for', () => {
  const late = readAt('b', '2026-11-22T23:00:00');
  expect(holdingUp(DAY, [readAt('a', '2026-11-23T00:20:00'), late], GRACE)).toEqual([late]);
});

it('tells hosts, lag, versions, share and who is waited for', async () => {
  const sum = (day: string, lateByHost: DaySum['lateByHost']) => ({ day, lateByHost }) as DaySum;
  const ledger: Pick<Ledger, 'logs' | 'hosts' | 'hostSums' | 'daySums' | 'leftOut' | 'note'> = {
    note: async () => undefined,
    leftOut: async () => [
      { host: 'b', day: '2026-11-22', sessions: 31 },
      { host: 'b', day: '2026-11-23', sessions: 10 },
    ],
    daySums: async () => [sum('2026-11-20', { b: 3 }), sum('2026-11-21', { a: 1, b: 4 })],
    logs: async () => [
      readAt('a', '2026-11-23T00:29:00'),
      log('a', { name: 'old', readToEndAt: at('2026-09-01T00:00:00') }),
      readAt('b', '2026-11-22T23:00:00'),
    ],
    hosts: async () => [
      { host: 'a', program: '1.2.0', seenAt: 0 },
      { host: 'c', program: '1.1.0', seenAt: 0, noted: { at: 1, ahead: 120_000, clashAt: 7 } },
    ],
    hostSums: async (since) => [
      { host: 'a', day: since, sessions: 60 },
      { host: 'b', day: '2026-11-22', sessions: 30 },
      { host: 'b', day: '2026-11-23', sessions: 10 },
    ],
  };
  const config = configSchema.parse({ organization: 'x', contact: 'a@example.com', state: '.' });
  const clock = { now: () => at('2026-11-23T00:30:00') };
  expect(await fleetStatus({ ledger: ledger as Ledger, config, clock })).toEqual([
    {
      host: 'a',
      program: '1.2.0',
      logs: 2,
      readToEndAt: at('2026-11-23T00:29:00'),
      lag: 60_000,
      sessions: 60,
      share: 0.6,
      holdsUp: [],
      behind: [],
      late: 1,
    },
    {
      host: 'b',
      logs: 1,
      readToEndAt: at('2026-11-22T23:00:00'),
      lag: 90 * 60_000,
      sessions: 40,
      share: 0.4,
      holdsUp: [DAY],
      behind: [],
      late: 7,
      lacking: [DAY],
    },
    {
      host: 'c',
      program: '1.1.0',
      logs: 0,
      sessions: 0,
      share: 0,
      holdsUp: [],
      behind: [],
      late: 0,
      clockAhead: 120_000,
      clashAt: 7,
    },
  ]);
  const early = { now: () => at('2026-11-23T00:14:59') };
  const soon = await fleetStatus({ ledger: ledger as Ledger, config, clock: early });
  expect(soon.map(({ holdsUp }) => holdsUp)).toEqual([[], [], []]);
  const later = { now: () => at('2026-11-23T03:00:00') };
  const closed = await fleetStatus({ ledger: ledger as Ledger, config, clock: later });
  expect(closed.map(({ holdsUp }) => holdsUp)).toEqual([[], [], []]);
  expect(closed.map(({ behind }) => behind)).toEqual([[], [DAY], []]);
});
