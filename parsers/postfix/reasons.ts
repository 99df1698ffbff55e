import { type PolicyTypeHint, type ResultType, toDomain } from 'maillog-tlsrpt/parser';
import { readPeer } from './peer.ts';

/** Why a session failed, in the words native TLSRPT uses for the same cause. */
export type Fault = {
  type: ResultType;
  /** RFC 8460 failure-reason-code; absent where native sends none. */
  reason?: string;
  hint?: PolicyTypeHint;
};

/** What the text of a delivery line's parentheses, or behind `QUEUEID: `, means for the session. */
export interface Reason {
  readonly kind:
    | 'handshake'
    | 'certificate'
    | 'starttls'
    | 'requiretls-certificate'
    | 'no-session'
    | 'hello'
    | 'lost'
    | 'local'
    | 'policy'
    | 'other';
  /** `H[A]` where the text names it. */
  readonly peer?: string;
  /** For `policy`: the failure that kept the server from being tried. */
  readonly fault?: Fault;
  /** For `policy`: the MX host, where the text names it. */
  readonly host?: string;
}

/** Whatever ends a delivery and is neither about TLS nor before it. */
export const OTHER: Reason = { kind: 'other' };
const BEFORE_TLS: Reason = { kind: 'no-session' };
export const NO_STATUS = 'Protocol error: ';

export const NOT_OFFERED = 'TLS is required, but was not offered by host ';
export const REFUSED = 'TLS is required, but host ';
/** 3.11 and later, in its two wordings. */
export const REQUIRETLS = /^(?:REQUIRETLS Failure: s|REQUIRETLS Debug: s|S)ender requested REQUIRETLS, but /;
const REQUIRED_NOT_OFFERED = 'TLS service was not offered by host ';
/** Logged while the session goes on, for REQUIRETLS is not enforced (smtp_proto.c, smtp_helo). */
const REQUIRED_RELAXED = 'REQUIRETLS support was not offered by host ';
const REQUIRED_MATCH =
  /^no (?:matching|trusted) server certificate was found\. The last attempted server was /;

/** What ends a connection after the EHLO, before STARTTLS is thought of (smtp_proto.c, smtp_helo). */
const LOOP = ' loops back to myself';
const UTF8 = 'message requires SMTPUTF8, but ';
const UTF8_OF_OLD = 'SMTPUTF8 is required, but was not offered by host ';

/**
 * Reads a reason. Texts are matched whole, or by a fixed beginning: whatever follows `said:` or `refused to start
 * TLS:` is the peer's.
 */
export function readReason(text: string): Reason {
  // A reply with a code that fits no status (smtp_trouble.c, vsmtp_fill_dsn).
  if (text.startsWith(NO_STATUS)) return readReason(text.slice(NO_STATUS.length));
  switch (text.charCodeAt(0)) {
    case 67: // C
      return text === 'Cannot start TLS: handshake failure' ? { kind: 'handshake' } : OTHER;
    case 83: // S
      if (text === 'Server certificate not verified' || text === 'Server certificate not trusted') {
        return { kind: 'certificate' };
      }
      if (text.startsWith(UTF8_OF_OLD)) return BEFORE_TLS;
      return requireTlsReason(text) ?? OTHER;
    case 82: // R
      if (text.startsWith('REQUIRETLS policy configuration error')) return { kind: 'local' };
      return requireTlsReason(text) ?? OTHER;
    case 84: // T
      return tlsReason(text);
    case 99: // c
      if (text.startsWith('connect to ')) return { kind: 'no-session' };
      if (text === 'client TLS configuration problem') return { kind: 'local' };
      return text.startsWith('conversation with ') ? brokenReason(text, 18) : OTHER;
    case 104: // h
      return text.startsWith('host ') ? hostReason(text) : OTHER;
    case 108: // l
      if (text.startsWith('lost connection with ')) return brokenReason(text, 21);
      return text.startsWith('local data error while talking to ') ? named('lost', text, 34) : OTHER;
    case 109: // m
      return text.startsWith(UTF8) || (text.startsWith('mail for ') && text.endsWith(LOOP))
        ? BEFORE_TLS
        : OTHER;
    default:
      return policyReason(text) ?? OTHER;
  }
}

function named(kind: Reason['kind'], text: string, start: number): Reason {
  const peer = readPeer(text, start)?.name;
  return peer === undefined ? { kind } : { kind, peer };
}

function tlsReason(text: string): Reason {
  if (text.startsWith(NOT_OFFERED)) return named('starttls', text, NOT_OFFERED.length);
  if (text.startsWith(REFUSED)) return refusedBy(text, REFUSED.length);
  if (text.startsWith('TLS is required, but ')) return { kind: 'local' };
  if (text === 'Temporary lookup error') return { kind: 'local' };
  return policyReason(text) ?? OTHER;
}

function requireTlsReason(text: string): Reason | undefined {
  const start = REQUIRETLS.exec(text)?.[0].length;
  if (start === undefined) return undefined;
  if (text.startsWith(REQUIRED_RELAXED, start)) return OTHER;
  if (text.startsWith(REQUIRED_NOT_OFFERED, start)) {
    return named('starttls', text, start + REQUIRED_NOT_OFFERED.length);
  }
  const match = REQUIRED_MATCH.exec(text.slice(start));
  if (match !== null) return named('requiretls-certificate', text, start + match[0].length);
  // Whatever else REQUIRETLS demanded in vain is no fault of the server's TLS.
  return text.startsWith('host ', start) ? refusedBy(text, start + 5) : { kind: 'local' };
}

function refusedBy(text: string, start: number): Reason {
  const peer = readPeer(text, start);
  if (peer === undefined || !text.startsWith(' refused to start TLS: ', peer.end)) return OTHER;
  return { kind: 'starttls', peer: peer.name };
}

/**
 * A connection that broke. `no-session`: before TLS could begin; `hello`: at an EHLO, which may be the one before TLS
 * or the one within it; `lost`: later.
 */
function brokenReason(text: string, start: number): Reason {
  const peer = readPeer(text, start);
  if (peer === undefined) return { kind: 'lost' };
  const where = text.indexOf(' while ', peer.end);
  if (where < 0) return { kind: 'lost', peer: peer.name };
  if (text.startsWith(' while receiving the ', where)) return { kind: 'no-session', peer: peer.name };
  return { kind: text.startsWith(' while performing the ', where) ? 'hello' : 'lost', peer: peer.name };
}

function hostReason(text: string): Reason {
  const peer = readPeer(text, 5);
  if (peer === undefined) return OTHER;
  const refused = text.startsWith(' refused to talk to me: ', peer.end);
  return { kind: refused ? 'no-session' : 'other', peer: peer.name };
}

/** Reasons for which no server was tried, native TLSRPT being silent. */
export function policyReason(text: string): Reason | undefined {
  if (text.startsWith('TLSA lookup error for ')) {
    const end = text.indexOf(':', 22);
    const host = toDomain(text.slice(22, end < 0 ? text.length : end));
    return { kind: 'policy', fault: { type: 'dnssec-invalid' }, ...(host !== undefined && { host }) };
  }
  const fault = POLICY_FAULTS[text];
  return fault === undefined ? undefined : { kind: 'policy', fault };
}

/** The level dane-only refuses servers without usable DANE before it connects. */
const POLICY_FAULTS: Readonly<Record<string, Fault>> = {
  'no TLSA records found': { type: 'dane-required' },
  'non DNSSEC destination': { type: 'dane-required' },
  'Verification not possible, MX RRset is insecure': { type: 'dane-required' },
  'TLSA records unusable': { type: 'tlsa-invalid', hint: 'tlsa' },
};
