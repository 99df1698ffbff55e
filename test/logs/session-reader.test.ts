import { describe, expect, test } from 'vitest';
import type { OpenRow } from '../../src/ledger/ledger.ts';
import { readSessions } from '../../src/logs/read-sessions.ts';
import { SessionReader } from '../../src/logs/session-reader.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import type { JsonObject, LineReading, LogParser, ParserModule, Trace } from '../../src/parser.ts';
import { CONTRACT, z } from '../../src/parser.ts';
import type { Session } from '../../src/session.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');

/** A format of two lines: `open DOMAIN` begins a session, `done` ends it; silence of a minute fails it. */
const parser: ParserModule<{ level: number }> = {
  name: 'tiny',
  contract: CONTRACT,
  options: z.object({ level: z.number().default(1) }),
  create: (): LogParser => ({
    envelope: 'syslog',
    needles: ['tiny['],
    idleSeconds: 60,
    entry({ time, host, program, pid, message }, open, emit, trace) {
      if (program !== 'tiny') return trace?.({ rule: 'noise', meaning: 'another program' });
      const key = `${host} ${pid}`;
      const state = open.get(key);
      trace?.({ rule: message.split(' ')[0] ?? '', meaning: 'a line' });
      if (message === 'fault') throw new Error('a fault of the parser');
      if (message.startsWith('open ')) open.set(key, { domain: message.slice(5), time });
      if (message === 'done' && state !== undefined) {
        emit(sessionOf(state, 'success'));
        open.delete(key);
      }
      if (message === 'again') emit({ time, recipientDomain: host, outcome: 'success', basis: 'tls-line' });
    },
    idle(_, state, emit) {
      if (state.domain === 'bad.example') throw new Error('a fault of the parser');
      emit(sessionOf(state, 'failure'));
    },
  }),
};

function sessionOf({ domain, time }: JsonObject, outcome: 'success' | 'failure'): Session {
  return { time: Number(time), recipientDomain: String(domain), outcome, basis: 'tls-line' };
}

function readerWith(open?: OpenRow[]) {
  const sessions: Session[] = [];
  const reader = new SessionReader({
    parser: parser.create({ level: 1 }),
    zone: zoneOf('UTC'),
    host: 'here',
    latest: () => NOW,
    onSession: (session) => sessions.push(session),
    ...(open !== undefined && { open }),
  });
  return {
    reader,
    told: () => sessions.map(({ recipientDomain, outcome }) => `${recipientDomain} ${outcome}`),
  };
}

const LINES = [
  'Nov  2 10:00:00 mail tiny[1]: open a.example',
  'Nov  2 10:00:01 mail huge[1]: open x.example',
  'Nov  2 10:00:01 mail tiny[2]: open b.example',
  'Nov  2 10:00:02 mail tiny[1]: done',
  'Nov  2 10:02:00 mail tiny[3]: open c.example',
];

