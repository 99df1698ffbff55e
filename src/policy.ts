import { z } from 'zod';

/** RFC 8460 §4.4: the three policy types a report may name. */
export const POLICY_TYPES = ['tlsa', 'sts', 'no-policy-found'] as const;

const policySchema = z.strictObject({
  type: z.enum(POLICY_TYPES),
  /** tlsa: one record an element (`3 1 1 hex`). sts: the policy's lines as declared. Empty where unknown or none. */
  strings: z.array(z.string()),
  /** sts, no-policy-found: the next-hop domain. tlsa: the TLSA base domain, i.e. the MX host (RFC 8460 §1.1). */
  domain: z.string(),
  /** The `mx` patterns, A-labels; only for sts. */
  mxHosts: z.array(z.string()),
});

export type PolicyType = (typeof POLICY_TYPES)[number];

/** What a receiver demanded, as one entry of `policies` names it (RFC 8460 §4.4). */
export type Policy = z.infer<typeof policySchema>;
