import { parser } from '../../../parsers/postfix/index.ts';
import { readSessions } from '../../../src/logs/read-sessions.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import type { Session } from '../../../src/parser.ts';

/** The server most tests talk to, and a second one. */
export const MX1 = 'mx1.example.org[192.0.2.25]:25';
export const MX2 = 'mx2.example.org[192.0.2.26]:25';
export const TAIL = 'key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256';
export const CIPHER = `TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) ${TAIL}`;

/** A line of an smtp process, ten o'clock plus `second`. */
export function smtp(
  message: string,
  { pid = 4211, second = 1, tag = 'postfix/smtp', host = 'mail' } = {},
): string {
  const time = new Date(Date.UTC(2026, 10, 22, 10, 0, second)).toISOString().replace('.000Z', '+00:00');
  return `${time} ${host} ${tag}[${pid}]: ${message}`;
}

/** A line of a tlsproxy process. */
export function tlsproxy(message: string, second = 1): string {
  return smtp(message, { pid: 900, second, tag: 'postfix/tlsproxy' });
}

export function established(server = MX1, trust = 'Untrusted'): string {
  return `${trust} TLS connection established to ${server}: ${CIPHER}`;
}

/** What a delivery line may differ in. */
export interface DeliveryParts {
  readonly id?: string;
  readonly to?: string;
  readonly relay?: string;
  readonly use?: number;
  readonly delays?: string;
  readonly tls?: string;
  readonly dsn?: string;
  readonly status?: string;
  readonly reason?: string;
}

export function delivery({
  id = '9F3A51C0B7',
  to = 'alice@example.org',
  relay = MX1,
  use,
  delays = '0.05/0.01/0.84/0.4',
  tls,
  reason = '250 2.0.0 Ok: queued as 9A1B2C3D',
  status = reason.startsWith('250') ? 'sent' : 'deferred',
  dsn = status === 'sent' ? '2.0.0' : '4.7.5',
}: DeliveryParts = {}): string {
  const reuse = use === undefined ? '' : `, conn_use=${use}`;
  const field = tls === undefined ? '' : `, tls=${tls}`;
  return `${id}: to=<${to}>, relay=${relay}${reuse}, delay=1.3, delays=${delays}${field}, dsn=${dsn}, status=${status} (${reason})`;
}

/** The sessions of RFC 3339 lines; loglevel 1 is known unless the options say otherwise. */
export function sessionsOf(lines: readonly string[], options: Record<string, unknown> = {}): Session[] {
  const context = { zone: zoneOf('UTC'), now: Date.UTC(2026, 10, 23) };
  return readSessions(lines, parser, { tlsLogLevel: 1, ...options }, context);
}

/** Sessions in one word each: `example.org success mx1.example.org`, `example.org dane-required mx1.example.org inferred`. */
export function brief(sessions: readonly Session[]): string[] {
  return sessions.map((session) =>
    [
      session.recipientDomain,
      session.resultType ?? session.outcome,
      session.failureReasonCode,
      session.receivingMxHostname ?? session.receivingIp ?? '-',
      session.policyTypeHint,
      session.basis === 'tls-line' ? undefined : session.basis,
      session.own === true ? 'own' : undefined,
    ]
      .filter((word) => word !== undefined)
      .join(' '),
  );
}