describe('a reader', () => {
  test('tells the sessions of lines, ends what falls silent, and at the end the rest', () => {
    const { reader, told } = readerWith();
    for (const line of LINES) reader.line(line);
    expect(told()).toEqual(['a.example success', 'b.example failure']);
    reader.end();
    expect(told()).toEqual(['a.example success', 'b.example failure', 'c.example failure']);
  });

  test('tells the same of bytes, without decoding what has no needle', () => {
    const { reader, told } = readerWith();
    const bytes = Buffer.from(`${LINES.join('\n')}\n`);
    expect(reader.bytes(bytes.subarray(0, 100)) + reader.bytes(bytes.subarray(100))).toBe(bytes.length);
    expect(told()).toEqual(['a.example success', 'b.example failure']);
    expect([reader.lines, reader.skipped]).toEqual([5, 1]);
    expect(reader.firstTime).toBe(Date.parse('2026-11-02T10:00:00Z'));
    expect(reader.lastTime).toBe(Date.parse('2026-11-02T10:02:00Z'));
  });

  test('reads on with what was open when another stopped', () => {
    const first = readerWith();
    for (const line of LINES.slice(0, 3)) first.reader.line(line);
    const second = readerWith(first.reader.table.takeChanges().changed);
    for (const line of LINES.slice(3)) second.reader.line(line);
    expect(second.told()).toEqual(['a.example success', 'b.example failure']);
  });

  test('forgets an unfinished line when told to, and reads it as a line when that is the end', () => {
    const { reader, told } = readerWith();
    reader.bytes(Buffer.from('Nov  2 10:00:00 mail tiny[1]: again'));
    reader.discard();
    expect(reader.finish()).toBe(0);
    reader.bytes(Buffer.from('Nov  2 10:00:00 last tiny[1]: again'));
    expect([reader.finish(), told()]).toEqual([35, ['last success']]);
  });

  test('takes a message as often as its daemon says it came', () => {
    const { reader, told } = readerWith();
    reader.line('Nov  2 10:00:00 mail tiny[1]: message repeated 3 times: [ again]');
    expect(told()).toEqual(['mail success', 'mail success', 'mail success']);
  });

  test('passes over a line on which the parser throws, and counts it', () => {
    const { reader, told } = readerWith();
    for (const line of ['Nov  2 10:00:00 mail tiny[1]: fault', ...LINES]) reader.line(line);
    expect(told()).toEqual(['a.example success', 'b.example failure']);
    expect([reader.faults, String(reader.firstFault)]).toEqual([1, 'Error: a fault of the parser']);
    reader.line('Nov  2 10:02:00 mail tiny[9]: open bad.example');
    reader.end();
    expect([reader.faults, reader.table.size]).toEqual([2, 0]);
  });

  test('passes over what is no line of a log', () => {
    const { reader, told } = readerWith();
    for (const line of ['', 'tiny[1]: open a.example', '{"tiny[1]":', '-- Boot tiny[1] --'])
      reader.line(line);
    expect([told(), reader.firstTime, reader.table.size]).toEqual([[], undefined, 0]);
  });

  test("reads a format's own envelope, with syslog for the lines that come that way", () => {
    const hosts: string[] = [];
    const reader = new SessionReader({
      parser: {
        envelope: (line, { host, zone, syslog }) => {
          const time = zone.toUtc(2026, 11, 2, 10, 0, 0, 0);
          return line.startsWith('own ') ? { time, host, program: '', pid: 0, message: line } : syslog(line);
        },
        needles: [],
        idleSeconds: 60,
        entry: ({ host, time }) => hosts.push(`${host} ${new Date(time).toISOString()}`),
      },
      zone: zoneOf('Europe/Berlin'),
      host: 'here',
      latest: () => NOW,
      onSession: () => {},
    });
    reader.bytes(Buffer.from('own line\nNov  2 11:00:00 mail exim[1]: x\nother\n'));
    expect(hosts).toEqual(['here 2026-11-02T09:00:00.000Z', 'mail 2026-11-02T10:00:00.000Z']);
  });
});

test('samples are read from lines alone, with the options checked and the trace told', () => {
  const readings: LineReading[] = [];
  const how = { zone: zoneOf('UTC'), now: NOW, trace: (reading: LineReading) => readings.push(reading) };
  const sessions = readSessions(LINES, parser, {}, how);
  expect(sessions.map(({ recipientDomain }) => recipientDomain)).toEqual([
    'a.example',
    'b.example',
    'c.example',
  ]);
  expect(readings.map(({ rule }) => rule)).toEqual(['open', 'noise', 'open', 'done', 'open']);
  expect(() => readSessions(LINES, parser, { level: 'high' }, how)).toThrow('expected number');
});

