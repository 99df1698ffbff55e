import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionReader } from '../../src/logs/session-reader.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import type { LogEntry } from '../../src/parser.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

/** What a parser without any opinion is told of lines, by the faster road or by text alone. */
function entriesOf(lines: readonly string[], fast: boolean, zone = 'UTC', now = NOW): LogEntry[] {
  const entries: LogEntry[] = [];
  const reader = new SessionReader({
    parser: {
      envelope: 'syslog',
      needles: ['['],
      idleSeconds: 3600,
      entry: ({ time, host, program, pid, message }) =>
        void entries.push({ time, host, program, pid, message }),
    },
    zone: zoneOf(zone),
    host: 'reader',
    latest: () => now,
    onSession: () => undefined,
    fast,
  });
  reader.bytes(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  reader.finish();
  return entries;
}

function expectSame(lines: readonly string[], zone?: string, now?: number): void {
  const plain = entriesOf(lines, false, zone, now);
  expect(plain.length).toBeGreaterThan(0);
  expect(entriesOf(lines, true, zone, now)).toEqual(plain);
}

function everyMinute(head: string, tail = ' mail postfix/smtp[7]: x'): string[] {
  return Array.from(
    { length: 240 },
    (_, at) => `${head}${pad(Math.floor(at / 60))}:${pad(at % 60)}:${pad((at * 7) % 61)}${tail}`,
  );
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}

describe('envelopes read from bytes are those read from text', () => {
  it.each(['Nov 15 ', 'Nov  5 ', 'Feb 29 ', '2026-11-15T', '2027-02-28T'])('in the hours of %s', (head) => {
    expectSame(everyMinute(head));
  });

  it.each(['Z', '+01:00', '-0330', '.123456+01:00', '.5Z', ',25Z'])('with %s behind the clock', (tail) => {
    expectSame(everyMinute('2026-11-15T', `${tail} mail postfix/smtp[7]: x`));
  });

  it.each([
    ['a zone that changes by half an hour', 'Apr  5 ', 'Australia/Lord_Howe'],
    ['a spring night', 'Mar 29 ', 'Europe/Berlin'],
    ['an autumn night', 'Oct 25 ', 'Europe/Berlin'],
    ['a zone off by half an hour', 'Nov 15 ', 'Asia/Kolkata'],
  ])('in %s', (_, head, zone) => {
    expectSame(everyMinute(head), zone);
  });

  it('where the year is told by the clock, within an hour', () => {
    expectSame(everyMinute('Nov 15 '), 'UTC', Date.UTC(2026, 10, 14, 1, 30));
    expectSame([...everyMinute('Dec 31 '), ...everyMinute('Jan  1 ')], 'UTC', Date.UTC(2027, 0, 1, 2));
  });

  it('behind a line with two stamps, of which the second is meant', () => {
    const [stamp, rest] = ['2026-11-15T10:00:01Z', 'mail a/smtp[7]: x'];
    expectSame([`Nov 15 10:00:01 ${rest}`, `${stamp} 1763251200 ${rest}`, `${stamp} ${rest}`]);
  });

  it('behind a number that was a host in one line, and is the second stamp of another', () => {
    const [number, tag] = ['1763251200', 'postfix/smtp[7]: x['];
    const stamp = '2026-11-15T10:00:01Z';
    expectSame([`Nov 15 10:00:01 ${number} ${tag}`, `${stamp} mail ${tag}`, `${stamp} ${number} ${tag}`]);
  });

  it('behind a date that was a host in one line, and is the second stamp of another', () => {
    const [date, tag] = ['2026-11-14T09:00:00', 'postfix/smtp[7]: x['];
    const stamp = '2026-11-15T10:00:01Z';
    expectSame([`Nov 15 10:00:01 ${date} ${tag}`, `${stamp} mail ${tag}`, `${stamp} ${date} ${tag}`]);
  });

  it('when hosts, programs, stamps and odd beginnings come in turn', () => {
    const stamps = [
      'Nov 15 10:00:01',
      'Nov 15 10:59:59',
      'Nov 15 11:00:00',
      '2026-11-15T10:00:01Z',
      '1763251200',
    ];
    const hosts = ['mail', 'mx2', '1763251200', 'Nov', 'Mon', 'höst'];
    const tags = ['postfix/smtp', 'a/smtp', 'exim', 'Nov'];
    const pids = ['[7]: ', '[70001]: ', '[]: ', ': ', '[7]:', '[99999999999]: ', '[7] '];
    const texts = ['x', 'message repeated 2 times: [ x]', '[ID 197553 mail.info] x', 'é[\u0000', 'x\r', ''];
    const line = fc
      .tuple(...[stamps, hosts, tags, pids, texts].map((list) => fc.constantFrom(...list)))
      .map(([stamp, host, tag, pid, text]) => `${stamp} ${host} ${tag}${pid}${text}[`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        expect(entriesOf(lines, true)).toEqual(entriesOf(lines, false));
      }),
      { numRuns: 500 },
    );
  });
});
