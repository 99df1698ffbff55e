import { z } from 'zod';
import { dayOf } from './day.ts';
import { isDomain } from './domain.ts';
import { type ResultType, resultTypeSchema } from './result-type.ts';
import { isoTime } from './time-text.ts';

/** What kind of line proves a session. */
export const BASES = ['tls-line', 'tls-field', 'tlsrpt-line', 'inferred'] as const;
/** What the MTA said of the peer's certificate. */
export const PEER_TRUSTS = ['anonymous', 'untrusted', 'trusted', 'verified'] as const;
/**
 * What the log itself proves of the policy: a type, or `sts-or-local` for a must-match level that MTA-STS or a
 * local policy can have set. Exim's `no-policy-found` bars DANE only. A hint, never a policy.
 */
export const POLICY_TYPE_HINTS = ['tlsa', 'sts', 'sts-or-local', 'no-policy-found'] as const;

export type Basis = (typeof BASES)[number];
export type PeerTrust = (typeof PEER_TRUSTS)[number];
export type PolicyTypeHint = (typeof POLICY_TYPE_HINTS)[number];

/**
 * One new outbound SMTP connection with a TLS outcome, or a policy failure that prevented one, as the log tells it.
 * A reused connection is none (RFC 8460 §4.3 counts sessions).
 */
export interface Session {
  /** UTC ms of the line that proves it: handshake or verdict, not delivery. */
  readonly time: number;
  /** The next-hop domain, an A-label in lower case: normally the recipient's, else the smart host's. */
  readonly recipientDomain: string;
  readonly outcome: 'success' | 'failure';
  /** Set for failures only. */
  readonly resultType?: ResultType;
  /** From a bounded vocabulary (RFC 8460 §4.4 failure-reason-code); never text of the peer. */
  readonly failureReasonCode?: string;
  /** The MX host as the MTA names it, an A-label in lower case. */
  readonly receivingMxHostname?: string;
  /** Bare address, no brackets, no zone id. */
  readonly receivingIp?: string;
  readonly sendingMtaIp?: string;
  readonly peerTrust?: PeerTrust;
  /** As the log writes it, normalised: `TLSv1.2`, `TLSv1.3`. */
  readonly tlsVersion?: string;
  readonly policyTypeHint?: PolicyTypeHint;
  readonly basis: Basis;
  /** The TLS session was resumed: its certificate was not judged anew. */
  readonly resumed?: boolean;
  /** The session carried a report of ours: it is kept, yet never reported (RFC 8460 §3). */
  readonly own?: boolean;
}

/** A session as `sessions` prints it and samples keep it; absent means unknown. */
export const sessionRecordSchema = z.strictObject({
  time: z.iso.datetime(),
  day: z.iso.date(),
  parser: z.string(),
  recipientDomain: z.string().refine(isDomain, 'not a domain name in A-label form'),
  outcome: z.enum(['success', 'failure']),
  resultType: resultTypeSchema.optional(),
  failureReasonCode: z.string().min(1).optional(),
  receivingMxHostname: z.string().refine(isDomain, 'not a host name').optional(),
  receivingIp: z.union([z.ipv4(), z.ipv6()]).optional(),
  sendingMtaIp: z.union([z.ipv4(), z.ipv6()]).optional(),
  peerTrust: z.enum(PEER_TRUSTS).optional(),
  tlsVersion: z.string().optional(),
  policyTypeHint: z.enum(POLICY_TYPE_HINTS).optional(),
  basis: z.enum(BASES),
  resumed: z.boolean().optional(),
  own: z.boolean().optional(),
});

/** One line of the `sessions` command: a public, machine-readable contract. */
export type SessionRecord = z.infer<typeof sessionRecordSchema>;

/** A session in the shape and key order of the `sessions` command. */
export function toSessionRecord(session: Session, parser: string): SessionRecord {
  const { time, ...rest } = session;
  return {
    time: isoTime(time),
    day: dayOf(time),
    parser,
    ...inContractOrder(rest),
  };
}

function inContractOrder(session: Omit<Session, 'time'>): Omit<SessionRecord, 'time' | 'day' | 'parser'> {
  return {
    recipientDomain: session.recipientDomain,
    outcome: session.outcome,
    ...(session.resultType !== undefined && { resultType: session.resultType }),
    ...(session.failureReasonCode !== undefined && { failureReasonCode: session.failureReasonCode }),
    ...(session.receivingMxHostname !== undefined && { receivingMxHostname: session.receivingMxHostname }),
    ...(session.receivingIp !== undefined && { receivingIp: session.receivingIp }),
    ...(session.sendingMtaIp !== undefined && { sendingMtaIp: session.sendingMtaIp }),
    ...(session.peerTrust !== undefined && { peerTrust: session.peerTrust }),
    ...(session.tlsVersion !== undefined && { tlsVersion: session.tlsVersion }),
    ...(session.policyTypeHint !== undefined && { policyTypeHint: session.policyTypeHint }),
    basis: session.basis,
    ...(session.resumed !== undefined && { resumed: session.resumed }),
    ...(session.own !== undefined && { own: session.own }),
  };
}