describe('in the hour that comes twice', () => {
  /** What a reader makes of it, with the times at which its sessions began. */
  function autumnReader(trace?: Trace) {
    const times: string[] = [];
    const reader = new SessionReader({
      parser: parser.create({ level: 1 }),
      zone: zoneOf('Europe/Berlin'),
      host: 'here',
      latest: () => NOW,
      onSession: ({ recipientDomain, time, outcome }) =>
        times.push(`${recipientDomain} ${new Date(time).toISOString().slice(11, 19)} ${outcome}`),
      ...(trace !== undefined && { trace }),
    });
    return { reader, times };
  }
  const at = (clock: string, text: string) => `Oct 25 ${clock} mail tiny[1]: ${text}`;

  test('sessions that are open when it comes again end as soon as ever', () => {
    const { reader, times } = autumnReader();
    for (const line of [
      at('02:59:50', 'open a.example'),
      at('02:00:10', 'done'),
      at('02:00:20', 'open b.example'),
      at('02:30:00', 'open c.example'),
      at('03:00:10', 'open d.example'),
    ])
      reader.line(line);
    expect(times).toEqual([
      'a.example 00:59:50 success',
      'b.example 01:00:20 failure',
      'c.example 01:30:00 failure',
    ]);
  });

  test('a file goes on where the one before it ended, or where its log did', () => {
    const { reader, times } = autumnReader();
    reader.line(at('02:50:00', 'again'));
    reader.nextFile();
    reader.nextFile();
    reader.line(at('02:05:00', 'again'));
    reader.nextFile(() => undefined);
    reader.line(at('02:06:00', 'again'));
    reader.nextFile(() => Date.parse('2026-10-25T01:06:30Z'));
    reader.line(at('02:07:00', 'again'));
    expect(times.map((told) => told.slice(5, 13))).toEqual(['00:50:00', '01:05:00', '00:06:00', '01:07:00']);
  });

  test('a stamp with an offset tells where the log is', () => {
    const { reader, times } = autumnReader();
    reader.line('2026-10-25T02:10:00+01:00 mail tiny[1]: again');
    reader.line(at('02:12:00', 'again'));
    reader.line('2026-10-25T02:13:00+02:00 mail tiny[1]: again');
    expect(times.map((told) => told.slice(5, 13))).toEqual(['01:10:00', '01:12:00', '00:13:00']);
  });

  test('lines that do not matter move nothing on, whether they are traced or not', () => {
    const lines = [
      at('02:50:00', 'open a.example'),
      at('02:50:01', 'done'),
      'Oct 25 02:00:00 mail huge[1]: open x.example',
      'Oct 25 02:45:00 mail huge[1]: open x.example',
      at('02:46:00', 'open b.example'),
      at('02:46:01', 'done'),
    ];
    const { reader, times } = autumnReader();
    reader.bytes(Buffer.from(`${lines.join('\n')}\n`));
    const traced = autumnReader(() => undefined);
    for (const line of lines) traced.reader.line(line);
    expect(times).toEqual(['a.example 00:50:00 success', 'b.example 00:46:00 success']);
    expect(traced.times).toEqual(times);
  });
});

test('a parser that throws over the bytes of an envelope is counted, and its line read as text', () => {
  const texts: string[] = [];
  const made = parser.create({ level: 1 });
  const reader = new SessionReader({
    parser: {
      ...made,
      envelope: (line, { host }) => ({ time: NOW, host, program: 'tiny', pid: 1, message: line }),
      needles: ['tiny'],
      matters: ({ message }) => {
        if (message.endsWith('odd')) throw new Error('what an odd line');
        return !message.endsWith('noise');
      },
      byteEnvelope(line) {
        if (line.text(line.start, line.end).endsWith('!')) throw new Error('what a loud line');
        return line.text(line.start, line.end).endsWith('noise') ? 'noise' : 'unread';
      },
      bytes: () => true,
      entry: ({ message }) => void texts.push(message),
    },
    zone: zoneOf('UTC'),
    host: 'here',
    latest: () => NOW,
  });
  reader.bytes(Buffer.from('tiny one!\ntiny noise\ntiny two\ntiny odd\nnothing\n'));
  expect(texts).toEqual(['tiny one!', 'tiny two']);
  expect([reader.faults, reader.lines, reader.skipped]).toEqual([2, 5, 3]);
});

test.each([true, false])(
  'a line with a broken tag is skipped, by its program or as no line: fast %j',
  (fast) => {
    const reader = new SessionReader({
      parser: {
        ...parser.create({ level: 1 }),
        needles: ['open'],
        needlesOf: (program) => (program === 'tiny' ? ['open'] : []),
      },
      zone: zoneOf('UTC'),
      host: 'here',
      latest: () => NOW,
      onSession: () => undefined,
      fast,
    });
    const head = 'Nov 23 10:00:01 mail';
    reader.bytes(
      Buffer.from(`${head} other[1]: open a\n${head} other[/2]: open b\n${head} tiny[3]: open c\n`),
    );
    expect([reader.lines, reader.skipped]).toEqual([3, 2]);
  },
);
