import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSyslogReader } from '../../src/logs/syslog.ts';
import { zoneOf } from '../../src/logs/zone.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const TLS =
  'Untrusted TLS connection established to mx1.example.org[192.0.2.25]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)';

function read(line: string, zone = 'UTC', latest = NOW) {
  return createSyslogReader({ zone: zoneOf(zone), host: 'here', latest: () => latest })(line);
}

function timeOf(line: string, zone?: string, latest?: number): string | undefined {
  const entry = read(line, zone, latest);
  return entry && new Date(entry.time).toISOString();
}

const docker = (log: string) =>
  JSON.stringify({ log, stream: 'stdout', time: '2026-11-02T09:00:01.123456789Z' });
const journal = (fields: object) =>
  JSON.stringify({
    __REALTIME_TIMESTAMP: '1793613601123456',
    _HOSTNAME: 'mail',
    SYSLOG_IDENTIFIER: 'postfix/smtp',
    _PID: '4211',
    MESSAGE: TLS,
    ...fields,
  });

describe('an envelope', () => {
  const mail = { host: 'mail', program: 'postfix/smtp', pid: 4211, message: TLS, repeated: 1 };
  const tenUtc = '2026-11-02T10:00:01.000Z';
  const precise = '2026-11-02T10:00:01.123Z';
  const captured = '2026-11-02T09:00:01.123Z';

  test.each([
    ['RFC 3164, day padded with a blank', `Nov  2 10:00:01 mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ["maillog_file's zero-padded day", `Nov 02 10:00:01 mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['RFC 3164, day not padded', `Nov 2 10:00:01 mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['RFC 3164 with priority', `<22>Nov  2 10:00:01 mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['journald short-precise', `Nov 02 10:00:01.123456 mail postfix/smtp[4211]: ${TLS}`, precise],
    ['rsyslog ISO', `2026-11-02T11:00:01.123456+01:00 mail postfix/smtp[4211]: ${TLS}`, precise],
    ['ISO with Z', `2026-11-02T10:00:01Z mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['ISO with nanoseconds', `2026-11-02T10:00:01.123456789Z mail postfix/smtp[4211]: ${TLS}`, precise],
    ['journald short-iso', `2026-11-02T10:00:01+0000 mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['ISO, half-hour zone', `2026-11-02T06:30:01-0330 mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['ISO, hours only', `2026-11-02T12:00:01+02 mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['ISO behind a priority', `<22>2026-11-02T10:00:01Z mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['journald short-full', `Mon 2026-11-02 10:00:01 UTC mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['journald short-full, offset', `Mon 2026-11-02 13:00:01 +03 mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['journald short-unix', `1793613601.123456 mail postfix/smtp[4211]: ${TLS}`, precise],
    ['RFC 5424', `<22>1 2026-11-02T10:00:01.123456+00:00 mail postfix/smtp 4211 - - ${TLS}`, precise],
    [
      'RFC 5424 with structured data and a byte-order mark',
      `<22>1 2026-11-02T10:00:01Z mail postfix/smtp 4211 ID1 [a@1 b="\\"] x"][c] \ufeff${TLS}`,
      tenUtc,
    ],
    [
      'RFC 5424 as rsyslog rewrites it',
      `<22>1 2026-11-02T10:00:01Z mail postfix/smtp 4211 - -  ${TLS}`,
      tenUtc,
    ],
    ['busybox', `Nov  2 10:00:01 mail mail.info postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['priority name behind the stamp', `Nov  2 10:00:01 <mail.info> mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['Solaris', `Nov  2 10:00:01 mail postfix/smtp[4211]: [ID 197553 mail.info] ${TLS}`, tenUtc],
    ['carriage return', `Nov  2 10:00:01 mail postfix/smtp[4211]: ${TLS}\r`, tenUtc],
    ['byte-order mark', `\ufeffNov  2 10:00:01 mail postfix/smtp[4211]: ${TLS}`, tenUtc],
    ['journald JSON', journal({}), precise],
    ['journald JSON, SYSLOG_PID before _PID', journal({ SYSLOG_PID: '4211', _PID: '1' }), precise],
    ['journald JSON, bytes', journal({ MESSAGE: [...Buffer.from(TLS)] }), precise],
    [
      "Docker's driver for the journal",
      journal({
        MESSAGE: `Nov 02 10:00:01 mail postfix/smtp[4211]: ${TLS}`,
        SYSLOG_IDENTIFIER: 'mailer',
        CONTAINER_ID: '4c01db0b339c',
        _HOSTNAME: 'docker-host',
        _PID: '1',
      }),
      precise,
    ],
    ['Docker, maillog_file inside', docker(`Nov 02 10:00:01 mail postfix/smtp[4211]: ${TLS}\n`), captured],
    [
      'Docker, ISO with zone inside',
      docker(`2026-11-02T10:00:01+00:00 mail postfix/smtp[4211]: ${TLS}\r\n`),
      tenUtc,
    ],
    [
      "Docker's stamp in front",
      `2026-11-02T09:00:01.123456789Z Nov 02 10:00:01 mail postfix/smtp[4211]: ${TLS}`,
      captured,
    ],
    [
      "Kubernetes' stamp and stream in front",
      `2026-11-02T09:00:01.123456789Z stdout F Nov 02 10:00:01 mail postfix/smtp[4211]: ${TLS}`,
      captured,
    ],
  ])('%s', (_, line, time) => {
    expect(read(line)).toEqual({ ...mail, time: Date.parse(time) });
  });

  test.each([
    ['Docker, tag only', docker(`postfix/smtp[4211]: ${TLS}\n`)],
    [
      "Docker's driver for the journal, tag only",
      journal({
        MESSAGE: `postfix/smtp[4211]: ${TLS}`,
        CONTAINER_ID: '4c01db0b339c',
        __REALTIME_TIMESTAMP: '1793610001123456',
      }),
    ],
    ['a bare tag behind a runtime stamp', `2026-11-02T09:00:01.123456789Z postfix/smtp[4211]: ${TLS}`],
    ['RFC 5424 with nil host', `<22>1 2026-11-02T09:00:01.123Z - postfix/smtp 4211 - - ${TLS}`],
  ])('without a host is of the reading host: %s', (_, line) => {
    expect(read(line)).toEqual({ ...mail, host: 'here', time: Date.parse(captured) });
  });

  test('of a runtime around bare text has no program', () => {
    const text = '2026-11-02 10:00:01 1xVZOu-000000004YM-1YJW => bob@example.org R=dnslookup';
    const bare = {
      time: Date.parse(captured),
      host: 'here',
      program: '',
      pid: 0,
      message: text,
      repeated: 1,
    };
    expect(read(docker(`${text}\n`))).toEqual(bare);
    const record = { MESSAGE: text, CONTAINER_ID: '4c01db0b339c', __REALTIME_TIMESTAMP: '1793610001123456' };
    expect(read(journal(record))).toEqual(bare);
    expect(read(`2026-11-02T09:00:01.123Z stdout F ${text}`)).toEqual(bare);
  });

  test.each([
    ['postfix-out/smtp', 4211],
    ['postfix/relay/smtp', 1],
    ['mx-out/smtp', 7],
    ['exim', 31733],
  ])('keeps the whole tag %s', (program, pid) => {
    expect(read(`Nov  2 10:00:01 mail ${program}[${pid}]: x`)).toMatchObject({ program, pid });
  });

  test('leaves the message as it is from its first byte', () => {
    const message = ' warning: TLS library problem: a#303#244 [x]: y ]';
    expect(read(`Nov  2 10:00:01 mail postfix/smtp[1]: ${message}`)?.message).toBe(message);
  });

  test('of a tag without a pid has pid 0', () => {
    expect(read('Nov  2 10:00:01 mail exim: x')).toMatchObject({ program: 'exim', pid: 0, message: 'x' });
  });

  test('tells how often rsyslog saw the message', () => {
    const line = 'Nov  2 10:00:01 mail postfix/smtp[4211]: message repeated 3 times: [ lost connection [x]]';
    expect(read(line)).toMatchObject({ repeated: 3, message: 'lost connection [x]', pid: 4211 });
  });

  test.each([
    'Nov  2 10:00:01 mail last message repeated 3 times',
    '-- Boot 2e2d7e0d3f0e4b2b8e8d2f1c0a9b8c7d --',
    '-- No entries --',
    'Nov 31 10:00:01 mail postfix/smtp[1]: x',
    'Nov  2 24:00:01 mail postfix/smtp[1]: x',
    'Nov  2 10:00:01',
    'Nov  2 10:00:01 mail',
    'Nov  2 10:00:01 mail postfix/smtp[1',
    'Nov  2 10:00:01 mail postfix/smtp[x]: y',
    '2026-13-02T10:00:01Z mail postfix/smtp[1]: x',
    '<22>1 - mail postfix/smtp 4211 - - x',
    '<22>1 2026-11-02T10:00:01Z mail postfix/smtp 4211 - [a b="c x',
    '{"log":"x","time":"never"}',
    '{"MESSAGE":null,"__REALTIME_TIMESTAMP":"1793613601123456","SYSLOG_IDENTIFIER":"postfix/smtp"}',
    '{"MESSAGE":"x","SYSLOG_IDENTIFIER":"postfix/smtp"}',
    '{"MESSAGE":',
    '{"MESSAGE":"x","__REALTIME_TIMESTAMP":"1793613601123456","SYSLOG_IDENTIFIER":"p","_HOSTNAME":"a b"}',
    '{}',
    '',
    ' partial',
  ])('is not found in %j', (line) => {
    expect(read(line)).toBeUndefined();
  });
});

describe('a stamp without a year', () => {
  test.each([
    [
      'is of this year when that is past',
      'Nov 23 11:59:59',
      '2026-11-23T12:00:00Z',
      '2026-11-23T11:59:59.000Z',
    ],
    [
      'may lie a day ahead: zones and clocks differ',
      'Nov 24 11:59:59',
      '2026-11-23T12:00:00Z',
      '2026-11-24T11:59:59.000Z',
    ],
    ['is of last year otherwise', 'Nov 24 12:00:01', '2026-11-23T12:00:00Z', '2025-11-24T12:00:01.000Z'],
    [
      'of December is of last year in January',
      'Dec 31 23:59:58',
      '2026-01-01T00:30:00Z',
      '2025-12-31T23:59:58.000Z',
    ],
    [
      'of New Year is of next year on the eve',
      'Jan  1 00:00:01',
      '2026-12-31T23:59:00Z',
      '2027-01-01T00:00:01.000Z',
    ],
    [
      'on Feb 29 is of the last leap year',
      'Feb 29 08:00:00',
      '2026-11-23T12:00:00Z',
      '2024-02-29T08:00:00.000Z',
    ],
    ['on Feb 29 is of this leap year', 'Feb 29 08:00:00', '2028-03-01T00:00:00Z', '2028-02-29T08:00:00.000Z'],
    [
      'on Feb 29 is found over a century without one',
      'Feb 29 08:00:00',
      '2103-06-01T00:00:00Z',
      '2096-02-29T08:00:00.000Z',
    ],
  ])('%s', (_, stamp, latest, expected) => {
    expect(timeOf(`${stamp} mail postfix/smtp[1]: x`, 'UTC', Date.parse(latest))).toBe(expected);
  });

  test('follows the bound when that moves on, within one reader', () => {
    let latest = Date.parse('2026-12-31T12:00:00Z');
    const reader = createSyslogReader({ zone: zoneOf('UTC'), host: 'here', latest: () => latest });
    const year = (stamp: string) => new Date(reader(`${stamp} mail p[1]: x`)?.time ?? 0).getUTCFullYear();
    expect(year('Dec 31 11:00:00')).toBe(2026);
    expect(year('Jan  2 11:00:00')).toBe(2026);
    latest = Date.parse('2027-01-02T12:00:00Z');
    expect(year('Jan  2 11:00:00')).toBe(2027);
    expect(year('Dec 31 11:00:00')).toBe(2026);
    latest = Date.parse('2020-06-01T12:00:00Z');
    expect(year('Jan  2 11:00:00')).toBe(2020);
  });

  test.each([
    ['first reading of the hour that comes twice', 'Oct 25 02:30:00', '2026-10-25T00:30:00.000Z'],
    ['moved out of the hour that never was', 'Mar 29 02:30:00', '2026-03-29T01:30:00.000Z'],
  ])('at the change of the clocks: %s', (_, stamp, expected) => {
    expect(timeOf(`${stamp} mail p[1]: x`, 'Europe/Berlin')).toBe(expected);
  });

  test('means the configured zone, and so does a zone name of journald', () => {
    expect(timeOf('Nov  2 10:00:01 mail p[1]: x', 'Europe/Berlin')).toBe('2026-11-02T09:00:01.000Z');
    expect(timeOf('Mon 2026-11-02 10:00:01 CET mail p[1]: x', 'Europe/Berlin')).toBe(
      '2026-11-02T09:00:01.000Z',
    );
    expect(timeOf('2026-11-02T10:00:01 mail p[1]: x', 'Europe/Berlin')).toBe('2026-11-02T09:00:01.000Z');
  });
});

describe('hostile text', () => {
  const lines = [
    `<22>Nov  2 10:00:01 mail postfix/smtp[4211]: ${TLS}`,
    `<22>1 2026-11-02T10:00:01Z mail postfix/smtp 4211 ID1 [a@1 b="\\"] x"] ${TLS}`,
    `Mon 2026-11-02 10:00:01 UTC mail mail.info postfix/smtp[4211]: [ID 197553 mail.info] ${TLS}`,
    docker(`Nov 02 10:00:01 mail postfix/smtp[4211]: ${TLS}\n`),
    journal({}),
  ];

  test('never throws and never yields an entry out of shape', () => {
    const position = fc.nat({ max: 300 });
    const noise = fc.string({ unit: 'binary', maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom(...lines), position, position, noise, (line, from, length, text) => {
        const entry = read(line.slice(0, from) + text + line.slice(from + length));
        if (entry === undefined) return;
        expect(Number.isSafeInteger(entry.time)).toBe(true);
        expect(Number.isSafeInteger(entry.pid)).toBe(true);
        expect(entry.host).toMatch(/^\S+$/);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['blanks', ' '],
    ['digits', '7'],
    ['brackets', '['],
    ['quotes', '"'],
    ['letters', 'a'],
    ['stamps', 'Nov  2 10:00:01 '],
    ['priorities', '<'],
  ])(
    'a line of a million %s is read in linear time',
    (_, unit) => {
      const long = unit.repeat(1_000_000 / unit.length);
      for (const head of [
        '',
        '<22>',
        '<22>1 2026-11-02T10:00:01Z mail p 1 - [',
        'Nov  2 10:00:01 ',
        '2026-11-02T10:00:01Z ',
        '{"log":"',
      ])
        expect(read(head + long)?.message ?? '').toSatisfy((message: string) => message.length <= 1_000_100);
    },
    2_000,
  );

  test('escapes of JSON bring no NUL and no half character into an entry', () => {
    const entry = read(journal({ MESSAGE: 'a\0b\ud800c', SYSLOG_IDENTIFIER: 'm\0' }));
    expect(entry).toMatchObject({ message: 'a?b\ufffdc', program: 'm?' });
  });
});
