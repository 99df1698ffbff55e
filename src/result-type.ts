import { z } from 'zod';

/** The registered failure result types, in the RFC's order. RFC 8460 §4.3, §6.6: no others may be sent. */
export const RESULT_TYPES = [
  'starttls-not-supported',
  'certificate-host-mismatch',
  'certificate-expired',
  'certificate-not-trusted',
  'validation-failure',
  'tlsa-invalid',
  'dnssec-invalid',
  'dane-required',
  'sts-policy-fetch-error',
  'sts-policy-invalid',
  'sts-webpki-invalid',
] as const;

/** One of {@link RESULT_TYPES}. */
export const resultTypeSchema = z.enum(RESULT_TYPES);

/** Why a session failed, in RFC 8460's closed vocabulary (§4.3). */
export type ResultType = z.infer<typeof resultTypeSchema>;
