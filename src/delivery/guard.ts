import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import { toAddress } from '../domain.ts';
import { isPublicAddress } from '../public-address.ts';

/** Finds the addresses of a host name; an empty list where it has none. Throws where nobody could be asked. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** More are not tried: a name with hundreds of addresses is no mail receiver. */
const MAX_ADDRESSES = 8;

/** The verdict on a host that a stranger chose. */
export type Admission =
  | {
      readonly kind: 'admitted';
      /** The checked addresses; connect to these and to no others. */
      readonly addresses: readonly string[];
    }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Decides who may be contacted: a host is refused if any of its addresses is not public, for a name that
 * mixes both is up to no good.
 * @param allowPrivate for tests on loopback
 */
export async function admit(host: string, resolve: Resolve, allowPrivate: boolean): Promise<Admission> {
  const literal = toAddress(host);
  let addresses: readonly string[];
  try {
    addresses = literal === undefined ? await resolve(host) : [literal];
  } catch (error) {
    return { kind: 'unknown', reason: `the name ${host} could not be looked up: ${lookupReason(error)}` };
  }
  if (addresses.length === 0) return { kind: 'unknown', reason: `the name ${host} has no address` };
  const hidden = addresses.find((address) => isIP(address) === 0 || !isPublicAddress(address));
  if (hidden !== undefined && !allowPrivate)
    return { kind: 'refused', reason: `${host} leads to ${hidden}, which is no public address` };
  return { kind: 'admitted', addresses: addresses.slice(0, MAX_ADDRESSES) };
}

/** Asks the configured resolvers (`dns.servers`; the system's where none is given); /etc/hosts has no say. */
export function systemResolve(servers: readonly string[]): Resolve {
  const resolver = new dns.Resolver({ timeout: 5000, tries: 2 });
  if (servers.length > 0) resolver.setServers([...servers]);
  return async (host) => {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length > 0) return found;
    for (const answer of answers)
      if (answer.status === 'rejected' && !isAbsence(answer.reason)) throw answer.reason;
    return [];
  };
}

function isAbsence(error: unknown): boolean {
  return ['ENOTFOUND', 'ENODATA'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function lookupReason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
