import { type Emit, isLoopback, type Session, toDomain } from 'maillog-tlsrpt/parser';
import type { Delivery } from './lines.ts';
import type { Smarthost } from './options.ts';
import type { Connection } from './state.ts';

/** What the options say of the sessions told. */
export interface Settings {
  readonly smarthosts: readonly Smarthost[];
  /** Lower case. */
  readonly ownSender: string | undefined;
  readonly inferPlaintext: boolean;
}

/** Whether any report can be about this connection: not to this machine itself, and SMTP. */
export function inScope({ scheme, address }: Connection): boolean {
  return scheme !== 'lmtp' && !isLoopback(address);
}

/** Whether the log proves how TLS came out. */
export function hasOutcome({ tls, failed }: Connection): boolean {
  return tls !== undefined || failed !== undefined;
}

/**
 * The domain a connection's report is for: that of the configured smart host it led to, else the recipient's.
 * @returns undefined where no report can be: the smart host is an address.
 */
export function reportDomain(
  connection: Connection,
  domain: string,
  smarthosts: readonly Smarthost[],
): string | undefined {
  const smarthost = smarthosts.find((one) => leadsTo(one, connection));
  return smarthost === undefined ? domain : smarthost.domain;
}

function leadsTo({ host, port }: Smarthost, connection: Connection): boolean {
  if (port !== '' && port !== connection.port) return false;
  return host === connection.address || host === toDomain(connection.reverse);
}

/** Mail for an MX host goes to port 25 and begins in clear text: any other way leads to a smart host. */
export function isUnnamedSmarthost(connection: Connection, smarthosts: readonly Smarthost[]): boolean {
  if (connection.scheme !== 'smtps' && connection.port === '25') return false;
  return !smarthosts.some((smarthost) => leadsTo(smarthost, connection));
}

/**
 * Tells the session of a connection whose outcome the log proves. Without a delivery the domain is inferred, and so
 * is the session.
 */
export function tell(
  connection: Connection,
  domain: string,
  settings: Settings,
  emit: Emit,
  delivery?: Delivery,
): boolean {
  const recipientDomain = reportDomain(connection, domain, settings.smarthosts);
  if (recipientDomain === undefined || !inScope(connection)) return false;
  const { tls, failed } = connection;
  const basis = delivery === undefined ? 'inferred' : 'tls-line';
  const common = { recipientDomain, ...named(connection, settings, delivery), basis } as const;
  if (failed !== undefined) {
    const { time, type, reason } = failed;
    emit({
      ...common,
      time,
      outcome: 'failure',
      resultType: type,
      ...(reason !== '' && { failureReasonCode: reason }),
    });
    return true;
  }
  if (tls === undefined) return false;
  emit({
    ...common,
    time: tls.time,
    outcome: 'success',
    ...(connection.trust !== undefined && { peerTrust: connection.trust }),
    ...(tls.version !== '' && { tlsVersion: tls.version }),
  });
  return true;
}

/** A delivery in clear text where STARTTLS would have been taken: not offered, or refused. */
export function tellClear(
  connection: Connection,
  domain: string,
  settings: Settings,
  emit: Emit,
  time: number,
  delivery: Delivery,
): boolean {
  const recipientDomain = reportDomain(connection, domain, settings.smarthosts);
  if (recipientDomain === undefined) return false;
  emit({
    time,
    recipientDomain,
    outcome: 'failure',
    resultType: 'starttls-not-supported',
    ...named(connection, settings, delivery),
    basis: 'inferred',
  });
  return true;
}

/** OpenSMTPD knows neither DANE nor MTA-STS, so none of both was in force; the MX host's name it rarely tells. */
function named(
  { address, mx }: Connection,
  { ownSender }: Settings,
  delivery: Delivery | undefined,
): Pick<Session, 'receivingMxHostname' | 'receivingIp' | 'sendingMtaIp' | 'policyTypeHint' | 'own'> {
  const own = ownSender !== undefined && delivery?.from.toLowerCase() === ownSender;
  return {
    ...(mx !== undefined && { receivingMxHostname: mx }),
    receivingIp: address,
    ...(delivery?.source !== undefined && { sendingMtaIp: delivery.source }),
    policyTypeHint: 'no-policy-found',
    ...(own && { own: true }),
  };
}
