import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type ExplainedLine, Explainer, type ExplainFilter } from '../src/explain.ts';
import { readSessions } from '../src/logs/read-sessions.ts';
import { SessionReader } from '../src/logs/session-reader.ts';
import { zoneOf } from '../src/logs/zone.ts';
import type { ParserModule, Session } from '../src/parser.ts';
import { BUILT_IN } from '../src/registry.ts';
import { toSessionRecord } from '../src/session.ts';
import { samplesOf } from './samples/sample.ts';

const LAB = fileURLToPath(new URL('./lab/', import.meta.url));
const NOW = Date.parse('2026-12-31T00:00:00Z');

function moduleOf(name: string): ParserModule {
  const module = BUILT_IN.find((one) => one.name === name);
  if (module === undefined) throw new Error(`no ${name}`);
  return module;
}

/** All that is told of this log, in order. */
function explain(module: ParserModule, text: string, filter: ExplainFilter = {}, options: object = {}) {
  const lines: ExplainedLine[] = [];
  const silent: Session[] = [];
  const explainer = new Explainer({
    parser: module.create(module.options.parse(options)),
    zone: zoneOf('UTC'),
    host: 'localhost',
    latest: () => NOW,
    filter,
    onLine: (line) => lines.push(line),
    onSilence: ({ session }) => silent.push(session),
  });
  explainer.file('mail.log');
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 1000) explainer.bytes(bytes.subarray(at, at + 1000));
  explainer.end();
  return { lines, silent, totals: explainer.totals };
}

function recordsOf(sessions: readonly Session[]): string[] {
  return sessions.map((session) => JSON.stringify(toSessionRecord(session, 'any'))).sort();
}

/** The logs of the lab, and the lines in them that must be accounted for. */
const POSTFIX_LINE = /^\S+ +\d+ \S+ \S+ \S*\/(?:smtp|lmtp|tlsproxy)\[\d+\]: /;
const EXIM_LINE = / (?:=>|->|>>|\*\*|==) | TLS (?:session|error)| SSL | DANE |a TLS session is required/;
const OPENSMTPD_LINE = / smtpd\[\d+\]: (?:[0-9a-f]{16} mta |smtp-out: )/;
const RUNS: readonly (readonly [parser: string, path: string, line: RegExp])[] = [
  ...['dane', 'dane-ll0', 'dane-reuse', 'encrypt', 'may'].map(
    (run) => ['postfix', `postfix-${run}/mail.log`, POSTFIX_LINE] as const,
  ),
  ['postfix', 'postfix-dane-maillog/maillog.log', POSTFIX_LINE],
  ['postfix', 'postfix312-dane/mail.log', POSTFIX_LINE],
  ['postfix', 'postfix312-dane-reuse/mail.log', POSTFIX_LINE],
  ...['debian', 'full', 'require-tls', 'reuse'].map(
    (run) => ['exim', `exim-${run}/mainlog`, EXIM_LINE] as const,
  ),
  ['exim', 'exim-reuse/mail.log', EXIM_LINE],
  ['exim', 'exim-syslog/mail.log', EXIM_LINE],
  ['opensmtpd', 'opensmtpd-debian12/mail.log', OPENSMTPD_LINE],
  ['opensmtpd', 'opensmtpd-debian13/mail.log', OPENSMTPD_LINE],
];

describe.each(RUNS)('%s: the lab run %s', (name, path, wanted) => {
  const module = moduleOf(name);
  const text = readFileSync(join(LAB, path), 'utf8');
  const { lines, silent, totals } = explain(module, text);

  it('is accounted for to the last line', () => {
    const numbers = new Set(lines.map(({ line }) => line));
    const all = text.split('\n');
    const relevant = all.flatMap((line, index) => (wanted.test(line) ? [index + 1] : []));
    expect(relevant.length).toBeGreaterThan(100);
    expect(relevant.filter((number) => !numbers.has(number)).map((number) => all[number - 1])).toEqual([]);
    expect(totals.unknown / totals.relevant).toBeLessThan(0.001);
    for (const { rule } of lines) expect(Object.keys(module.rules ?? {})).toContain(rule);
  });

  it('tells each session once, at the line that told it', () => {
    const sessions = readSessions(text.split('\n'), module, {}, { zone: zoneOf('UTC'), now: NOW });
    const told = lines.flatMap((line) => line.sessions);
    expect(recordsOf([...told, ...silent])).toEqual(recordsOf(sessions));
    expect(totals.sessions).toBe(sessions.length);
    expect(told.length).toBeGreaterThan(0);
  });
});

