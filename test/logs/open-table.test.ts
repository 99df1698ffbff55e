import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OpenRow } from '../../src/ledger/ledger.ts';
import { OpenTable } from '../../src/logs/open-table.ts';

const MINUTE = 60_000;
const IDLE_SECONDS = 300;
const START = Date.parse('2026-11-02T10:00:00Z');

function tableWith(limit?: number) {
  const ended: string[] = [];
  const idle = (key: string) => ended.push(key);
  const table = new OpenTable({ idleSeconds: IDLE_SECONDS, idle, ...(limit !== undefined && { limit }) });
  return { table, ended };
}

describe('a key', () => {
  test('is ended by the first line of its host that comes too late for it', () => {
    const { table, ended } = tableWith();
    table.advance(START, 'a');
    table.set('k', { n: 1 });
    table.advance(START + 5 * MINUTE, 'a');
    expect(table.get('k')).toEqual({ n: 1 });
    table.advance(START + 5 * MINUTE + 1, 'a');
    expect(table.get('k')).toBeUndefined();
    expect(ended).toEqual(['k']);
  });

  test('lives on when it is set again', () => {
    const { table, ended } = tableWith();
    for (let minute = 0; minute < 60; minute += 4) {
      table.advance(START + minute * MINUTE, 'a');
      table.set('k', { minute });
    }
    expect(ended).toEqual([]);
    expect(table.get('k')).toEqual({ minute: 56 });
  });

  test('is deleted without being ended', () => {
    const { table, ended } = tableWith();
    table.advance(START, 'a');
    table.set('k', {});
    table.delete('k');
    table.advance(START + 60 * MINUTE, 'a');
    expect([ended, table.size]).toEqual([[], 0]);
  });

  test('is not ended by the clock of another host, which may be hours ahead', () => {
    const { table, ended } = tableWith();
    table.advance(START, 'a');
    table.set('k', {});
    table.advance(START + 180 * MINUTE, 'b');
    table.advance(START + MINUTE, 'a');
    expect([ended, table.get('k')]).toEqual([[], {}]);
  });

  test('with a life of its own outlives sessions and does not hold up the oldest', () => {
    const { table, ended } = tableWith();
    table.advance(START, 'a');
    table.set('fact', {}, 86_400);
    table.advance(START + MINUTE, 'a');
    table.set('session', {});
    expect(table.oldest()).toBe(START + MINUTE);
    table.advance(START + 30 * MINUTE, 'a');
    expect([ended, table.oldest(), [...table.keys()]]).toEqual([['session'], undefined, ['fact']]);
  });

  test('counts from its renewal, as if it were deleted and set', () => {
    const { table } = tableWith();
    table.advance(START, 'a');
    table.set('k', { n: 1 }, 86_400);
    table.takeChanges();
    table.advance(START + MINUTE, 'a');
    table.renew('k', { n: 2 });
    table.renew('new', {});
    expect([table.oldest(), table.get('k')]).toEqual([START + MINUTE, { n: 2 }]);
    const { changed, deleted } = table.takeChanges();
    expect(changed.map(({ key, since, idleSeconds }) => [key.slice(1), since, idleSeconds])).toEqual([
      ['k', START + MINUTE, IDLE_SECONDS],
      ['new', START + MINUTE, IDLE_SECONDS],
      ['a', START + MINUTE, 0],
    ]);
    expect(deleted).toEqual([]);
  });

  test('set and deleted between two savings leaves nothing to write, whatever changed beside it', () => {
    const { table } = tableWith();
    table.advance(START, 'a');
    for (const key of ['k', 'l', 'm', 'n']) table.set(key, {});
    table.delete('l');
    table.delete('n');
    table.set('o', {});
    const { changed, deleted } = table.takeChanges();
    expect(changed.map(({ key }) => key.slice(1)).sort()).toEqual(['a', 'k', 'm', 'o']);
    expect(deleted).toEqual([]);
    table.delete('k');
    expect(table.takeChanges().deleted).toEqual(['kk']);
  });

  test('counts from its first line for the oldest, however often it is set again', () => {
    const { table } = tableWith();
    table.advance(START, 'a');
    table.set('k', {});
    table.advance(START + MINUTE, 'a');
    table.set('k', {});
    expect(table.oldest()).toBe(START);
  });
});

