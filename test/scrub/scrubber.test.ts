import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSessions } from '../../src/logs/read-sessions.ts';
import { type LocalZone, zoneOf } from '../../src/logs/zone.ts';
import type { JsonValue, ParserModule, Session } from '../../src/parser.ts';
import { BUILT_IN } from '../../src/registry.ts';
import { Scrubber } from '../../src/scrub/scrubber.ts';
import { toSessionRecord } from '../../src/session.ts';
import { sampledParsers, samplesOf } from '../samples/sample.ts';

const LAB = fileURLToPath(new URL('../lab/', import.meta.url));
const NOW = Date.parse('2026-12-31T00:00:00Z');

function moduleOf(name: string): ParserModule {
  const module = BUILT_IN.find((one) => one.name === name);
  if (module === undefined) throw new Error(`no ${name}`);
  return module;
}

const recordsOf = (sessions: readonly Session[]) =>
  sessions.map((session) => JSON.stringify(toSessionRecord(session, 'any'))).sort();

/** What is read from the scrubbed lines, and what was read from the lines, renamed. */
function both(
  module: ParserModule,
  lines: readonly string[],
  options: JsonValue,
  zone: LocalZone,
  now = NOW,
) {
  const scrubber = new Scrubber();
  const scrubbed = lines.map((line) => scrubber.line(line));
  return {
    scrubbed,
    renamed: recordsOf(
      readSessions(lines, module, options, { zone, now }).map((session) => scrubber.session(session)),
    ),
    read: recordsOf(readSessions(scrubbed, module, scrubber.options(options), { zone, now })),
  };
}

describe.each(sampledParsers())('a scrubbed log of %s', (name) => {
  const samples = samplesOf(name).map((sample) => [sample.name, sample] as const);

  it.each(samples)('tells the same sessions, renamed: %s', (_name, { lines, options, zone, now }) => {
    const { read, renamed } = both(moduleOf(name), lines, options as JsonValue, zone, now);
    expect(read).toEqual(renamed);
  });
});

describe.each([
  ['postfix', 'postfix-dane/mail.log'],
  ['postfix', 'postfix-dane-reuse/mail.log'],
  ['postfix', 'postfix-dane-maillog/maillog.log'],
  ['postfix', 'postfix312-dane-reuse/mail.log'],
  ['exim', 'exim-full/mainlog'],
  ['exim', 'exim-reuse/mail.log'],
  ['exim', 'exim-syslog/mail.log'],
  ['opensmtpd', 'opensmtpd-debian12/mail.log'],
])('the scrubbed lab run of %s, %s', (name, path) => {
  const lines = readFileSync(join(LAB, path), 'utf8').split('\n');
  const { scrubbed, read, renamed } = both(moduleOf(name), lines, {}, zoneOf('UTC'));

  it('tells the same sessions, renamed', () => {
    expect(renamed.length).toBeGreaterThan(20);
    expect(read).toEqual(renamed);
  });

  it('holds none of the names and addresses there were', () => {
    const left =
      /\w[\w.-]*\.(?:test|example)\b|10\.(?:77|88)\.\d+\.\d+|fd(?:77|88)::[\w:]+|^\S+ +\S+ \S+ mta1 |\b(?:sender|u|ann)@/g;
    const found = scrubbed.flatMap((line) => line.match(left) ?? []);
    expect(found.filter((one) => !/^(?:n\d+\.)+example$/.test(one))).toEqual([]);
  });

  it('keeps stamps, programs and pids', () => {
    expect(scrubbed.length).toBe(lines.length);
    scrubbed.forEach((line, index) => {
      expect(line.slice(0, 15)).toBe(lines[index]?.slice(0, 15));
      expect(/ \S+\[\d+\]: /.exec(line)?.[0]).toBe(/ \S+\[\d+\]: /.exec(lines[index] ?? '')?.[0]);
    });
  });
});

