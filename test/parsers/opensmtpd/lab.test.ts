import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/session.ts';
import { readLines } from './reading.ts';

/** One connection as its receiver in the lab saw it. */
interface Connection {
  readonly t: string;
  readonly addr: string;
  /** STARTTLS was asked for. */
  readonly asked: boolean;
  /** The version once the handshake stood; `failed`, or null where none began. */
  readonly tls: string | null;
  /** The client spoke SMTP inside TLS. */
  readonly inside: boolean;
  readonly rcpts: readonly string[];
  readonly end: string;
}

function fileOf(run: string, file: string): string[] {
  return readFileSync(new URL(`../../lab/${run}/${file}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
}

/** Pairs each session with one connection of its address, begun at most five seconds before. */
function pair(sessions: readonly Session[], connections: readonly Connection[]) {
  const left = new Set(connections);
  const pairs = sessions.map((session) => {
    const found = [...left]
      .filter(({ addr, t }) => addr === session.receivingIp && Math.abs(session.time - Date.parse(t)) < 5000)
      .filter((connection) => agree(session, connection))
      .sort((a, b) => Math.abs(session.time - Date.parse(a.t)) - Math.abs(session.time - Date.parse(b.t)))[0];
    if (found !== undefined) left.delete(found);
    return { session, connection: found };
  });
  return { pairs, left: [...left] };
}

/** Whether the receiver saw what the session says. */
function agree(session: Session, { tls, asked, inside, rcpts, end }: Connection): boolean {
  const domains = rcpts.map((rcpt) => rcpt.slice(rcpt.lastIndexOf('@') + 1).toLowerCase());
  if (domains.length > 0 && !domains.includes(session.recipientDomain)) return false;
  if (session.outcome === 'success')
    return session.tlsVersion === tls && (inside || end === 'closed at ehlo2');
  if (session.resultType === 'starttls-not-supported') return tls === null;
  if (session.resultType === 'validation-failure') return asked && (tls === null || tls === 'failed');
  return asked && !inside;
}

describe.each(['opensmtpd-debian12', 'opensmtpd-debian13'])('the lab run %s against its receivers', (run) => {
  const { sessions, rules } = readLines(fileOf(run, 'mail.log'));
  const connections = fileOf(run, 'truth.jsonl').map((line): Connection => JSON.parse(line));
  const { pairs, left } = pair(sessions, connections);

  it('tells no session that its receiver did not see, and sees the same', () => {
    expect(sessions.length).toBeGreaterThan(35);
    expect(pairs.filter(({ connection }) => connection === undefined)).toEqual([]);
  });

  it('finds every connection that tried a recipient, but the clear ones after a failed handshake', () => {
    const failed = new Set(
      pairs
        .filter(({ session }) => session.resultType === 'validation-failure')
        .map(({ session }) => session.receivingIp),
    );
    const lost = left.filter(({ rcpts, addr }) => rcpts.length > 0 && !failed.has(addr));
    expect(lost).toEqual([]);
  });

  it('knows every line of the transfer agent', () => {
    expect(rules.length).toBeGreaterThan(400);
    expect(rules.filter((rule) => rule === 'unknown')).toEqual([]);
  });
});
