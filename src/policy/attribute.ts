import type { TallyKey } from '../ledger/ledger.ts';
import type { Policy } from '../policy.ts';
import type { ResultType } from '../result-type.ts';
import { rejudge } from './rejudge.ts';
import type { Snapshot } from './snapshot.ts';
import { daneOf, stsMayApply } from './what-applied.ts';

/** What the MTA that wrote a log enforces, and what that log could tell of certificates. */
export interface Honours {
  readonly dane: boolean;
  readonly mtaSts: boolean;
  /** Some peer was Trusted or Verified: only then does Untrusted tell anything of the peer. */
  readonly trustAnchors: boolean;
  /** TLSA records are honoured for hosts of an unsigned MX list too (postfix: smtp_tls_dane_insecure_mx_policy). */
  readonly halfDane?: boolean;
  /** `report.both`: DANE and STS side by side where both applied. */
  readonly both?: boolean;
}

/** A session as one entry of a report counts it. */
export interface Attributed {
  readonly policy: Policy;
  readonly outcome: 'success' | 'failure';
  /** Set for failures only. */
  readonly resultType?: ResultType;
  readonly failureReasonCode?: string;
  /** The fault came before any connection: the failure detail names neither MX nor addresses (RFC 8460 §4.4). */
  readonly beforeConnection?: true;
  /**
   * A failure detail beside the outcome that does not change it: a cached policy was met while fetching it anew
   * failed (RFC 8461 §6; RFC 8460 §4.3 lets types overlap). No MX and no address belong to it.
   */
  readonly also?: { readonly resultType: ResultType; readonly failureReasonCode?: string };
}

/**
 * The policy that applied to the sessions of a tally, and their outcome under it: the table in docs/attribution.md.
 * Pure; exactly one result, unless `honours.both` asks for DANE and STS side by side.
 */
export function attribute(
  tally: TallyKey,
  snapshot: Snapshot | undefined,
  honours: Honours,
): readonly Attributed[] {
  const dane = daneOf(tally, snapshot, honours);
  const sts = stsMayApply(tally, snapshot, honours) ? underSts(tally, snapshot, honours) : undefined;
  const proven = provenType(tally);
  if (proven === 'sts') return [sts ?? asLogged(tally, stsPolicy(tally, snapshot))];
  if (dane !== undefined) {
    const first = asLogged(tally, dane);
    return honours.both === true && sts !== undefined && !isDaneOnly(tally) ? [first, sts] : [first];
  }
  return [sts ?? asLogged(tally, noPolicy(tally))];
}

/** The policy type the log itself proves, by hint or by a result type only one policy can have. */
function provenType(tally: TallyKey): 'tlsa' | 'sts' | undefined {
  if (tally.policyTypeHint === 'tlsa' || tally.policyTypeHint === 'sts') return tally.policyTypeHint;
  return tally.resultType?.startsWith('sts-') === true ? 'sts' : undefined;
}

function isDaneOnly(tally: TallyKey): boolean {
  return ['tlsa-invalid', 'dnssec-invalid', 'dane-required'].includes(tally.resultType ?? '');
}

function underSts(tally: TallyKey, snapshot: Snapshot | undefined, honours: Honours): Attributed | undefined {
  if (snapshot === undefined || snapshot.sts.state === 'none') return undefined;
  const policy = stsPolicy(tally, snapshot);
  if (snapshot.sts.state === 'policy') {
    const result = rejudge(asLogged(tally, policy), tally, snapshot.sts, honours);
    const error = snapshot.sts.refreshError;
    // A session that failed for the policy itself has said so already.
    if (error === undefined || tally.resultType?.startsWith('sts-') === true) return result;
    return { ...result, also: { resultType: error.resultType, failureReasonCode: error.reason } };
  }
  // A session that failed by itself keeps its own reason: what it failed under is unknown, so no policy is named.
  if (tally.outcome === 'failure' && provenType(tally) !== 'sts') return undefined;
  if (tally.outcome === 'failure') return asLogged(tally, policy);
  const { resultType, reason } = snapshot.sts.error;
  // A match was demanded and met: the MTA knew a policy that we could not get.
  const matched = tally.peerTrust === 'verified' || tally.policyTypeHint === 'sts-or-local';
  if (matched) return { ...asLogged(tally, policy), also: { resultType, failureReasonCode: reason } };
  return { policy, outcome: 'failure', resultType, failureReasonCode: reason, beforeConnection: true };
}

function asLogged(tally: TallyKey, policy: Policy): Attributed {
  return {
    policy,
    outcome: tally.outcome,
    ...(tally.resultType !== undefined && { resultType: tally.resultType }),
    ...(tally.failureReasonCode !== undefined && { failureReasonCode: tally.failureReasonCode }),
  };
}

function noPolicy(tally: TallyKey): Policy {
  return { type: 'no-policy-found', strings: [], domain: tally.recipientDomain, mxHosts: [] };
}

function stsPolicy(tally: TallyKey, snapshot: Snapshot | undefined): Policy {
  const known = snapshot?.sts.state === 'policy' ? snapshot.sts : undefined;
  return {
    type: 'sts',
    strings: known === undefined ? [] : [...known.lines],
    domain: tally.recipientDomain,
    mxHosts: known === undefined ? [] : [...known.mx],
  };
}
