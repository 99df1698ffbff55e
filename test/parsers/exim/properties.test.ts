import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parser } from '../../../parsers/exim/index.ts';
import { readSessions } from '../../../src/logs/read-sessions.ts';
import { SessionReader } from '../../../src/logs/session-reader.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import type { LogParser } from '../../../src/parser.ts';
import type { Session } from '../../../src/session.ts';
import { labPath } from './lab-truth.ts';

const NOW = Date.parse('2026-12-01T00:00:00Z');
const ID = /^\S+ \S+ (?:\[\d+\] )?([0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}) /;

/** What a log shows of itself stands first, for guesses and hints of policy hang on it, not on a message. */
const SHOWN = [
  '2026-11-23 19:35:00 1aaaaa-000001-00 TLS session: (gnutls_handshake): timed out: delivering unencrypted to H=mx.first.test [192.0.2.1] (not in hosts_require_tls)',
  '2026-11-23 19:35:00 1aaaaa-000001-00 => a@first.test R=r T=t H=mx.first.test [192.0.2.1] C="250 ok"',
  '2026-11-23 19:35:00 1aaaaa-000002-00 => b@first.test R=r T=t H=mx.first.test [192.0.2.1] X=TLS1.3:a:256 CV=no C="250 ok"',
];

/** The lines of each message of a lab run. */
function messagesOf(run: string): string[][] {
  const messages = new Map<string, string[]>();
  for (const line of readFileSync(labPath(run, 'mainlog'), 'utf8').split('\n')) {
    const id = ID.exec(line)?.[1];
    if (id !== undefined) messages.set(id, [...(messages.get(id) ?? []), line]);
  }
  return [...messages.values()];
}

function sessionsOf(lines: readonly string[]): string[] {
  const sessions = readSessions([...SHOWN, ...lines], parser, {}, { zone: zoneOf('UTC'), now: NOW });
  return sessions.map((session: Session) => JSON.stringify(session)).sort();
}

/** Any order of the lines that keeps the order of each message's own. */
function interleave(messages: readonly (readonly string[])[], choices: readonly number[]): string[] {
  const left = messages.map((lines) => [...lines]);
  const merged: string[] = [];
  for (let turn = 0; left.length > 0; turn++) {
    const at = (choices[turn % choices.length] ?? 0) % left.length;
    const line = left[at]?.shift();
    if (line !== undefined) merged.push(line);
    if (left[at]?.length === 0) left.splice(at, 1);
  }
  return merged;
}

describe.each(['exim-debian', 'exim-require-tls', 'exim-full'])('the messages of %s', (run) => {
  const messages = messagesOf(run);
  const alone = sessionsOf(messages.flat());

  it('tell the same sessions however they are interleaved', () => {
    const choices = fc.array(fc.nat(), { minLength: 50, maxLength: 300 });
    const property = fc.property(choices, (turns) => {
      expect(sessionsOf(interleave(messages, turns))).toEqual(alone);
    });
    fc.assert(property, { numRuns: 60 });
  });

  it('tell each its own sessions, whichever others are there', () => {
    const each = messages.map((lines) => sessionsOf(lines).length - sessionsOf([]).length);
    const property = fc.property(fc.subarray(messages.map((_, index) => index)), (chosen) => {
      const lines = chosen.flatMap((index) => messages[index] ?? []);
      const count = chosen.reduce((sum, index) => sum + (each[index] ?? 0), 0);
      expect(sessionsOf(lines).length - sessionsOf([]).length).toBe(count);
    });
    fc.assert(property, { numRuns: 40 });
  });
});

it('one message without end stays small', () => {
  const reader = new SessionReader({
    parser: parser.create(parser.options.parse({})) as LogParser,
    zone: zoneOf('UTC'),
    host: 'mail',
    latest: () => NOW,
    onSession: () => {},
  });
  const at = (n: number) => `192.0.${(n >> 8) % 256}.${n % 256}`;
  for (let n = 0; n < 20_000; n++) {
    const host = `H=mx${n}.example.org [${at(n)}]`;
    const texts = [
      `DANE attempt failed; TLS connection to mx${n}.example.org [${at(n)}]: (SSL_connect): timed out`,
      `[${at(n)}] SSL verify error: depth=0 error=self-signed certificate cert=/CN=x`,
      'DANE error: No usable TLSA records',
      `=> u${n}@d${n}.example R=r T=t ${host} X=TLS1.3:a:256 CV=yes C="250 ok"`,
      `>> u${n}@d${n}.example R=r T=t ${host} C="250 ok"`,
      `== u${n}@d${n}.example R=r T=t defer (-37) ${host}: TLS session: (SSL_connect): timed out`,
      `tlsrpt-event/1 smtp:ehlo host=mx.example ip=${at(n + 7)} from=192.0.2.1 port=${n} domain=d.example cipher=""`,
    ];
    for (const text of texts) reader.line(`2026-11-23 19:35:00 1xVZpC-0004gf-11 ${text}`);
  }
  expect(reader.faults).toBe(0);
  const sizes = [...reader.table.keys()].map((key) => JSON.stringify(reader.table.get(key)).length);
  expect(Math.max(...sizes)).toBeLessThan(100_000);
  expect(sizes.length).toBeLessThan(10);
});
