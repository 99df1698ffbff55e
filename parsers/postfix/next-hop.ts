import { toDomain } from 'maillog-tlsrpt/parser';
import type { NextHop } from './options.ts';
import type { Peer } from './peer.ts';

/**
 * The domain a connection's report is for: Postfix reports on the next hop, which is the recipient's domain unless
 * the peer is a configured smart host or fallback relay (postfix: smtp_connect.c).
 * @returns undefined where no report can be: address literals, or a recipient without a domain.
 */
export function nextHopDomain(
  peer: Peer | undefined,
  port: string,
  recipientDomain: string | undefined,
  nextHops: readonly NextHop[],
): string | undefined {
  if (peer !== undefined) {
    for (const hop of nextHops) if (leadsTo(hop, peer, port)) return hop.domain;
  }
  return recipientDomain;
}

/** Whether the server is one of a configured next hop. */
export function isConfigured(peer: Peer, port: string, nextHops: readonly NextHop[]): boolean {
  return nextHops.some((hop) => leadsTo(hop, peer, port));
}

/** Without brackets a next hop means the MX hosts of a domain; those that lie in it can be told by their names. */
function leadsTo(hop: NextHop, peer: Peer, port: string): boolean {
  if (port !== '' && hop.port !== '' && port !== hop.port) return false;
  if (peer.host === hop.host || peer.address === hop.host) return true;
  return !hop.exact && hop.domain !== undefined && peer.host.endsWith(`.${hop.domain}`);
}

/** The domain of a next hop as Postfix prints it in warnings: `example.org`, `[mx.example.org]:587`. */
export function printedDomain(text: string): string | undefined {
  const match = /^(?:\[([^\]\s]+)\]|([^:[\]\s]+))(?::[a-z0-9]{1,20})?$/i.exec(text);
  const name = match?.[1] ?? match?.[2];
  return name === undefined ? undefined : toDomain(name);
}

/** The domain of a recipient address; undefined for an address literal or an address without a domain. */
export function recipientDomain(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  return at < 0 ? undefined : toDomain(withoutOctal(address.slice(at + 1)));
}

/** rsyslog can turn bytes beyond ASCII into `#303#274`; a domain holds no other `#`. */
function withoutOctal(text: string): string {
  if (!text.includes('#')) return text;
  return text.replace(/(?:#[23][0-7]{2})+/g, (escaped) => {
    const bytes = escaped.slice(1).split('#');
    return new TextDecoder().decode(Uint8Array.from(bytes, (digits) => Number.parseInt(digits, 8)));
  });
}
