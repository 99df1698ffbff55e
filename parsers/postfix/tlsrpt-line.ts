import { type ResultType, toDomain } from 'maillog-tlsrpt/parser';
import { readPeer } from './peer.ts';
import type { Fault } from './reasons.ts';

/** `TLSRPT: status=…, domain=D, receiving_mx=H[A]…`: what native TLSRPT itself reported (3.10+, tlsrpt_wrapper.c). */
export interface TlsrptLine {
  /** A-label, lower case: Postfix keeps the case it was given. */
  readonly domain: string;
  /** `H[A]`; undefined where Postfix knew none. */
  readonly peer: string | undefined;
  /** Absent for a success. */
  readonly fault: Fault | undefined;
}

const SUCCESS = 'TLSRPT: status=success, domain=';
const FAILURE = 'TLSRPT: status=failure, domain=';
const MX = ', receiving_mx=';

/** Reads the line; undefined for any other, and for one without a domain a report could name. */
export function readTlsrptLine(message: string): TlsrptLine | undefined {
  const success = message.startsWith(SUCCESS);
  if (!success && !message.startsWith(FAILURE)) return undefined;
  const domainEnd = message.indexOf(', ', SUCCESS.length);
  if (domainEnd < 0 || !message.startsWith(MX, domainEnd)) return undefined;
  const domain = toDomain(message.slice(SUCCESS.length, domainEnd));
  if (domain === undefined) return undefined;
  const peer = readPeer(message, domainEnd + MX.length);
  if (success) return { domain, peer: peer?.name, fault: undefined };
  const type = message.indexOf(', failure_type=', peer?.end ?? domainEnd);
  return type < 0 ? undefined : { domain, peer: peer?.name, fault: readFault(message.slice(type + 15)) };
}

const TYPES: Readonly<Record<string, Fault>> = {
  starttls_not_supported: { type: 'starttls-not-supported' },
  certificate_host_mismatch: { type: 'certificate-host-mismatch' },
  certificate_not_trusted: { type: 'certificate-not-trusted' },
  certificate_expired: { type: 'certificate-expired' },
  validation_failure: { type: 'validation-failure' },
  sts_policy_fetch_error: { type: 'sts-policy-fetch-error', hint: 'sts' },
  sts_policy_invalid: { type: 'sts-policy-invalid', hint: 'sts' },
  sts_webpki_invalid: { type: 'sts-webpki-invalid', hint: 'sts' },
  tlsa_invalid: { type: 'tlsa-invalid', hint: 'tlsa' },
  dnssec_invalid: { type: 'dnssec-invalid' },
  dane_required: { type: 'dane-required' },
};
const UNKNOWN_TYPE: ResultType = 'validation-failure';

/** Reasons are Postfix's or OpenSSL's own words joined by `_`, never the peer's. */
const REASON = /^[A-Za-z0-9_.'()-]{1,100}$/;

function readFault(text: string): Fault {
  const comma = text.indexOf(', failure_reason=');
  const fault = TYPES[comma < 0 ? text : text.slice(0, comma)] ?? { type: UNKNOWN_TYPE };
  const reason = comma < 0 ? '' : text.slice(comma + 17);
  return REASON.test(reason) ? { ...fault, reason } : fault;
}
