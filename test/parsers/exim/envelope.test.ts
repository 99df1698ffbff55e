import { describe, expect, it } from 'vitest';
import { parser } from '../../../parsers/exim/index.ts';
import { readSessions } from '../../../src/logs/read-sessions.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import { ID, MX1, OK, ROUTE, rules, X } from './reading.ts';

const OLD_ID = '1rGx7k-0004Qd-2v';
const TEXT = `=> bob@example.org ${ROUTE} ${MX1} ${X} CV=yes ${OK}`;

/** The times of the sessions read. */
function times(lines: readonly string[], zone = 'UTC', options: object = {}): string[] {
  const now = Date.UTC(2026, 11, 31);
  const sessions = readSessions(lines, parser, options, { zone: zoneOf(zone), now });
  return sessions.map(({ time }) => new Date(time).toISOString());
}

describe('the stamp of a mainlog', () => {
  it.each([
    [`2026-03-02 10:20:30 ${ID} ${TEXT}`, '2026-03-02T10:20:30.000Z'],
    [`2026-03-02 10:20:30 ${OLD_ID} ${TEXT}`, '2026-03-02T10:20:30.000Z'],
    [`2026-03-02 10:20:30.171 ${ID} ${TEXT}`, '2026-03-02T10:20:30.171Z'],
    [`2026-03-02 10:20:30 +0200 ${ID} ${TEXT}`, '2026-03-02T08:20:30.000Z'],
    [`2026-03-02 10:20:30.171 -0330 [31744] ${ID} ${TEXT}`, '2026-03-02T13:50:30.171Z'],
    [`2026-03-02 10:20:30 [31744] ${OLD_ID} ${TEXT}`, '2026-03-02T10:20:30.000Z'],
  ])('%s', (line, time) => {
    expect(times([line])).toEqual([time]);
  });

  it('is of the configured zone where it names none, on both sides of the change of clocks', () => {
    const at = (stamp: string) => times([`${stamp} ${ID} ${TEXT}`], 'Europe/Berlin');
    expect(at('2026-03-29 01:59:59')).toEqual(['2026-03-29T00:59:59.000Z']);
    expect(at('2026-03-29 03:00:00')).toEqual(['2026-03-29T01:00:00.000Z']);
    expect(at('2026-10-25 00:30:00')).toEqual(['2026-10-24T22:30:00.000Z']);
  });

  it.each([
    `2026-13-02 10:20:30 ${ID} ${TEXT}`,
    `2026-03-02 24:20:30 ${ID} ${TEXT}`,
    `2026-03-02 10:20 ${ID} ${TEXT}`,
    `2026-03-02 10:20:30 1rGx7k-0004Qd-2 ${TEXT}`,
    `2026-03-02 10:20:30 1rGx7k-0004Qd-2v2 ${TEXT}`,
    ` 2026-03-02 10:20:30 ${ID} ${TEXT}`,
  ])('is none: %s', (line) => {
    expect(times([line])).toEqual([]);
  });
});

describe('syslog', () => {
  const stamped = `2026-03-02 10:20:30 ${ID} ${TEXT}`;

  it.each([
    ['without Exim’s stamp', `Mar  2 10:20:30 mail exim[5]: ${ID} ${TEXT}`, '2026-03-02T10:20:30.000Z'],
    ['with it', `Mar  2 10:20:31 mail exim[5]: ${stamped}`, '2026-03-02T10:20:30.000Z'],
    [
      'with it and a pid',
      `Mar  2 10:20:31 mail exim[5]: 2026-03-02 10:20:30 [5] ${ID} ${TEXT}`,
      '2026-03-02T10:20:30.000Z',
    ],
    ['as Debian names it', `Mar  2 10:20:30 mail exim4[5]: ${ID} ${TEXT}`, '2026-03-02T10:20:30.000Z'],
    [
      'with a zone in the header, which is exact',
      `2026-03-02T11:20:30.5+01:00 mail exim[5]: ${stamped}`,
      '2026-03-02T10:20:30.500Z',
    ],
    [
      'with a zone in Exim’s stamp',
      `2026-03-02T11:20:30.5+01:00 mail exim[5]: 2026-03-02 10:20:30 +0000 ${ID} ${TEXT}`,
      '2026-03-02T10:20:30.000Z',
    ],
    [
      'from journald',
      JSON.stringify({
        __REALTIME_TIMESTAMP: '1772446830000000',
        SYSLOG_IDENTIFIER: 'exim',
        _PID: '5',
        MESSAGE: `${ID} ${TEXT}`,
      }),
      '2026-03-02T10:20:30.000Z',
    ],
    ['after a priority', `<22>Mar  2 10:20:30 mail exim[5]: ${stamped}`, '2026-03-02T10:20:30.000Z'],
  ])('%s', (_name, line, time) => {
    expect(times([line])).toEqual([time]);
  });

  it('takes the year of Exim’s own stamp, which the header lacks', () => {
    expect(times([`Mar  2 10:20:30 mail exim[5]: 2019-03-02 10:20:30 ${ID} ${TEXT}`])).toEqual([
      '2019-03-02T10:20:30.000Z',
    ]);
  });

  it('takes a zone from Exim’s own stamp as it is then, though the header before it has none', () => {
    const exact = (stamp: string, id: string) =>
      `Oct 25 ${stamp.slice(11, 19)} mail exim[5]: ${stamp} ${id} ${TEXT}`;
    const lines = [exact('2026-10-25 02:10:00 +0100', OLD_ID), exact('2026-10-25 02:40:00 +0200', ID)];
    const expected = ['2026-10-25T01:10:00.000Z', '2026-10-25T00:40:00.000Z'];
    expect(times(lines, 'Europe/Berlin')).toEqual(expected);
  });

  it.each([
    ['a header', (stamp: string) => `${stamp} mail exim[5]: `],
    ['a container’s runtime', (stamp: string) => `${stamp.replace('+', '.000000000+')} stdout F `],
  ])('takes a zone from %s as it is in the hour that comes twice, however late the line', (_, head) => {
    const exact = (stamp: string, id: string) =>
      `${head(stamp)}${stamp.slice(0, 19).replace('T', ' ')} ${id} ${TEXT}`;
    const lines = [exact('2026-10-25T02:10:00+01:00', OLD_ID), exact('2026-10-25T02:40:00+02:00', ID)];
    const expected = ['2026-10-25T01:10:00.000Z', '2026-10-25T00:40:00.000Z'];
    expect(times(lines, 'Europe/Berlin')).toEqual(expected);
  });

  it('reads only Exim’s own lines, by the name it is configured to have', () => {
    const lines = [
      `Mar  2 10:20:30 mail dovecot: ${ID} ${TEXT}`,
      `Mar  2 10:20:30 mail out[5]: ${ID} ${TEXT}`,
    ];
    expect(times(lines)).toEqual([]);
    expect(times(lines, 'UTC', { programs: ['out'] })).toHaveLength(1);
  });
});

