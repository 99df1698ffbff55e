import type { TallyKey } from '../ledger/ledger.ts';
import type { Policy } from '../policy.ts';
import type { Honours } from './attribute.ts';
import type { Snapshot } from './snapshot.ts';

const DANE_TYPES: readonly string[] = ['tlsa-invalid', 'dnssec-invalid', 'dane-required'];

/**
 * The TLSA policy of a session, or undefined where DANE did not apply. The log is believed first, then the snapshot,
 * and the snapshot only where the log does not contradict it.
 */
export function daneOf(
  tally: TallyKey,
  snapshot: Snapshot | undefined,
  honours: Honours,
): Policy | undefined {
  const host = snapshot?.mx.hosts.find(({ name }) => name === tally.receivingMxHostname);
  const secure = host?.dane.state === 'secure' ? host.dane : undefined;
  const proven =
    tally.policyTypeHint === 'tlsa' ||
    (tally.policyTypeHint === undefined && DANE_TYPES.includes(tally.resultType ?? ''));
  const applied =
    proven ||
    (honours.dane &&
      secure !== undefined &&
      (snapshot?.mx.secure === true || honoursUnsignedMx(tally, honours)) &&
      agreesWithDane(tally, secure.usable, snapshot?.mx.secure === true));
  if (!applied) return undefined;
  return {
    type: 'tlsa',
    strings: secure === undefined ? [] : [...secure.records],
    domain: secure?.baseDomain ?? tally.receivingMxHostname ?? tally.recipientDomain,
    mxHosts: [],
  };
}

/** Only Postfix knows DANE for hosts of an unsigned MX list (smtp_tls_dane_insecure_mx_policy). */
function honoursUnsignedMx(tally: TallyKey, honours: Honours): boolean {
  return honours.halfDane === true && tally.parser === 'postfix';
}

/** Whether the log leaves room for DANE: a session that DANE would have prevented shows that it did not apply. */
function agreesWithDane(tally: TallyKey, usable: boolean, mxSecure: boolean): boolean {
  if (tally.policyTypeHint !== undefined || wentInClear(tally)) return false;
  if (tally.outcome === 'failure') return true;
  // With unusable records MTAs encrypt without authentication and say so, or count no policy (postfix: dane_init).
  if (!usable) return false;
  return !mxSecure || tally.peerTrust === undefined || tally.peerTrust === 'verified';
}

/**
 * Whether the domain's MTA-STS policy may have applied: the MTA honours STS, and the log does not rule it out.
 * `testing` rules nothing out, for it changes no delivery (RFC 8461 §5).
 */
export function stsMayApply(tally: TallyKey, snapshot: Snapshot | undefined, honours: Honours): boolean {
  if (snapshot === undefined || snapshot.sts.state === 'none') return false;
  const hint = tally.policyTypeHint;
  if (hint === 'sts') return true;
  if (!honours.mtaSts || (hint === 'tlsa' && honours.both !== true)) return false;
  if (snapshot.sts.state === 'error') return true;
  if (snapshot.sts.mode === 'none') return false;
  return snapshot.sts.mode === 'testing' || agreesWithEnforce(tally);
}

function agreesWithEnforce(tally: TallyKey): boolean {
  if (wentInClear(tally)) return false;
  // The MTA named the level in force, and may or encrypt is not what STS sets. Exim's hint speaks of DANE only.
  if (tally.policyTypeHint === 'no-policy-found' && tally.parser !== 'exim') return false;
  if (tally.outcome === 'failure' || tally.peerTrust === undefined) return true;
  if (tally.peerTrust === 'verified') return true;
  // Postfix says Verified wherever a match was demanded and met; Exim knows no such word.
  return tally.peerTrust === 'trusted' && tally.parser !== 'postfix';
}

/** A delivery in clear text: no policy that demands TLS can have been in force. */
function wentInClear(tally: TallyKey): boolean {
  return tally.resultType === 'starttls-not-supported' && tally.basis === 'inferred';
}
