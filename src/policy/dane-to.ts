import type { Config } from '../config.ts';
import type { TallyKey } from '../ledger/ledger.ts';
import type { Attributed } from './attribute.ts';

/** Who gets DANE results: the recipient domain, as Postfix does it, the domain of the MX host, or both. */
export type DaneTo = Config['report']['dane-to'];

/**
 * The results of a tally that belong into the report of a domain. RFC 8460 §1.1 calls the TLSA base domain the policy
 * domain of DANE, so its own `_smtp._tls` record may ask for them; all other results are the recipient domain's.
 */
export function resultsFor(
  reportDomain: string,
  tally: TallyKey,
  results: readonly Attributed[],
  daneTo: DaneTo,
): readonly Attributed[] {
  const own = tally.recipientDomain === reportDomain;
  if (own && daneTo === 'recipient') return results;
  return results.filter(({ policy }) => {
    if (policy.type !== 'tlsa') return own;
    return (own && daneTo !== 'mx') || (daneTo !== 'recipient' && policy.domain === reportDomain);
  });
}