describe('a clock', () => {
  test('that wavers by less than an hour ends nothing early', () => {
    const { table, ended } = tableWith();
    table.advance(START, 'a');
    table.set('other', {}, 86_400);
    table.advance(START - 59 * MINUTE, 'a');
    table.set('k', {});
    table.advance(START + MINUTE, 'a');
    expect(ended).toEqual([]);
  });

  test('that was set back does not keep a key for the time it was ahead', () => {
    const { table, ended } = tableWith();
    const ahead = Date.parse('2036-01-01T00:00:00Z');
    table.advance(ahead, 'a');
    table.set('k', {});
    table.advance(START, 'a');
    table.advance(START + 4 * MINUTE, 'a');
    expect(ended).toEqual([]);
    table.advance(START + 6 * MINUTE, 'a');
    expect(ended).toEqual(['k']);
  });
});

describe('the bound', () => {
  test('ends the least recently set tenth', () => {
    const { table, ended } = tableWith(20);
    table.advance(START, 'a');
    for (let at = 0; at < 20; at++) table.set(`k${at}`, {});
    table.set('k0', {});
    table.set('k20', {});
    expect(ended).toEqual(['k1', 'k2', 'k3']);
    expect(table.size).toBe(18);
  });

  test('holds over a million keys that nobody ends', () => {
    const { table, ended } = tableWith(1000);
    for (let at = 0; at < 1_000_000; at++) {
      table.advance(START, `host${at % 3000}`);
      table.set(`k${at}`, { at });
    }
    expect(table.size).toBeLessThanOrEqual(1000);
    expect(ended.length + table.size).toBe(1_000_000);
  });
});

describe('what is written down', () => {
  test('is what changed, each time', () => {
    const { table } = tableWith();
    table.advance(START, 'a');
    table.set('stays', { n: 1 });
    table.set('goes', { n: 2 });
    const first = table.takeChanges();
    expect(first.changed.map((row) => row.key)).toEqual(['kstays', 'kgoes', 'ca']);
    table.delete('goes');
    table.set('fleeting', {});
    table.delete('fleeting');
    expect(table.takeChanges()).toEqual({ changed: [], deleted: ['kgoes'] });
    table.delete('stays');
    expect(table.takeChanges()).toEqual({ changed: [], deleted: ['ca', 'kstays'] });
    expect(table.takeChanges()).toEqual({ changed: [], deleted: [] });
  });

  test('passes over rows of a foreign shape', () => {
    const { table } = tableWith();
    const row = { time: START, since: START, idleSeconds: 300 };
    table.load([
      { ...row, key: 'kx', value: 'text' },
      { ...row, key: 'ky', value: { host: 'a' } },
      { ...row, key: 'unknown', value: { host: 'a', sequence: 1, open: {} } },
    ]);
    expect(table.size).toBe(0);
  });
});

const HOSTS = ['a', 'b', 'c'];
const step = fc.record({
  host: fc.constantFrom(...HOSTS),
  minutes: fc.oneof(fc.integer({ min: -2, max: 4 }), fc.constantFrom(-300, 300, 60)),
  act: fc.constantFrom('set', 'set', 'fact', 'delete', 'nothing'),
  key: fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8'),
});

/** Plays the steps; after every one the table may be written down, as JSON, and read into a new one. */
function play(steps: readonly StepOf[], saves: readonly boolean[]) {
  const ended: string[] = [];
  const make = () =>
    new OpenTable({
      idleSeconds: IDLE_SECONDS,
      limit: 6,
      idle: (key, open) => ended.push(`${key} ${JSON.stringify(open)}`),
    });
  let table = make();
  const written = new Map<string, string>();
  let time = START;
  steps.forEach(({ host, minutes, act, key }, at) => {
    time += minutes * MINUTE;
    table.advance(time, host);
    const before = table.get(key) === undefined ? 'new' : 'known';
    if (act === 'set') table.set(key, { at, before });
    if (act === 'fact') table.set(key, { at, before }, 3600);
    if (act === 'delete') table.delete(key);
    if (saves[at % Math.max(1, saves.length)] !== true) return;
    const { changed, deleted } = table.takeChanges();
    for (const row of changed) written.set(row.key, JSON.stringify(row));
    for (const gone of deleted) written.delete(gone);
    const oldest = table.oldest();
    table = make();
    table.load([...written.values()].reverse().map((row): OpenRow => JSON.parse(row)));
    expect(table.oldest()).toBe(oldest);
  });
  table.endAll();
  return ended.sort();
}

interface StepOf {
  readonly host: string;
  readonly minutes: number;
  readonly act: string;
  readonly key: string;
}

test('what comes out does not depend on when the table was written down and read again', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
      (steps, saves) => {
        expect(play(steps, saves)).toEqual(play(steps, [false]));
      },
    ),
    { numRuns: 500 },
  );
});
