import { hostName } from './domains.ts';
import type { EventLine } from './event-line.ts';
import { type HostFields, trustOf } from './host-fields.ts';
import { provesDane, type Verdict } from './reasons.ts';
import type { SessionCore } from './state.ts';

interface Place {
  readonly name?: string | undefined;
  readonly ip?: string | undefined;
  readonly sendingMtaIp?: string | undefined;
}

function place({ name, ip, sendingMtaIp }: Place) {
  return {
    ...(name !== undefined && { receivingMxHostname: name }),
    ...(ip !== undefined && { receivingIp: ip }),
    ...(sendingMtaIp !== undefined && { sendingMtaIp }),
  };
}

/** A session that succeeded, by the fields of a delivery line. On `>>` lines CV means nothing. */
export function successOf(
  host: HostFields,
  defaultSender: string | undefined,
  cutthrough: boolean,
): SessionCore {
  const verified = cutthrough ? undefined : host.verified;
  const peerTrust = trustOf(verified);
  return {
    outcome: 'success',
    ...place({ name: hostName(host.name), ip: host.ip, sendingMtaIp: host.sendingMtaIp ?? defaultSender }),
    ...(peerTrust !== undefined && { peerTrust }),
    ...(host.tlsVersion !== undefined && { tlsVersion: host.tlsVersion }),
    policyTypeHint: verified === 'dane' ? 'tlsa' : 'no-policy-found',
    basis: 'tls-line',
    ...(host.resumed && { resumed: true }),
  };
}

/** A session that succeeded, by the snippet's line of the EHLO inside TLS. */
export function successOfEvent(line: EventLine, defaultSender: string | undefined): SessionCore {
  const { name, ip, verified, tlsVersion, resumed } = line;
  const peerTrust = trustOf(verified);
  return {
    outcome: 'success',
    ...place({ name, ip, sendingMtaIp: line.sendingMtaIp ?? defaultSender }),
    ...(peerTrust !== undefined && { peerTrust }),
    ...(tlsVersion !== undefined && { tlsVersion }),
    policyTypeHint: verified === 'dane' ? 'tlsa' : 'no-policy-found',
    basis: 'tls-line',
    ...(resumed && { resumed: true }),
  };
}

/** What the log witnesses of DANE. */
export interface Witness {
  readonly dane: boolean;
  /** It cannot tell. */
  readonly unsaid: boolean;
}

/** The log proves that no DANE applied. */
export const NO_DANE: Witness = { dane: false, unsaid: false };

/** A session that failed. */
export function failureOf(verdict: Verdict, policy: Witness, where: Place): SessionCore {
  const hint = policy.dane || provesDane(verdict) ? 'tlsa' : policy.unsaid ? undefined : 'no-policy-found';
  return {
    outcome: 'failure',
    resultType: verdict.type,
    failureReasonCode: verdict.reason,
    ...place(where),
    ...(hint !== undefined && { policyTypeHint: hint }),
    basis: 'tls-line',
  };
}

/** A delivery in clear text, read as starttls-not-supported (R12). */
export function clearOf(host: HostFields, defaultSender: string | undefined): SessionCore {
  return {
    outcome: 'failure',
    resultType: 'starttls-not-supported',
    failureReasonCode: 'inferred: delivered without TLS',
    ...place({ name: hostName(host.name), ip: host.ip, sendingMtaIp: host.sendingMtaIp ?? defaultSender }),
    policyTypeHint: 'no-policy-found',
    basis: 'inferred',
  };
}