describe('a queue id', () => {
  const sample = samplesOf('postfix').find(({ name }) => name === 'a-good-session-with-tls-1.3');
  const text = `${sample?.lines.join('\n')}\n`;

  it('brings the lines of its process that name no message too', () => {
    const other = text
      .replaceAll('98576216D83', '11111116D83')
      .replaceAll('postfix/smtp[18130]', 'postfix/smtp[18999]')
      .replaceAll('wildcard', 'other');
    const { lines } = explain(moduleOf('postfix'), text + other, { queueId: '98576216D83' });
    expect(lines.map(({ rule }) => rule)).toEqual(['tls-established', 'delivery']);
    expect(lines.every((line) => !line.text.includes('other.test'))).toBe(true);
    expect(lines[1]?.sessions.map((session) => session.recipientDomain)).toEqual(['wildcard.test']);
  });

  it('is a whole word', () => {
    expect(explain(moduleOf('postfix'), text, { queueId: '98576216D8' }).lines).toEqual([]);
    expect(explain(moduleOf('postfix'), text, { queueId: '.*' }).lines).toEqual([]);
  });

  it('of Exim stands in every line of its message', () => {
    const text = readFileSync(join(LAB, 'exim-debian/mainlog'), 'utf8');
    const id = / (\S{6}-\S{6}-\S\d) TLS session: /.exec(text)?.[1] ?? '';
    const { lines } = explain(moduleOf('exim'), text, { queueId: id });
    expect(lines.map((line) => line.text)).toEqual(text.split('\n').filter((line) => line.includes(id)));
    expect(lines.flatMap((line) => line.sessions).length).toBeGreaterThan(0);
  });

  it('of OpenSMTPD leads to the connection that carried the message', () => {
    const text = readFileSync(join(LAB, 'opensmtpd-debian13/mail.log'), 'utf8');
    const evpid = /evpid=([0-9a-f]{16}) .* to=<u@reset\.test> rcpt/.exec(text)?.[1] ?? '';
    const { lines } = explain(moduleOf('opensmtpd'), text, { queueId: evpid });
    const rules = [
      'connecting',
      'connected',
      'fallback',
      'connecting',
      'connected',
      'delivery-clear-after-failure',
    ];
    expect(lines.map(({ rule }) => rule).slice(0, 6)).toEqual(rules);
  });
});

describe('a domain', () => {
  const text = readFileSync(join(LAB, 'postfix-dane/mail.log'), 'utf8');

  it('brings the conversations that name it, or a host in it', () => {
    const { lines } = explain(moduleOf('postfix'), text, { domain: 'twomx.test' });
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.some((line) => line.text.includes('mx1.twomx.test['))).toBe(true);
    const told = lines.flatMap((line) => line.sessions);
    expect(new Set(told.map((session) => session.recipientDomain))).toEqual(new Set(['twomx.test']));
    const all = readSessions(text.split('\n'), moduleOf('postfix'), {}, { zone: zoneOf('UTC'), now: NOW });
    expect(told.length).toBe(all.filter((session) => session.recipientDomain === 'twomx.test').length);
  });

  it('is no part of a longer name', () => {
    expect(explain(moduleOf('postfix'), text, { domain: 'womx.test' }).lines).toEqual([]);
    expect(explain(moduleOf('postfix'), text, { domain: 'twomx' }).lines).toEqual([]);
  });
});

describe('line numbers', () => {
  it('choose what is shown, not what is read', () => {
    const text = readFileSync(join(LAB, 'postfix-dane/mail.log'), 'utf8');
    const { lines } = explain(moduleOf('postfix'), text);
    const last = lines.findLast((line) => line.sessions.length > 0);
    const number = last?.line ?? 0;
    const some = explain(moduleOf('postfix'), text, { lines: [number, number] });
    expect(some.lines).toEqual([last]);
    expect(some.silent).toEqual([]);
  });
});

/** How a log tells a session at a time of the clock, and a line that reading passes over. */
const AUTUMN: readonly (readonly [
  parser: string,
  session: (clock: string, number: number) => readonly string[],
  noise: (clock: string) => string,
])[] = [
  [
    'postfix',
    (clock, number) => {
      const head = `Oct 25 ${clock} mail postfix/smtp[${number}]:`;
      const server = `mx.n${number}.test[192.0.2.1]:25`;
      return [
        `${head} Trusted TLS connection established to ${server}: TLSv1.3 with cipher X (256/256 bits)`,
        `${head} 4dDp5q3V5Gz5: to=<bob@n${number}.test>, relay=${server}, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)`,
      ];
    },
    (clock) => `Oct 25 ${clock} mail postfix/smtpd[9]: connect from a.test[192.0.2.9]`,
  ],
  [
    'exim',
    (clock, number) => [
      `2026-10-25 ${clock} 1xVZOu-00000000${number}YM-1YJW => bob@n${number}.test R=dnslookup T=remote_smtp H=mx.n${number}.test [192.0.2.1] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes C="250 ok"`,
    ],
    (clock) =>
      `2026-10-25 ${clock} 1xVZOu-000000009YM-1YJW <= a@b.test H=a.test [192.0.2.9] P=esmtp S=1 T="x => y"`,
  ],
];

it.each(AUTUMN)(
  '%s: tells of the hour that comes twice what reading made of it, though it looks at more lines',
  (name, session, noise) => {
    const zone = zoneOf('Europe/Berlin');
    const module = moduleOf(name);
    const lines = [
      ...session('02:50:00', 1),
      noise('02:00:30'),
      noise('02:45:00'),
      ...session('02:46:00', 2),
      ...session('02:20:00', 3),
      ...session('02:46:00', 4),
    ];
    const text = `${lines.join('\n')}\n`;
    const read: Session[] = [];
    const common = { zone, host: 'localhost', latest: () => NOW };
    const parser = () => module.create(module.options.parse({}));
    const reader = new SessionReader({ ...common, parser: parser(), onSession: (one) => read.push(one) });
    reader.bytes(Buffer.from(text));
    const told: Session[] = [];
    const explainer = new Explainer({
      ...common,
      parser: parser(),
      filter: {},
      onLine: ({ sessions }) => told.push(...sessions),
      onSilence: () => undefined,
    });
    explainer.file('mail.log');
    explainer.bytes(Buffer.from(text));
    explainer.end();
    expect(read.map(({ time }) => new Date(time).toISOString().slice(11, 16))).toEqual([
      '00:50',
      '00:46',
      '01:20',
      '01:46',
    ]);
    expect(recordsOf(told)).toEqual(recordsOf(read));
  },
);
