import { isLoopback, type PolicyTypeHint, type Session, toAddress } from 'maillog-tlsrpt/parser';
import type { Connection, Outcome } from './connection.ts';
import { nextHopDomain } from './next-hop.ts';
import type { HostSettings } from './options.ts';
import type { PolicyFailure } from './policy-lines.ts';

/** What the request and the host add to a session. */
export interface SessionContext {
  readonly settings: HostSettings;
  /** A-label; undefined where the recipient has no domain a report could be for, or is not known yet. */
  readonly recipientDomain: string | undefined;
  readonly own: boolean;
}

/** A session being put together; fields are added one by one, for this is done once a connection. */
type Draft = { -readonly [Field in keyof Session]: Session[Field] };

/**
 * The session of a connection; undefined where no report can name it: address literals, sockets, loopback filters,
 * and recipients without a domain.
 * @param hint what the `tls=` field proves of the policy; the fault's own hint goes before.
 */
export function connectionSession(
  connection: Connection,
  outcome: Outcome,
  context: SessionContext,
  hint?: PolicyTypeHint,
): Session | undefined {
  const { name, port, native } = connection;
  const peer = name === '' ? undefined : context.settings.peers.of(name);
  const address = peer?.address ?? (name.startsWith('[') ? toAddress(name) : undefined);
  if (name !== '' && (address === undefined || isLoopback(address))) return undefined;
  const domain =
    native?.domain ?? nextHopDomain(peer, port, context.recipientDomain, context.settings.nextHops);
  if (domain === undefined) return undefined;
  const session = draft(native?.time ?? connection.time, domain, outcome, context);
  if (peer !== undefined) session.receivingMxHostname = peer.host;
  if (address !== undefined) session.receivingIp = address;
  if (connection.trust !== undefined) session.peerTrust = connection.trust;
  if (connection.version !== undefined) session.tlsVersion = connection.version;
  if (hint !== undefined) session.policyTypeHint ??= hint;
  if (connection.resumed !== undefined) session.resumed = connection.resumed;
  return session;
}

/** The session that a policy failure prevented. Its line is the only one to name the domain, so that is believed. */
export function preventedSession(
  failed: PolicyFailure & { readonly domain: string },
  time: number,
  context: SessionContext,
): Session {
  const session = draft(time, failed.domain, { basis: 'inferred', fault: failed.fault }, context);
  if (failed.host !== undefined) session.receivingMxHostname = failed.host;
  return session;
}

function draft(
  time: number,
  recipientDomain: string,
  { basis, fault }: Outcome,
  context: SessionContext,
): Draft {
  const session: Draft = {
    time,
    recipientDomain,
    outcome: fault === undefined ? 'success' : 'failure',
    basis,
  };
  if (fault !== undefined) session.resultType = fault.type;
  if (fault?.reason !== undefined) session.failureReasonCode = fault.reason;
  if (fault?.hint !== undefined) session.policyTypeHint = fault.hint;
  if (context.settings.sendingMtaIp !== undefined) session.sendingMtaIp = context.settings.sendingMtaIp;
  if (context.own) session.own = true;
  return session;
}
