import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Resolver, Unanswered } from './dns.ts';
import type { Fetched } from './mta-sts-fetch.ts';
import { readStsPolicy, type StsPolicy } from './mta-sts-policy.ts';
import type { AskPolicyServer } from './policy-server.ts';
import { STS_ERRORS, type Sts, type StsError } from './snapshot.ts';
import { findStsRecord, type StsRecord } from './sts-record.ts';

/** RFC 8461 §3.3: after a failed fetch the same id is left alone for so long. */
const RETRY_MS = 5 * 60_000;
const POLICY = 'mta-sts-policy';
const FAILURE = 'mta-sts-failure';

const cachedPolicySchema = z.strictObject({ id: z.string(), body: z.string() });
const cachedFailureSchema = z.strictObject({
  id: z.string(),
  resultType: z.enum(STS_ERRORS),
  reason: z.string(),
  detail: z.string(),
});

/** What finding a domain's MTA-STS policy needs. */
export interface StsDeps {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly ledger: Pick<Ledger, 'cached' | 'cache'>;
  /** Fetches the policy of a domain: `fetchStsPolicy` with its options. */
  readonly fetchPolicy: (domain: string) => Promise<Fetched>;
  /** What Postfix's policy server told it; absent where there is none. */
  readonly askServer?: AskPolicyServer;
}

/** What was found of a domain's MTA-STS, for the snapshot and for people. */
export type StsFinding =
  | {
      readonly kind: 'found';
      readonly sts: Sts;
      readonly record: StsRecord;
      readonly policy?: StsPolicy;
      /** `fetched` in this pass, `cached` from an earlier one, or what Postfix's policy `server` told it. */
      readonly source?: 'fetched' | 'cached' | 'server';
      /** What exactly was wrong, for people; the snapshot keeps the short reason. */
      readonly detail?: string;
    }
  | Unanswered;

type Failure = StsError & { readonly detail: string };
type Got =
  | { readonly kind: 'policy'; readonly policy: StsPolicy }
  | { readonly kind: 'failure'; readonly failure: Failure }
  | Unanswered;

/**
 * Finds the MTA-STS policy of a domain (RFC 8461 §3): announced by TXT, fetched by HTTPS when its id is new or the
 * cached one has expired. A policy in the cache applies until it expires, whatever fails or vanishes meanwhile.
 */
export async function findSts(deps: StsDeps, domain: string): Promise<StsFinding> {
  const told = await deps.askServer?.(domain);
  if (told?.kind === 'sts') return fromServer(told.sts);
  if (told?.kind === 'none') return fromServer({ state: 'none' });
  const record = await findStsRecord(deps.resolver, domain);
  const cached = await cachedPolicy(deps, domain);
  if (record.kind !== 'record') {
    if (cached !== undefined) return found(record, cached.policy, 'cached');
    if (record.kind === 'temporary') return record;
    return { kind: 'found', sts: { state: 'none' }, record };
  }
  if (cached?.id === record.id) return found(record, cached.policy, 'cached');
  const got = await fetchOnce(deps, domain, record.id);
  if (got.kind === 'policy') return found(record, got.policy, 'fetched');
  if (cached === undefined) return got.kind === 'temporary' ? got : broken(record, got.failure);
  // RFC 8461 §6: that a policy in force could not be renewed is to be reported, unless its mode is none.
  if (got.kind === 'temporary' || cached.policy.mode === 'none')
    return found(record, cached.policy, 'cached');
  return found(record, cached.policy, 'cached', got.failure);
}

/** What was in force is better known by who handed it out than by looking again. */
function fromServer(sts: Sts): StsFinding {
  return { kind: 'found', sts, record: { kind: 'none', reason: 'not asked' }, source: 'server' };
}

async function fetchOnce(deps: StsDeps, domain: string, id: string): Promise<Got> {
  const failure = await cachedFailure(deps, domain, id);
  if (failure !== undefined) return { kind: 'failure', failure };
  const fetched = await deps.fetchPolicy(domain);
  if (fetched.kind === 'temporary') return { ...fetched, answered: false };
  if (fetched.kind === 'error') {
    const { resultType, reason } = fetched;
    return rememberFailure(deps, domain, id, { resultType, reason, detail: reason });
  }
  const reading = readStsPolicy(fetched.body);
  if (reading.kind === 'invalid') {
    const { reason, detail } = reading;
    return rememberFailure(deps, domain, id, { resultType: 'sts-policy-invalid', reason, detail });
  }
  const body = Buffer.from(fetched.body).toString('utf8');
  const until = deps.clock.now() + reading.policy.maxAge * 1000;
  await deps.ledger.cache(POLICY, domain, { id, body }, until);
  return { kind: 'policy', policy: reading.policy };
}

async function rememberFailure(deps: StsDeps, domain: string, id: string, failure: Failure): Promise<Got> {
  await deps.ledger.cache(FAILURE, domain, { id, ...failure }, deps.clock.now() + RETRY_MS);
  return { kind: 'failure', failure };
}

async function cachedPolicy(
  deps: StsDeps,
  domain: string,
): Promise<{ readonly id: string; readonly policy: StsPolicy } | undefined> {
  const row = await deps.ledger.cached(POLICY, domain);
  if (row === undefined || row.until <= deps.clock.now()) return undefined;
  const value = cachedPolicySchema.safeParse(row.value);
  if (!value.success) return undefined;
  const reading = readStsPolicy(Buffer.from(value.data.body, 'utf8'));
  return reading.kind === 'policy' ? { id: value.data.id, policy: reading.policy } : undefined;
}

async function cachedFailure(deps: StsDeps, domain: string, id: string): Promise<Failure | undefined> {
  const row = await deps.ledger.cached(FAILURE, domain);
  if (row === undefined || row.until <= deps.clock.now()) return undefined;
  const value = cachedFailureSchema.safeParse(row.value);
  if (!value.success || value.data.id !== id) return undefined;
  const { resultType, reason, detail } = value.data;
  return { resultType, reason, detail };
}

function found(
  record: StsRecord,
  policy: StsPolicy,
  source: 'fetched' | 'cached',
  failure?: Failure,
): StsFinding {
  const { mode, lines, mx } = policy;
  return {
    kind: 'found',
    sts: {
      state: 'policy',
      mode,
      lines: [...lines],
      mx: [...mx],
      ...(failure !== undefined && {
        refreshError: { resultType: failure.resultType, reason: failure.reason },
      }),
    },
    record,
    policy,
    source,
    ...(failure !== undefined && { detail: failure.detail }),
  };
}

function broken(record: StsRecord, failure: Failure): StsFinding {
  const { resultType, reason, detail } = failure;
  return { kind: 'found', sts: { state: 'error', error: { resultType, reason } }, record, detail };
}
