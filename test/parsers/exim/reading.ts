import { expect } from 'vitest';
import { parser } from '../../../parsers/exim/index.ts';
import { readSessions } from '../../../src/logs/read-sessions.ts';
import { SessionReader } from '../../../src/logs/session-reader.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import type { LogParser } from '../../../src/parser.ts';
import type { Session } from '../../../src/session.ts';

export const ID = '1xVZOu-000000004YM-1YJW';
export const X = 'X=TLS1.3:TLS_AES_256_GCM_SHA384:256';
export const MX0 = 'H=mx0.example.org [192.0.2.9]';
export const MX1 = 'H=mx1.example.org [192.0.2.10]';
export const ROUTE = 'R=dnslookup T=remote_smtp';
export const OK = 'C="250 2.0.0 OK id=1abc"';

/** Lines of one message; `+N` before a line moves its stamp N seconds on. */
export function message(...texts: string[]): string[] {
  let seconds = 0;
  return texts.map((text) => {
    const step = /^\+(\d+) /.exec(text);
    seconds += Number(step?.[1] ?? 0);
    const stamp = new Date(Date.UTC(2026, 2, 2, 10, 20, 30) + seconds * 1000).toISOString();
    return `${stamp.slice(0, 10)} ${stamp.slice(11, 19)} ${ID} ${text.slice(step?.[0].length ?? 0)}`;
  });
}

export function read(lines: readonly string[], options: object = {}): Session[] {
  const now = Date.UTC(2026, 11, 31);
  return readSessions(lines, parser, options, { zone: zoneOf('UTC'), now, host: 'mail' });
}

/** The rule of each line. */
export function rules(lines: readonly string[], options: object = {}): string[] {
  const found: string[] = [];
  const now = Date.UTC(2026, 11, 31);
  const trace = ({ rule }: { rule: string }) => found.push(rule);
  readSessions(lines, parser, options, { zone: zoneOf('UTC'), now, host: 'mail', trace });
  return found;
}

/** Sessions in one line each: domain, result, reason, host, address, policy hint; sorted. */
export function tell(lines: readonly string[], options: object = {}): string[] {
  const told = read(lines, options).map(textOf).sort();
  // Lines without a needle are skipped on the road from bytes, and must not be missed there.
  expect(readBytes(lines, options).map(textOf).sort()).toEqual(told);
  return told;
}

function readBytes(lines: readonly string[], options: object): Session[] {
  const sessions: Session[] = [];
  const reader = new SessionReader({
    parser: parser.create(parser.options.parse(options)) as LogParser,
    zone: zoneOf('UTC'),
    host: 'mail',
    latest: () => Date.UTC(2026, 11, 31),
    onSession: (session) => sessions.push(session),
  });
  reader.bytes(Buffer.from(`${lines.join('\n')}\n`));
  reader.end();
  return sessions;
}

function textOf(session: Session): string {
  const { recipientDomain, outcome, resultType, failureReasonCode, receivingMxHostname, receivingIp } =
    session;
  const verdict = outcome === 'success' ? 'ok' : `${resultType} (${failureReasonCode})`;
  const policy = session.policyTypeHint === 'tlsa' ? ' tlsa' : '';
  return `${recipientDomain} ${verdict} ${receivingMxHostname ?? '-'} ${receivingIp ?? '-'}${policy}`;
}
