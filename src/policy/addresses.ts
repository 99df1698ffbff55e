import type { Resolve } from '../delivery/guard.ts';
import { isAbsent, type Resolver } from './dns.ts';

/** The addresses of a host could not be looked up. */
export class AddressLookupFailed extends Error {
  /** A server spoke and failed at this very name; else nobody could be asked at all. */
  readonly answered: boolean;
  constructor(reason: string, answered: boolean) {
    super(reason);
    this.answered = answered;
  }
}

/**
 * Finds addresses through our own resolver, for the guard: IPv4 first, an empty list where there are none.
 * The function throws {@link AddressLookupFailed} where neither kind could be asked for.
 */
export function addressResolver(resolver: Resolver): Resolve {
  return async (host) => {
    const answers = await Promise.all([resolver.lookup(host, 'A'), resolver.lookup(host, 'AAAA')]);
    const found = answers.flatMap((answer) => (answer.kind === 'answer' ? answer.records : []));
    if (found.length > 0) return found;
    for (const answer of answers) {
      if (answer.kind === 'answer' || isAbsent(answer)) continue;
      throw new AddressLookupFailed(answer.reason, answer.kind === 'bogus' || answer.answered);
    }
    return [];
  };
}
