import type { ResultType } from 'maillog-tlsrpt/parser';

/** Why a session failed: what RFC 8460 §4.3 calls it, and a text of a bounded vocabulary. */
export interface Verdict {
  readonly type: ResultType;
  readonly reason: string;
}

/** What is told where DANE was demanded and none of its records could be used. */
export const NO_USABLE_TLSA: Verdict = { type: 'tlsa-invalid', reason: 'No usable TLSA records' };

/** `(label): text`, `(label) text`, or a text alone: what tls_client_start() left as its error. */
const DETAIL = /^\(([^()]{1,100})\)(?::? (.*))?$/;
/** `error:HEX:library:function:text`; OpenSSL 3 leaves the function empty. */
const OPENSSL = /^error:[0-9A-Fa-f]{8}:[^:]{0,60}:[^:]{0,60}:(.*)$/;
/** Labels of what happens on the wire. Any other names a call of ours that failed: a local fault. */
const REMOTE_LABELS = new Set([
  'SSL_connect',
  'handshake',
  'gnutls_handshake',
  'certificate verification failed',
  'certificate status check failed',
]);

/**
 * What the DETAIL of `TLS session: DETAIL` means.
 * @returns undefined for faults of our own configuration, which are never reported.
 */
export function verdictOfDetail(detail: string): Verdict | undefined {
  const text = detail.trim();
  const match = DETAIL.exec(text);
  if (match === null) return verdictOfBareText(text);
  const [, label = '', rest = ''] = match;
  if (!REMOTE_LABELS.has(label)) return undefined;
  const cause = (OPENSSL.exec(rest)?.[1] ?? rest).trim();
  if (label === 'certificate verification failed') return verdictOfGnutls(label, cause);
  const type = isDistrust(cause) ? 'certificate-not-trusted' : 'validation-failure';
  return { type, reason: bounded(label, withoutAddition(cause)) };
}

/** GnuTLS says so little that an expired and an untrusted certificate look alike; nothing at all means the name. */
function verdictOfGnutls(label: string, cause: string): Verdict {
  if (cause === '') return { type: 'certificate-host-mismatch', reason: label };
  if (cause.startsWith('TLSA record problem')) return NO_USABLE_TLSA;
  return { type: 'certificate-not-trusted', reason: bounded(label, cause) };
}

function isDistrust(cause: string): boolean {
  return cause === 'certificate verify failed' || cause.startsWith('Server certificate revoked');
}

/** `error on first read`, `synch error before connect`; no text at all, or the `NULL` of an unset pointer (F11). */
function verdictOfBareText(text: string): Verdict {
  return {
    type: 'validation-failure',
    reason: text === '' || text === 'NULL' ? 'TLS session failure' : bounded('', text),
  };
}

/** Whether the error text was never set: Exim's OpenSSL side does so after `No usable TLSA records`. */
export function isUnsetDetail(detail: string): boolean {
  return detail === '' || detail === 'NULL';
}

/** OpenSSL's certificate error on an `SSL verify error` line. */
export function verdictOfCertificateError(text: string): Verdict {
  const cause = text.trim().replace(/^self signed/, 'self-signed');
  return {
    type: CERTIFICATE_TYPES[cause.toLowerCase()] ?? 'certificate-not-trusted',
    reason: bounded('', cause),
  };
}

const CERTIFICATE_TYPES: Readonly<Record<string, ResultType>> = {
  'certificate has expired': 'certificate-expired',
  'hostname mismatch': 'certificate-host-mismatch',
};

/** The texts of the SMTP dialogue around STARTTLS, and of DANE, as Exim writes them on H=, == and ** lines. */
export function verdictOfMessage(message: string): Verdict | undefined {
  const required = REQUIRED.exec(message);
  if (required !== null) return { type: 'starttls-not-supported', reason: required[1] ?? '' };
  const reply =
    /^SMTP error from remote mail server after STARTTLS: (?:host \S+ \[[^\]\s]+\]: )?([45]\d\d)(?![0-9])/.exec(
      message,
    );
  if (reply !== null) return { type: 'starttls-not-supported', reason: `STARTTLS: ${reply[1]}` };
  if (CLOSED.test(message))
    return { type: 'validation-failure', reason: 'Remote host closed connection in response to STARTTLS' };
  if (TIMED_OUT.test(message)) return { type: 'validation-failure', reason: 'SMTP timeout after STARTTLS' };
  if (MALFORMED.test(message)) return { type: 'validation-failure', reason: 'malformed reply to STARTTLS' };
  return verdictOfDane(message);
}

/** 4.84 and before wrote the host inside the text. */
const REQUIRED =
  /^a TLS session is required(?: for this host| for \S+ \[[^\]\s]+\])?, but (the server did not offer TLS support|an attempt to start TLS failed)(?:: retry timeout exceeded)?$/;
const CLOSED =
  /^Remote host (?:\S+ \[[^\]\s]+\] )?closed connection in response to STARTTLS(?:: retry timeout exceeded)?$/;
const TIMED_OUT =
  /^(?:[A-Z][A-Za-z ]{2,60}: )?SMTP timeout (?:while connected to \S+ \[[^\]\s]+\] )?after STARTTLS(?=$|:| \()/;
const MALFORMED = /^Malformed SMTP reply (?:\(an empty line\) )?in response to STARTTLS(?=$|:)/;

function verdictOfDane(message: string): Verdict | undefined {
  const lookup = /^DANE error: tlsa lookup (DEFER|FAIL)(?=$|:)/.exec(message)?.[1];
  if (lookup === 'DEFER') return { type: 'dnssec-invalid', reason: 'tlsa lookup DEFER' };
  if (lookup === 'FAIL') return { type: 'dane-required', reason: 'tlsa lookup FAIL' };
  if (/^DANE error: \S{1,255} lookup not DNSSEC(?=$|:)/.test(message))
    return { type: 'dane-required', reason: 'name lookup not DNSSEC' };
  return undefined;
}

/** Whether the verdict itself proves that DANE applied. GnuTLS says `Verification failed.` of DANE only. */
export function provesDane({ type, reason }: Verdict): boolean {
  if (type === 'tlsa-invalid' || type === 'dnssec-invalid' || type === 'dane-required') return true;
  return reason.startsWith('certificate verification failed: Verification failed.');
}

/** The session failed before its handshake: STARTTLS was not offered, refused, or not answered. */
export function isOfDialogue({ type, reason }: Verdict): boolean {
  return type === 'starttls-not-supported' || (type === 'validation-failure' && reason.endsWith('STARTTLS'));
}

/** What OpenSSL's OCSP texts add behind a semicolon comes from the peer's CA. */
function withoutAddition(cause: string): string {
  return cause.startsWith('Server certificate revoked') ? 'Server certificate revoked' : cause;
}

/** The libraries' own words, as one short printable line. */
function bounded(label: string, cause: string): string {
  const text = label === '' ? cause : cause === '' ? label : `${label}: ${cause}`;
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 120);
}
