import type { TallyKey } from '../ledger/ledger.ts';
import type { Attributed, Honours } from './attribute.ts';
import { matchesMx } from './mx-pattern.ts';
import type { Sts } from './snapshot.ts';

/** The reason of a session with a host the policy does not list; RFC 8460 has no result type for it. */
const MX_NOT_IN_POLICY = 'mx-not-in-sts-policy';

/**
 * A session the log calls a success, judged against the STS policy: mail is delivered in testing mode whatever the
 * certificate, and still it is a failure (RFC 8461 §5).
 */
export function rejudge(
  logged: Attributed,
  tally: TallyKey,
  sts: Extract<Sts, { state: 'policy' }>,
  honours: Honours,
): Attributed {
  if (logged.outcome === 'failure') return logged;
  const { policy } = logged;
  if (tally.receivingMxHostname !== undefined && !matchesMx(tally.receivingMxHostname, sts.mx)) {
    return {
      policy,
      outcome: 'failure',
      resultType: 'validation-failure',
      failureReasonCode: MX_NOT_IN_POLICY,
    };
  }
  const bad = sts.mode === 'testing' ? certificateFault(tally, honours) : undefined;
  if (bad === undefined) return logged;
  return { policy, outcome: 'failure', resultType: 'certificate-not-trusted', failureReasonCode: bad };
}

/** A reason of ours, from a closed list; undefined where the log does not prove a bad certificate. */
function certificateFault(tally: TallyKey, honours: Honours): string | undefined {
  if (tally.peerTrust === 'anonymous') return 'no-certificate';
  return tally.peerTrust === 'untrusted' && honours.trustAnchors ? 'untrusted-certificate' : undefined;
}
