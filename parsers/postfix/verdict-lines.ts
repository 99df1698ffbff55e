import type { ResultType } from 'maillog-tlsrpt/parser';
import { type PeerText, readPeer } from './peer.ts';
import type { Fault } from './reasons.ts';

const BEGUN = 'setting up TLS connection to ';
const VERIFY = 'certificate verification failed for ';
const NOT_TRUSTED: Fault = { type: 'certificate-not-trusted' };

/** What `certificate verification failed for N: TEXT` says (postfix: tls_verify.c, tls_log_verify_error). */
export interface CertificateLine {
  readonly peer: PeerText;
  readonly fault: Fault;
}

/** Reads a verdict line; the part of the chain it is about (`server `, `CA `) changes nothing. */
export function readCertificateLine(message: string): CertificateLine | undefined {
  const at = message.startsWith('server ') ? 7 : message.startsWith('CA ') ? 3 : 0;
  if (!message.startsWith(VERIFY, at)) return undefined;
  const peer = readPeer(message, at + VERIFY.length);
  if (peer === undefined || !message.startsWith(': ', peer.end)) return undefined;
  return { peer, fault: certificateFault(message.slice(peer.end + 2)) };
}

/** Texts with their OpenSSL errors; the reason is OpenSSL 3's string with `_`, as native sends it. */
const WHOLE: Readonly<Record<string, Fault>> = {
  'not trusted by local or TLSA policy': NOT_TRUSTED,
  'self-signed certificate': { type: 'validation-failure', reason: 'self-signed_certificate' },
  'self signed certificate': { type: 'validation-failure', reason: 'self-signed_certificate' },
  'certificate not yet valid': { type: 'validation-failure', reason: 'certificate_is_not_yet_valid' },
  'certificate has expired': { type: 'certificate-expired' },
};

const BEGINNINGS: readonly (readonly [string, Fault])[] = [
  // One wording for the errors 20 and 19; 20 is the commoner. The rest of the line is the peer's.
  ['untrusted issuer ', { type: 'validation-failure', reason: 'unable_to_get_local_issuer_certificate' }],
  ['not designated for use as a ', { type: 'validation-failure', reason: 'unsuitable_certificate_purpose' }],
  [
    'certificate chain longer than limit(',
    { type: 'validation-failure', reason: 'certificate_chain_too_long' },
  ],
  ['num=62:', { type: 'certificate-host-mismatch' }],
];

/** The attribute policy_failure of an MTA-STS plugin (3.10+, smtp_tls_policy_maps). */
const EXTERNAL = 'external policy failure (';
const EXTERNAL_TYPES: readonly ResultType[] = [
  'sts-policy-fetch-error',
  'sts-policy-invalid',
  'sts-webpki-invalid',
];

function certificateFault(text: string): Fault {
  const whole = WHOLE[text];
  if (whole !== undefined) return whole;
  if (text.startsWith(EXTERNAL)) {
    const named = text.slice(EXTERNAL.length, -1);
    const type = EXTERNAL_TYPES.find((known) => known === named) ?? 'validation-failure';
    return { type, hint: 'sts' };
  }
  // Any other OpenSSL error makes native fall back to its last word, certificate-not-trusted.
  return BEGINNINGS.find(([beginning]) => text.startsWith(beginning))?.[1] ?? NOT_TRUSTED;
}

/** `setting up TLS connection to N`: what level 2 says before the handshake. */
export function readBegun(message: string): PeerText | undefined {
  return message.startsWith(BEGUN) ? readPeer(message, BEGUN.length) : undefined;
}

/** `Host offered STARTTLS: [H]` (smtp_tls_note_starttls_offer at the level none): the host, in lower case. */
export function readOffered(message: string): string | undefined {
  return /^Host offered STARTTLS: \[([^\][\s]{1,255})\]$/.exec(message)?.[1]?.toLowerCase();
}

/** `N: Reusing old session`: what level 2 says of a resumed TLS session of any version. */
export function readResumed(message: string): PeerText | undefined {
  const peer = readPeer(message, 0);
  return peer !== undefined && message.slice(peer.end) === ': Reusing old session' ? peer : undefined;
}

/** `N: re-using session with untrusted …`: a resumed TLS session whose certificate failed when it was new. */
export function readResumedUntrusted(message: string): PeerText | undefined {
  const peer = readPeer(message, 0);
  return peer !== undefined && message.startsWith(': re-using session with untrusted ', peer.end)
    ? peer
    : undefined;
}
