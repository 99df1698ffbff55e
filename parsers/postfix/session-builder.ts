import { isLoopback, type PolicyTypeHint, type Session, toAddress } from 'maillog-tlsrpt/parser';
import type { Connection, Outcome } from './connection.ts';
import { nextHopDomain } from './next-hop.ts';
import type { HostSettings } from './options.ts';
import { type Peer, toPeer } from './peer.ts';
import type { PolicyFailure } from './policy-lines.ts';

/** What the delivery line and the host add to a session. */
export interface SessionContext {
  readonly settings: HostSettings;
  /** A-label; undefined where the recipient has no domain a report could be for, or is not known yet. */
  readonly recipientDomain: string | undefined;
  readonly own: boolean;
  /** What the `tls=` field of the line proves; only of the last server tried. */
  readonly hint?: PolicyTypeHint | undefined;
}

/**
 * The session of a connection; undefined where no report can name it: address literals, sockets, loopback filters,
 * and recipients without a domain.
 */
export function connectionSession(
  connection: Connection,
  outcome: Outcome,
  context: SessionContext,
): Session | undefined {
  const server = serverOf(connection.name);
  if (server === undefined) return undefined;
  const { peer, address } = server;
  const { native, trust, version, resumed } = connection;
  const recipientDomain =
    native?.domain ??
    nextHopDomain(peer, connection.port, context.recipientDomain, context.settings.nextHops);
  if (recipientDomain === undefined) return undefined;
  const { fault, basis } = outcome;
  const hint = fault?.hint ?? context.hint;
  return {
    time: native?.time ?? connection.time,
    recipientDomain,
    ...(fault === undefined ? { outcome: 'success' } : failure(fault)),
    ...(peer !== undefined && { receivingMxHostname: peer.host }),
    ...(address !== undefined && { receivingIp: address }),
    ...sender(context),
    ...(trust !== undefined && { peerTrust: trust }),
    ...(version !== undefined && { tlsVersion: version }),
    ...(hint !== undefined && { policyTypeHint: hint }),
    basis,
    ...(resumed !== undefined && { resumed }),
    ...(context.own && { own: true }),
  };
}

/** `H[A]`, or what tlsproxy leaves of it: `[A]`, or nothing. undefined for a server that no report can name. */
function serverOf(name: string): { peer?: Peer; address?: string } | undefined {
  if (name === '') return {};
  const peer = toPeer(name);
  const address = peer?.address ?? (name.startsWith('[') ? toAddress(name) : undefined);
  if (address === undefined || isLoopback(address)) return undefined;
  return { ...(peer !== undefined && { peer }), address };
}

/** The session that a policy failure prevented. Its line is the only one to name the domain, so that is believed. */
export function preventedSession(failed: PolicyFailure, time: number, context: SessionContext): Session {
  const { domain, host, fault } = failed;
  return {
    time,
    recipientDomain: domain,
    ...failure(fault),
    ...(host !== undefined && { receivingMxHostname: host }),
    ...sender(context),
    ...(fault.hint !== undefined && { policyTypeHint: fault.hint }),
    basis: 'inferred',
    ...(context.own && { own: true }),
  };
}

function failure(
  fault: NonNullable<Outcome['fault']>,
): Pick<Session, 'outcome' | 'resultType' | 'failureReasonCode'> {
  return {
    outcome: 'failure',
    resultType: fault.type,
    ...(fault.reason !== undefined && { failureReasonCode: fault.reason }),
  };
}

function sender({ settings }: SessionContext): Pick<Session, 'sendingMtaIp'> {
  return settings.sendingMtaIp === undefined ? {} : { sendingMtaIp: settings.sendingMtaIp };
}
