import type { SessionSum } from '../ledger/sums.ts';
import type { Snapshot } from '../policy/snapshot.ts';

/** What Postfix calls smtp_tls_security_level; in Exim hosts_require_tls, hosts_try_dane, tls_verify_hosts. */
export const LEVELS = ['encrypt', 'dane', 'verify'] as const;
export type Level = (typeof LEVELS)[number];

/** Why a session would not pass a level, or why nobody can tell; from a closed list. */
export const REASONS = {
  plaintext: 'mail went in clear text: STARTTLS was not offered, or refused',
  handshake: 'the TLS handshake fails',
  expired: 'the certificate has expired',
  'wrong-name': 'the certificate is for another name',
  untrusted: 'the certificate is not from a known authority',
  anonymous: 'the server shows no certificate',
  'dane-mismatch': 'the certificate does not match the TLSA records',
  'dane-broken': 'the TLSA records cannot be validated',
  policy: 'fails under a policy already, before a connection is made',
  'name-unchecked': 'the certificate is from a known authority; its name was not compared',
  'no-anchors': 'the MTA that wrote this log knows no certificate authorities (smtp_tls_CAfile)',
  unsaid: 'the log does not say what the certificate was',
  'tlsa-unchecked': 'TLSA records exist, and were not compared with the certificate',
  'no-lookup': 'its DNS records were not looked up',
} as const;
export type Reason = keyof typeof REASONS;

/** Whether mail would still go at a level. */
export interface Judgement {
  readonly verdict: 'passes' | 'fails' | 'unproven';
  /** Set unless it passes. */
  readonly reason?: Reason;
}

const PASSES: Judgement = { verdict: 'passes' };
const fails = (reason: Reason): Judgement => ({ verdict: 'fails', reason });
const unproven = (reason: Reason): Judgement => ({ verdict: 'unproven', reason });

/**
 * Whether sessions like this would still succeed if the MTA demanded a level, as far as they prove it themselves.
 * @param trustAnchors the log shows peers that were Trusted or Verified: only then is Untrusted a verdict
 */
export function judge(
  level: Level,
  sum: SessionSum,
  snapshot: Snapshot | undefined,
  trustAnchors: boolean,
): Judgement {
  if (level === 'encrypt') return underEncrypt(sum);
  if (level === 'verify') return underVerify(sum, trustAnchors);
  return underDane(sum, snapshot);
}

/** Whether TLS came about, whatever became of the session. */
function tlsOf(sum: SessionSum): 'tls' | 'clear' | 'handshake' | 'unknown' {
  if (sum.outcome === 'success' || sum.tlsVersion !== undefined || sum.peerTrust !== undefined) return 'tls';
  switch (sum.resultType) {
    case 'starttls-not-supported':
      return 'clear';
    case 'certificate-expired':
    case 'certificate-host-mismatch':
    case 'certificate-not-trusted':
      return 'tls';
    case 'validation-failure':
      return tlsOfValidation(sum.failureReasonCode ?? '');
    default:
      return 'unknown';
  }
}

/** The general type covers broken handshakes, certificates and hosts outside an STS policy; its reason tells which. */
function tlsOfValidation(reason: string): 'tls' | 'handshake' | 'unknown' {
  if (/mx-not-in-sts-policy|unusable/.test(reason)) return 'unknown';
  return /certificate|issuer/i.test(reason) ? 'tls' : 'handshake';
}

function underEncrypt(sum: SessionSum): Judgement {
  switch (tlsOf(sum)) {
    case 'tls':
      return PASSES;
    case 'clear':
      return fails('plaintext');
    case 'handshake':
      return fails('handshake');
    case 'unknown':
      return unproven('policy');
  }
}

function underVerify(sum: SessionSum, trustAnchors: boolean): Judgement {
  const tls = tlsOf(sum);
  if (tls !== 'tls') return underEncrypt(sum);
  if (sum.resultType === 'certificate-expired') return fails('expired');
  if (sum.resultType === 'certificate-host-mismatch') return fails('wrong-name');
  switch (sum.peerTrust) {
    case 'verified':
      return PASSES;
    case 'trusted':
      return unproven('name-unchecked');
    case 'anonymous':
      return fails('anonymous');
    case 'untrusted':
      return trustAnchors ? fails('untrusted') : unproven('no-anchors');
    default:
      return sum.outcome === 'failure' ? fails('untrusted') : unproven('unsaid');
  }
}

/** Opportunistic DANE changes nothing for a host without TLSA records. */
function underDane(sum: SessionSum, snapshot: Snapshot | undefined): Judgement {
  const proven = provenUnderDane(sum);
  if (proven !== undefined) return proven;
  if (snapshot === undefined || snapshot.origin === 'none') return unproven('no-lookup');
  if (snapshot.mx.state === 'bogus') return fails('dane-broken');
  const host = snapshot.mx.hosts.find(({ name }) => name === sum.receivingMxHostname);
  // A host that is no MX any more says nothing of the domain as it is now.
  if (host === undefined || host.dane.state === 'none') return PASSES;
  if (host.dane.state === 'bogus') return fails('dane-broken');
  const encrypted = underEncrypt(sum);
  if (encrypted.verdict !== 'passes' || !host.dane.usable) return encrypted;
  return unproven('tlsa-unchecked');
}

/** What the log itself proves of a session under DANE. */
function provenUnderDane(sum: SessionSum): Judgement | undefined {
  if (sum.resultType === 'dnssec-invalid') return fails('dane-broken');
  if (sum.policyTypeHint !== 'tlsa') return undefined;
  if (sum.outcome === 'success') return PASSES;
  const tls = tlsOf(sum);
  if (tls === 'clear') return fails('plaintext');
  if (tls === 'handshake') return fails('handshake');
  if (sum.resultType !== 'tlsa-invalid') return fails('dane-mismatch');
  // Records of no use count as a failure, yet the mail goes, encrypted to whomever (postfix: tls_client.c).
  return tls === 'tls' ? PASSES : fails('dane-broken');
}
