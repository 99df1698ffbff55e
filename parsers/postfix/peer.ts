import { isLoopback, toAddress, toDomain } from 'maillog-tlsrpt/parser';
import { isPrivate } from './private-address.ts';

/** A DNS name's longest text form. */
const LONGEST_HOST = 255;
/** An IPv6 address with a zone id, or the path of a socket. */
const LONGEST_ADDRESS = 120;

/** A receiver as Postfix writes it, `H[A]:port` or `H[A]`, and the offset behind it. Not yet judged. */
export interface PeerText {
  /** `H[A]` in lower case: a delivery line keeps the case that DNS has, a summary of the same server does not. */
  readonly name: string;
  /** Digits; empty where the line names no port. */
  readonly port: string;
  readonly end: number;
}

/**
 * Reads the receiver that begins at `start` (postfix: smtp_session.c, namaddrport). Host names and addresses hold no
 * bracket, so the first `]` ends it whatever a peer's text behind it says.
 */
export function readPeer(text: string, start: number): PeerText | undefined {
  const open = text.indexOf('[', start);
  if (open <= start || open - start > LONGEST_HOST) return undefined;
  const close = text.indexOf(']', open);
  if (close < 0 || close - open > LONGEST_ADDRESS) return undefined;
  const name = text.slice(start, close + 1).toLowerCase();
  if (name.includes(' ')) return undefined;
  let end = close + 1;
  if (text[end] !== ':') return { name, port: '', end };
  const portStart = end + 1;
  end = portStart;
  while (isDigit(text.charCodeAt(end))) end += 1;
  if (end === portStart || end - portStart > 5) return { name, port: '', end: close + 1 };
  return { name, port: text.slice(portStart, end), end };
}

/** A receiver that a session may name. */
export interface Peer {
  /** A-label, lower case. */
  readonly host: string;
  /** Bare address. */
  readonly address: string;
  /** Not of this host's own network: neither loopback nor private. */
  readonly public: boolean;
}

/**
 * The host and address of `H[A]`; undefined for what no TLS report can name: sockets (A is a path) and address
 * literals (H is an address; postfix: smtp_connect.c skips TLSRPT for them).
 */
function toPeer(name: string): Peer | undefined {
  const open = name.indexOf('[');
  const host = toDomain(name.slice(0, open));
  const address = toAddress(name.slice(open + 1, -1));
  if (host === undefined || address === undefined) return undefined;
  return { host, address, public: !isLoopback(address) && !isPrivate(address) };
}

const MOST_PEERS = 10_000;

/** {@link toPeer} of names that come again and again. */
export class PeerCache {
  readonly #known = new Map<string, Peer | undefined>();

  of(name: string): Peer | undefined {
    const known = this.#known.get(name);
    if (known !== undefined || this.#known.has(name)) return known;
    const peer = toPeer(name);
    if (this.#known.size >= MOST_PEERS) this.#known.clear();
    this.#known.set(name, peer);
    return peer;
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
