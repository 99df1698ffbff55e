import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * The A-label form of a domain name as reports need it: lower case, no trailing dot (RFC 8460 §4.4, UTS 46).
 * @returns undefined for whatever is no domain name: addresses, address literals, empty or over-long names.
 */
export function toDomain(text: string): string | undefined {
  const trimmed = text.endsWith('.') ? text.slice(0, -1) : text;
  if (trimmed === '' || trimmed.length > 253 || isIP(trimmed) !== 0) return undefined;
  const ascii = isPlainAscii(trimmed) ? trimmed.toLowerCase() : domainToASCII(trimmed);
  return isDomain(ascii) ? ascii : undefined;
}

/** Whether the text is a domain name in A-label form, lower case, without a trailing dot. */
export function isDomain(text: string): boolean {
  if (text === '' || text.length > 253) return false;
  const labels = text.split('.');
  const last = labels[labels.length - 1] ?? '';
  return labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(last);
}

/** An IPv4 or IPv6 address in the form reports use: no brackets, no zone id, IPv6 as RFC 5952 writes it. */
export function toAddress(text: string): string | undefined {
  const bare = text.replace(/^\[|\]$/g, '').replace(/^IPv6:/i, '');
  const zone = bare.indexOf('%');
  const address = zone === -1 ? bare : bare.slice(0, zone);
  const kind = isIP(address);
  if (kind === 0) return undefined;
  return kind === 4 ? address : canonicalIpv6(address);
}

/** Whether a session's receiver is this very machine: content filters and the like are no sessions. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.');
}

/** RFC 5952: the URL parser writes IPv6 so, except that it prints mapped addresses in hex, as we then do too. */
function canonicalIpv6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

function isPlainAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7e) return false;
  return true;
}