describe('what stands for what', () => {
  const line = (message: string) => `Nov 22 10:00:01 mail postfix/smtp[1]: ${message}`;
  const messageOf = (scrubber: Scrubber, message: string) =>
    scrubber.line(line(message)).slice(line('').length - 'mail'.length + 'n1'.length);

  it('is the same throughout, whatever its case and its form', () => {
    const scrubber = new Scrubber();
    const read = (text: string) => messageOf(scrubber, text);
    expect(read('mx1.Example.ORG[192.0.2.1]')).toBe(read('MX1.example.org[192.0.2.1]'));
    expect(read('to=<a@bücher.example>')).toBe(read('to=<A@xn--bcher-kva.example>'));
    expect(read('[2001:db8:0:0::1]:25')).toBe(read('[2001:0db8::1]:25'));
    expect(read('[192.0.2.1]')).not.toBe(read('[192.0.2.2]'));
    expect(read('9F3A51C0B7: removed')).toBe(read('9F3A51C0B7: removed'));
    expect(read('to=<x@a.org>, (queued as 9F3A51C0B7)')).toMatch(/queued as 0000000001\)/);
  });

  it('keeps hosts within their domains, and networks of their kind', () => {
    const scrubber = new Scrubber();
    const [domain = '', host = ''] = ['example.org', 'mx1.example.org'].map((name) =>
      messageOf(scrubber, name),
    );
    expect(host.endsWith(`.${domain}`)).toBe(true);
    const kind = (address: string) => messageOf(scrubber, `[${address}]`);
    expect(kind('127.0.0.1')).toBe('[127.0.0.1]');
    expect(kind('::1')).toBe('[::1]');
    expect(kind('10.9.8.7')).toMatch(/^\[10\./);
    expect(kind('192.168.3.4')).toMatch(/^\[192\.168\./);
    expect(kind('fd12::9')).toMatch(/^\[fd00::/);
    expect(kind('fe80::9%eth0')).toMatch(/^\[fe80::\w+%eth0\]/);
    expect(kind('8.8.8.8')).toMatch(/^\[192\.0\.2\./);
    expect(kind('2606:4700::1111')).toMatch(/^\[2001:db8::/);
  });

  it('is different for a thousand addresses', () => {
    const scrubber = new Scrubber();
    const all = Array.from({ length: 1000 }, (_, n) => messageOf(scrubber, `[8.8.${n >> 8}.${n & 255}]`));
    expect(new Set(all).size).toBe(1000);
    for (const one of all) expect(one).toMatch(/^\[(192\.0\.2|198\.51\.100|203\.0\.113|198\.18)\./);
  });

  it('leaves no local part, quoted or not, nor a user, nor a subject', () => {
    const scrubber = new Scrubber();
    const texts = [
      'to=<john.doe@example.org>, orig_to=<john>',
      'to=<"john doe"@example.org>',
      'client=x[192.0.2.1], sasl_username=john',
      '1xVZrX-0004gy-2s => john doe => x@example.org <"john doe => x"@example.org> R=r T=t',
      '1xVZrX-0004gy-2s <= john@example.org U=john T="about john" for john.doe@example.net',
      'SRS0=abcd=ef=example.com=john@example.org',
      'message-id=<john-1234@mail.example.org>',
    ];
    for (const text of texts) expect(messageOf(scrubber, text), text).not.toMatch(/john/i);
  });

  it('leaves numbers, versions, delays and words of the MTA alone', () => {
    const scrubber = new Scrubber();
    const texts = [
      'TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519',
      'delay=0.17, delays=0/0.03/0.09/0.04, dsn=2.0.0, status=sent (250 2.0.0 Ok)',
      'warning: TLS library problem: error:0A000410:SSL routines::alert:../ssl/record/rec_layer_s3.c:1600:',
      'QT=3m45s DT=0.163s at 10:00:01.250',
    ];
    for (const text of texts) expect(messageOf(scrubber, text)).toBe(text);
  });

  it('reaches into the JSON of journald and Docker, and drops fields that may tell more', () => {
    const scrubber = new Scrubber();
    const message = 'to=<john@example.org>, relay=mx.example.org[8.8.8.8]:25';
    const journal = {
      __REALTIME_TIMESTAMP: '1',
      _HOSTNAME: 'mail',
      _CMDLINE: 'smtp -n john',
      SYSLOG_IDENTIFIER: 'postfix/smtp',
    };
    const records = [
      { ...journal, MESSAGE: message },
      { ...journal, MESSAGE: [...Buffer.from(message)] },
      { log: `${line(message)}\n`, stream: 'stdout', time: '2026-11-22T10:00:01Z' },
    ];
    for (const record of records) {
      const text = scrubber.line(JSON.stringify(record));
      expect(text).not.toMatch(/john|example\.org|8\.8\.8\.8|"mail"/);
      expect(text).toContain('relay=n');
    }
  });

  it('is found in time, whatever the line', () => {
    const scrubber = new Scrubber();
    for (const filler of ['a', 'a.', ':', '"', '"a"@', '@', '1.', 'f:', 'CN=a/', ' '])
      scrubber.line(line(filler.repeat(Math.ceil(60_000 / filler.length))));
  });
});
