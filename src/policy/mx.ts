import { toDomain } from '../domain.ts';
import { isAbsent, isFault, type Resolver, type Unanswered } from './dns.ts';
import type { Mx } from './snapshot.ts';

/** More hosts than any domain runs; a stranger's list is not followed without end. */
const MAX_HOSTS = 50;

/** One mail exchanger. */
export interface MxHost {
  /** As the MX record names it: an A-label in lower case. */
  readonly name: string;
  readonly preference: number;
}

/** The hosts that take a domain's mail, and whether DNSSEC vouches for the list. */
export type MxFinding =
  | {
      readonly kind: 'found';
      readonly state: Mx['state'];
      readonly secure: boolean;
      readonly hosts: readonly MxHost[];
    }
  | Unanswered;

/**
 * Finds the MX hosts of a domain by preference, with the implicit MX (RFC 5321 §5.1), the null MX (RFC 7505) and
 * domains that are aliases (RFC 7672 §2.2.1: the whole chain must be secure).
 */
export async function findMx(resolver: Resolver, domain: string): Promise<MxFinding> {
  const answer = await resolver.lookup(domain, 'MX');
  if (answer.kind === 'temporary') return answer;
  if (answer.kind === 'bogus') return found('bogus', false, []);
  if (answer.kind === 'nxdomain') return found('none', answer.secure, []);
  if (answer.kind === 'nodata') return implicitMx(resolver, domain, answer.secure);
  const named = answer.records.filter(({ exchange }) => exchange !== '');
  if (named.length === 0) return found('null', answer.secure, []);
  const byName = new Map<string, MxHost>();
  for (const { exchange, preference } of [...named].sort((a, b) => a.preference - b.preference)) {
    const name = toDomain(exchange);
    if (name !== undefined && !byName.has(name)) byName.set(name, { name, preference });
  }
  return found('found', answer.secure, [...byName.values()].slice(0, MAX_HOSTS));
}

async function implicitMx(resolver: Resolver, domain: string, secure: boolean): Promise<MxFinding> {
  const [v4, v6] = await Promise.all([resolver.lookup(domain, 'A'), resolver.lookup(domain, 'AAAA')]);
  if (v4.kind === 'answer' || v6.kind === 'answer') {
    return found('implicit', secure, [{ name: domain, preference: 0 }]);
  }
  if (isAbsent(v4) && isAbsent(v6)) return found('none', secure, []);
  const fault = isFault(v4) ? v4 : v6;
  if (fault.kind === 'temporary') return fault;
  return found('bogus', false, []);
}

function found(state: Mx['state'], secure: boolean, hosts: readonly MxHost[]): MxFinding {
  return { kind: 'found', state, secure, hosts };
}
