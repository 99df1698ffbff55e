import { parser } from '../../../parsers/opensmtpd/index.ts';
import { SessionReader } from '../../../src/logs/session-reader.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import type { LogParser } from '../../../src/parser.ts';
import type { Session } from '../../../src/session.ts';

/** What lines told: the sessions, the rules they were read by, the ids of the hints at their end. */
export interface Told {
  readonly sessions: readonly Session[];
  readonly rules: readonly string[];
  readonly hints: readonly string[];
}

export function readLines(lines: readonly string[], options: Record<string, unknown> = {}): Told {
  const made: LogParser = parser.create(parser.options.parse(options));
  const sessions: Session[] = [];
  const rules: string[] = [];
  const reader = new SessionReader({
    parser: made,
    zone: zoneOf('UTC'),
    host: 'mail',
    latest: () => Date.UTC(2026, 11, 1),
    onSession: (session) => sessions.push(session),
    trace: ({ rule }) => rules.push(rule),
  });
  for (const line of lines) reader.line(line);
  const hints = (made.hints?.(reader.table, reader.table.keys()) ?? []).map(({ id }) => id);
  reader.end();
  if (reader.faults > 0) throw reader.firstFault;
  return { sessions, rules, hints };
}

/** A line of smtpd(8); seconds count from the hour. */
export function smtpd(text: string, second = 0): string {
  const stamp = new Date(Date.UTC(2026, 10, 22, 10, 0, second)).toISOString().replace('Z', '000+00:00');
  return `${stamp} mail smtpd[4211]: ${text}`;
}

/** A connection's id: 16 hex digits. */
export function idOf(n: number): string {
  return n.toString(16).padStart(16, '1');
}

export const ID = idOf(1);

export function connecting(target = 'smtp://192.0.2.25:25', id = ID, reverse = 'mx.example.org'): string[] {
  return [smtpd(`${id} mta connecting address=${target} host=${reverse}`), smtpd(`${id} mta connected`)];
}

export function tls(id = ID): string {
  return smtpd(`${id} mta tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256`);
}

export function delivery(
  to = 'a@example.org',
  id = ID,
  stat = '250 2.0.0 Ok',
  from = 'ann@sender.example',
): string {
  return smtpd(
    `${id} mta delivery evpid=5abed565a1fe3c26 from=<${from}> to=<${to}> rcpt=<-> source="198.51.100.7" relay="192.0.2.25 (mx.example.org)" delay=0s result="Ok" stat="${stat}"`,
  );
}

/** A session in a few words. */
export function brief({ recipientDomain, outcome, resultType, basis, own }: Session): string {
  return [recipientDomain, resultType ?? outcome, basis, own === true ? 'own' : ''].join(' ').trim();
}
