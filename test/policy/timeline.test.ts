import { describe, expect, test } from 'vitest';
import { EXIT, Problem } from '../../src/errors.ts';
import { emptySnapshot, snapshotId } from '../../src/policy/snapshot.ts';
import { readTimeline, stretches, timelineLine } from '../../src/policy/timeline.ts';
import { at, FILE, withHost } from './timeline-lines.ts';

describe('a recorded timeline', () => {
  test('each hour has what was found last before its end', () => {
    const timeline = readTimeline(FILE, 'policies.jsonl');
    expect(timeline.domains).toBe(2);
    expect(stretches(timeline, 'a.example', at(0), at(23))).toMatchObject([
      { fromHour: at(3), toHour: at(13), snapshot: { mx: { hosts: [{ name: 'old.a.example' }] } } },
      { fromHour: at(14), toHour: at(23), snapshot: { mx: { hosts: [{ name: 'new.a.example' }] } } },
    ]);
    expect(stretches(timeline, 'a.example', at(0), at(2))).toEqual([]);
    expect(stretches(timeline, 'a.example', at(5), at(5))).toMatchObject([
      { fromHour: at(5), toHour: at(5) },
    ]);
    expect(stretches(timeline, 'c.example', at(0), at(23))).toEqual([]);
  });

  test('two findings of one hour: the later one', () => {
    const lines = [
      timelineLine(at(3), withHost('first.example')),
      timelineLine(at(3) + 1000, withHost('second.example')),
    ];
    expect(stretches(readTimeline(lines.join('\n'), 'f'), 'a.example', at(0), at(4))).toMatchObject([
      { fromHour: at(3), toHour: at(4), snapshot: { mx: { hosts: [{ name: 'second.example' }] } } },
    ]);
  });

  test.each([
    ['{', 'not JSON'],
    ['[]', 'expected object'],
    [JSON.stringify({ time: 'yesterday', snapshot: withHost('x.example') }), 'time'],
    [
      JSON.stringify({ time: '2026-11-02T00:00:00Z', snapshot: { ...withHost('x.example'), version: 2 } }),
      'version',
    ],
    [
      JSON.stringify({ time: '2026-11-02T00:00:00Z', snapshot: { ...withHost('x.example'), domain: 'A b' } }),
      'domain',
    ],
  ])('a bad line is refused with its place: %s', (line, fault) => {
    try {
      readTimeline(`${timelineLine(at(0), withHost('x.example'))}\n${line}\n`, 'policies.jsonl');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(Problem);
      expect(error).toMatchObject({ exitCode: EXIT.data, where: 'policies.jsonl:2' });
      expect(String(error)).toContain(fault);
    }
  });
});

test('a snapshot’s address is that of its content, whatever the order of its keys', () => {
  const one = emptySnapshot('a.example');
  const { sts, mx, ...rest } = one;
  expect(snapshotId({ mx, ...rest, sts })).toBe(snapshotId(one));
  expect(snapshotId(emptySnapshot('b.example'))).not.toBe(snapshotId(one));
  expect(snapshotId(one)).toMatch(/^[0-9a-f]{64}$/);
});
