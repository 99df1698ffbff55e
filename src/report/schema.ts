import { z } from 'zod';
import { isDomain, toAddress } from '../domain.ts';
import { resultTypeSchema } from '../result-type.ts';

/** RFC 7493 §2.1: no surrogates, no noncharacters. No empty strings: strict receivers refuse the report for one. */
const text = z
  .string()
  .min(1)
  .refine((value) => !/[\p{Surrogate}\p{Noncharacter_Code_Point}]/u.test(value), 'not I-JSON text');

const domain = z.string().refine(isDomain, 'not a domain name in A-label form');

const mxPattern = z.string().refine(isMxPattern, 'not an mx pattern in A-label form');

/** Bare and canonical (RFC 5952); brackets, zone ids and empty strings make receivers refuse the report. */
const address = z.string().refine((value) => toAddress(value) === value, 'not a bare, canonical IP address');

/** RFC 3339, UTC, whole seconds: what every receiver reads. */
const time = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)
  .refine((value) => !Number.isNaN(Date.parse(value)), 'not a time');

const count = z.int().min(0);

const failureDetailSchema = z.strictObject({
  'result-type': resultTypeSchema,
  'sending-mta-ip': address.optional(),
  'receiving-mx-hostname': domain.optional(),
  'receiving-mx-helo': text.optional(),
  'receiving-ip': address.optional(),
  'failed-session-count': count.min(1),
  'additional-information': z.url().optional(),
  'failure-reason-code': text.optional(),
});

const policyEntrySchema = z.strictObject({
  policy: z.discriminatedUnion('policy-type', [
    z.strictObject({
      'policy-type': z.literal('tlsa'),
      'policy-string': z.array(text).min(1).optional(),
      'policy-domain': domain,
      'mx-host': z.never().optional(),
    }),
    z.strictObject({
      'policy-type': z.literal('sts'),
      'policy-string': z.array(text).min(1).optional(),
      'policy-domain': domain,
      'mx-host': z.array(mxPattern).min(1).optional(),
    }),
    z.strictObject({
      'policy-type': z.literal('no-policy-found'),
      'policy-string': z.never().optional(),
      'policy-domain': domain,
      'mx-host': z.never().optional(),
    }),
  ]),
  summary: z.strictObject({
    'total-successful-session-count': count,
    'total-failure-session-count': count,
  }),
  'failure-details': z.array(failureDetailSchema).min(1).optional(),
});

/**
 * The report as it leaves, RFC 8460 §4.4: stricter than the RFC where a receiver would refuse or misread it.
 * Unknown facts are absent, never null or empty.
 */
export const reportSchema = z.strictObject({
  'organization-name': text,
  'date-range': z.strictObject({ 'start-datetime': time, 'end-datetime': time }),
  'contact-info': z.string().regex(/^[^\s@<>",;:]+@[a-z0-9.-]+$/i, 'not an addr-spec'),
  'report-id': text,
  policies: z.array(policyEntrySchema).min(1),
});

/** The document of RFC 8460 §4.4. */
export type Report = z.infer<typeof reportSchema>;
/** One member of `policies`. */
export type PolicyEntry = Report['policies'][number];
/** One member of `failure-details`. */
export type FailureDetail = z.infer<typeof failureDetailSchema>;

/** An `mx` pattern: a host name, or `*.` and one (RFC 8461 §4.1). */
export function isMxPattern(text: string): boolean {
  return isDomain(text.replace(/^\*\./, ''));
}
