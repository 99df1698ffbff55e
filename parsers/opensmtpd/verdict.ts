import { type ResultType, toDomain } from 'maillog-tlsrpt/parser';
import type { Rule } from './rules.ts';

/** What `mta error reason=…` says of TLS. */
export interface Verdict {
  readonly rule: Rule;
  readonly type: ResultType;
  readonly reason: string;
  /** The MX host's name, where the reason holds it. */
  readonly mx?: string;
}

/** RFC 8460 failure-reason-code of a handshake that broke, the word Postfix's own TLSRPT uses. */
export const HANDSHAKE = 'tls-handshake-failure';

/** OpenSSL's verdicts as libtls passes them on, with the spaces of the codes filled as Postfix fills them. */
const CERTIFICATE_REASONS: readonly string[] = [
  'self-signed certificate',
  'self signed certificate',
  'self-signed certificate in certificate chain',
  'self signed certificate in certificate chain',
  'unable to get local issuer certificate',
  'unable to verify the first certificate',
  'certificate is not yet valid',
  'certificate signature failure',
  'certificate revoked',
  'certificate chain too long',
  'invalid CA certificate',
  'unsuitable certificate purpose',
  'unsupported certificate purpose',
];

const VERIFICATION = 'IO Error: certificate verification failed: ';
const ABSENT_NAME = /^IO Error: name `([^'\s]{1,255})' not present in server certificate$/;

/**
 * The TLS fault an error names, or undefined. Texts are matched whole or by a fixed beginning: what follows
 * `rejected: ` is the server's.
 * @param inTls TLS stands already, so that what breaks is no handshake.
 * @param mismatch a line before said that the certificate is for another name (6.x).
 */
export function verdictOf(reason: string, inTls: boolean, mismatch: boolean): Verdict | undefined {
  if (reason === 'TLS required but not supported by remote host') {
    return { rule: 'required-not-offered', type: 'starttls-not-supported', reason: 'starttls-not-offered' };
  }
  if (reason.startsWith('STARTTLS rejected: ')) {
    return { rule: 'required-refused', type: 'starttls-not-supported', reason: 'starttls-refused' };
  }
  if (reason === 'SSL certificate check failed') {
    const type = mismatch ? 'certificate-host-mismatch' : 'certificate-not-trusted';
    return { rule: 'certificate-refused', type, reason: '' };
  }
  return inTls ? undefined : ioVerdict(reason.slice(0, 400));
}

function ioVerdict(reason: string): Verdict | undefined {
  if (reason.startsWith(VERIFICATION)) return certificateVerdict(reason.slice(VERIFICATION.length));
  const name = ABSENT_NAME.exec(reason)?.[1];
  if (name !== undefined) {
    const mx = toDomain(name);
    const verdict = { rule: 'certificate-refused', type: 'certificate-host-mismatch', reason: '' } as const;
    return mx === undefined ? verdict : { ...verdict, mx };
  }
  // 7.x puts a word before OpenSSL's text, 6.x gives it bare; whatever else breaks has the system's words.
  const handshake =
    reason.startsWith('IO Error: handshake failed: ') ||
    reason.startsWith('IO Error: error:') ||
    reason === 'IO Error: No TLS error';
  return handshake ? { rule: 'handshake-failed', type: 'validation-failure', reason: HANDSHAKE } : undefined;
}

function certificateVerdict(text: string): Verdict {
  if (text === 'certificate has expired') {
    return { rule: 'certificate-refused', type: 'certificate-expired', reason: '' };
  }
  const known = CERTIFICATE_REASONS.includes(text) ? text.replaceAll(' ', '_') : '';
  return { rule: 'certificate-refused', type: 'certificate-not-trusted', reason: known };
}
