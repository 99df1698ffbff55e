import { toDomain } from 'maillog-tlsrpt/parser';
import type { Relayhost } from './options.ts';

/**
 * The domain of a final address (R2): what stands behind its last `@`, for a local part may hold one.
 * @returns undefined for address literals and for addresses without a domain.
 */
export function recipientDomain(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  return at < 0 ? undefined : toDomain(address.slice(at + 1));
}

/** The host name of `H=name [ip]`; a bare address repeated there names no host. */
export function hostName(name: string): string | undefined {
  return toDomain(name);
}

/** With a smart host the next hop stands for the recipient's domain (R11). */
export function nextHopDomain(
  recipient: string | undefined,
  name: string | undefined,
  ip: string,
  relayhosts: readonly Relayhost[],
): string | undefined {
  const relay = relayOf(name, ip, relayhosts);
  return relay === undefined ? recipient : relay.domain;
}

/** The configured smart host that a host is, or is an MX of. */
export function relayOf(
  name: string | undefined,
  ip: string,
  relayhosts: readonly Relayhost[],
): Relayhost | undefined {
  return relayhosts.find((relay) => relay.host === ip || (name !== undefined && leadsTo(relay, name)));
}

function leadsTo(relay: Relayhost, name: string): boolean {
  return relay.host === name || (!relay.exact && name.endsWith(`.${relay.host}`));
}
