import { toDomain } from 'maillog-tlsrpt/parser';
import { printedDomain } from './next-hop.ts';
import { type PeerText, readPeer } from './peer.ts';
import { type Fault, policyReason } from './reasons.ts';

/** A policy failure that kept one MX host from being tried. Such lines name both domain and host. */
export interface PolicyFailure {
  /** The next hop; undefined for an address literal, which no report is for. */
  readonly domain: string | undefined;
  readonly host: string | undefined;
  readonly fault: Fault;
}

const WARNING = 'warning: ';
const LOOKUPS = ['TLS policy lookup for ', 'TLS policy lookup error for '];
const STS = "warning: MX name '";
const STS_MIDDLE = "' does not match STS MX pattern for '";

/**
 * `TLS policy lookup for D/H: TEXT` (smtp_connect.c; info in 2.11, a warning since). D is the next hop as written.
 * 'other' for texts that are a local fault.
 */
export function readPolicyLookup(message: string): PolicyFailure | 'other' | undefined {
  const start = message.startsWith(WARNING) ? WARNING.length : 0;
  const lookup = LOOKUPS.find((words) => message.startsWith(words, start));
  if (lookup === undefined) return undefined;
  const colon = message.indexOf(': ', start);
  const slash = message.lastIndexOf('/', colon);
  if (colon < 0 || slash < start + lookup.length) return 'other';
  const domain = printedDomain(message.slice(start + lookup.length, slash));
  const reason = policyReason(message.slice(colon + 2));
  if (reason?.fault === undefined) return 'other';
  return { domain, host: toDomain(message.slice(slash + 1, colon)), fault: reason.fault };
}

/** The host is not among those the domain's STS policy lists; skipped before connecting (3.10.6+, smtp_tls_policy.c). */
export function readStsMismatch(message: string): PolicyFailure | undefined {
  if (!message.startsWith(STS)) return undefined;
  const middle = message.indexOf(STS_MIDDLE, STS.length);
  if (middle < 0 || !message.endsWith("'")) return undefined;
  const domain = printedDomain(message.slice(middle + STS_MIDDLE.length, -1));
  const host = toDomain(message.slice(STS.length, middle));
  if (domain === undefined) return undefined;
  return {
    domain,
    host,
    fault: { type: 'validation-failure', reason: 'mx-not-in-sts-policy', hint: 'sts' },
  };
}

const UNUSABLE: Readonly<Record<string, Fault>> = {
  'all TLSA records unusable': { type: 'tlsa-invalid', reason: 'all-TLSA-records-unusable', hint: 'tlsa' },
  'all TLSA records unusable, fallback to unauthenticated TLS': {
    type: 'tlsa-invalid',
    reason: 'all-TLSA-records-unusable',
    hint: 'tlsa',
  },
  'all fingerprints unusable': { type: 'validation-failure', reason: 'all-fingerprints-unusable' },
  'all trust anchors unusable': { type: 'validation-failure', reason: 'all-trust-anchors-unusable' },
};

/**
 * `warning: N: all … unusable` (3.6+, tls_client.c): native reports it at once, so it stays the connection's one
 * result even if mail is then delivered over TLS.
 */
export function readUnusable(message: string): { peer: PeerText; fault: Fault } | undefined {
  if (!message.startsWith(WARNING)) return undefined;
  const peer = readPeer(message, WARNING.length);
  if (peer === undefined || !message.startsWith(': all ', peer.end)) return undefined;
  const fault = UNUSABLE[message.slice(peer.end + 2)];
  return fault === undefined ? undefined : { peer, fault };
}
