import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isDomain } from '../domain.ts';
import type { JsonValue } from '../parser.ts';

const domainSchema = z.string().refine(isDomain, 'not a domain name in A-label form');

/** The TLSA records of one MX host (RFC 7672 §2.2). */
const daneSchema = z.discriminatedUnion('state', [
  /** No TLSA records, or records that DNSSEC does not vouch for: DANE does not apply. */
  z.strictObject({ state: z.literal('none') }),
  z.strictObject({
    state: z.literal('secure'),
    /** Where the records were found: the host, or what its secure CNAMEs lead to (RFC 7672 §2.2.3). */
    baseDomain: domainSchema,
    /** `3 1 1 HEX`, sorted. */
    records: z.array(z.string()).min(1),
    /** Whether one of them at least can be used for SMTP (RFC 7672 §3.1). */
    usable: z.boolean(),
  }),
  /** The resolver refused the answer as forged or broken: the result type dnssec-invalid. */
  z.strictObject({ state: z.literal('bogus') }),
]);

const mxSchema = z.strictObject({
  /** `implicit`: no MX, yet an address (RFC 5321 §5.1); `null`: RFC 7505; `fixed`: a smart host, no MX is asked. */
  state: z.enum(['found', 'implicit', 'null', 'none', 'bogus', 'fixed']),
  /** DNSSEC vouches for the list of hosts: without, DANE proves nothing of the domain (RFC 7672 §2.2.1). */
  secure: z.boolean(),
  hosts: z.array(z.strictObject({ name: domainSchema, dane: daneSchema })),
});

/** The three result types of a policy that could not be had (RFC 8460 §4.3.2.2). */
export const STS_ERRORS = ['sts-policy-fetch-error', 'sts-policy-invalid', 'sts-webpki-invalid'] as const;

const stsErrorSchema = z.strictObject({ resultType: z.enum(STS_ERRORS), reason: z.string().min(1) });

const stsSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('none') }),
  z.strictObject({
    state: z.literal('policy'),
    mode: z.enum(['enforce', 'testing', 'none']),
    /** The policy's lines as declared, for policy-string (RFC 8460 §4.5). */
    lines: z.array(z.string()),
    /** The `mx` patterns, A-labels in lower case. */
    mx: z.array(z.string()),
    /** The policy stands in the cache, and fetching it anew failed (RFC 8461 §6). */
    refreshError: stsErrorSchema.optional(),
  }),
  /** The domain announces a policy that could not be had, and none is cached. */
  z.strictObject({ state: z.literal('error'), error: stsErrorSchema }),
]);

/**
 * The policies of one domain as found at one time. It holds only what a report says or a verdict needs, so that what
 * changes without consequence (an MX preference, a policy id) makes no new snapshot.
 */
export const snapshotSchema = z.strictObject({
  version: z.literal(1),
  domain: domainSchema,
  /** `none`: nobody looked (`--policies none`); only what the log proves counts. */
  origin: z.enum(['found', 'none']),
  mx: mxSchema,
  sts: stsSchema,
});

export type Snapshot = z.infer<typeof snapshotSchema>;
/** What DANE demands at the MX hosts. */
export type Dane = z.infer<typeof daneSchema>;
/** The MX hosts of a domain. */
export type Mx = z.infer<typeof mxSchema>;
/** What MTA-STS demands. */
export type Sts = z.infer<typeof stsSchema>;
/** Why an announced MTA-STS policy could not be had, or not anew. */
export type StsError = z.infer<typeof stsErrorSchema>;

/** The snapshot of a domain nobody looked up: it closes the question without an answer. */
export function emptySnapshot(domain: string): Snapshot {
  return {
    version: 1,
    domain,
    origin: 'none',
    mx: { state: 'none', secure: false, hosts: [] },
    sts: { state: 'none' },
  };
}

/** The content address of a snapshot: SHA-256 (hex) of its canonical JSON. */
export function snapshotId(snapshot: Snapshot): string {
  return createHash('sha256').update(canonicalJson(snapshot)).digest('hex');
}

/** A snapshot as the ledger keeps it. */
export function snapshotJson(snapshot: Snapshot): JsonValue {
  return JSON.parse(canonicalJson(snapshot)) as JsonValue;
}

/** JSON with sorted keys and no blanks, so that equal values are equal bytes. */
export function canonicalJson(value: JsonValue | Snapshot): string {
  return JSON.stringify(value, (_key, inner: unknown) => sortedKeys(inner));
}

function sortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