describe('a mainlog on the output of a container', () => {
  const stamped = `2026-03-02 10:20:30 ${ID} ${TEXT}`;
  const record = (log: string) =>
    JSON.stringify({ log: `${log}\n`, stream: 'stdout', time: '2026-03-02T10:20:31.5Z' });

  it.each([
    ['by Docker', record(stamped)],
    ['by Docker, which escapes >', record(stamped).replaceAll('>', '\\u003e')],
    ['as `docker logs -t` shows it', `2026-03-02T10:20:31.5Z ${stamped}`],
    ['by Kubernetes', `2026-03-02T10:20:31.5Z stdout F ${stamped}`],
  ])('is stamped %s, exactly', (_name, line) => {
    expect(times([line], 'Europe/Berlin')).toEqual(['2026-03-02T10:20:31.500Z']);
    expect(parser.recognises?.(line)).toBe(true);
  });

  it('keeps a stamp of Exim’s that has a zone', () => {
    const zoned = record(`2026-03-02 10:20:30 +0200 ${ID} ${TEXT}`);
    expect(times([zoned])).toEqual(['2026-03-02T08:20:30.000Z']);
  });

  it('holds nothing where another program wrote it', () => {
    expect(times([record(`${ID} ${TEXT}`), record(`dovecot: ${stamped}`), record(`x ${stamped}`)])).toEqual(
      [],
    );
  });
});

describe('lines in pieces', () => {
  const header = (pid: number) => `Mar  2 10:20:30 mail exim[${pid}]: `;
  const halves = [TEXT.slice(0, 40), TEXT.slice(40, 90), TEXT.slice(90)];
  const whole = halves.map(
    (half, at) => `${header(5)}[${at + 1}/3] ${at === 0 ? `2026-03-02 10:20:30 ${ID} ` : ''}${half}`,
  );

  it('are joined, those of other processes between them', () => {
    const other = halves.map(
      (half, at) => `${header(6)}[${at + 1}/3] ${at === 0 ? `${OLD_ID} ` : ''}${half}`,
    );
    const mixed = whole.flatMap((line, at) => [line, other[at] ?? '']);
    expect(times(mixed)).toEqual(['2026-03-02T10:20:30.000Z', '2026-03-02T10:20:30.000Z']);
  });

  it('are dropped when one is missing, doubled or out of order', () => {
    const [one = '', two = '', three = ''] = whole;
    for (const lines of [
      [one, three],
      [two, three],
      [three],
      [one, two, two, three],
      [two, one, three],
      [one, two],
    ]) {
      expect(times(lines)).toEqual([]);
    }
    expect(times([one, one, two, three])).toHaveLength(1);
    expect(rules([one, two, three])).toEqual(['line-piece', 'line-piece', 'delivery-tls']);
    expect(rules([one, three])).toEqual(['line-piece', 'line-piece-lost']);
  });

  it('that ended at a newline keep it, so nothing behind it begins a line', () => {
    const lines = [
      `${header(9)}[1\\3] ${OLD_ID} H=x [198.51.100.20] F=<a@b.example> rejected after DATA`,
      `${header(9)}[2\\3] ${ID} ${TEXT}`,
      `${header(9)}[3/3] ${ID} ${TEXT}`,
    ];
    expect(times(lines)).toEqual([]);
  });
});
