import { isIP } from 'node:net';
import { z } from 'zod';

const DNS_PORT = 53;

/**
 * A DNS server as people write it: `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:53`; undefined for
 * anything else. A name would need a resolver to find it.
 */
export function readDnsServer(text: string): { readonly address: string; readonly port: number } | undefined {
  if (isIP(text) !== 0) return { address: text, port: DNS_PORT };
  const match = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? DNS_PORT);
  return isIP(address) === 0 || !isPort(port) ? undefined : { address, port };
}

/** What {@link readDnsServer} takes, for messages. */
export const DNS_SERVER_FORM =
  'an address, with or without a port: 127.0.0.1, 192.0.2.1:5353, [2001:db8::1]:53';

/** One DNS server. */
export const dnsServer = z
  .string()
  .refine((text) => readDnsServer(text) !== undefined, `must be ${DNS_SERVER_FORM}`);

/** The way mail leaves: `sendmail`, or a server as `smtp://host:port`. */
export const wayOut = z
  .string()
  .refine(
    isWayOut,
    'must be "sendmail", "smtp://host:port" or "smtps://host:port", the port being one from 1 to 65535',
  );

function isWayOut(text: string): boolean {
  if (text === 'sendmail') return true;
  const match = /^smtps?:\/\/(?:\[([0-9a-fA-F:.]+)\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null || (match[2] !== undefined && !isPort(Number(match[2])))) return false;
  return match[1] === undefined || isIP(match[1]) === 6;
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

/** What {@link isLedgerPlace} takes, for messages. */
export const LEDGER_FORM = 'a directory, or postgres://USER@HOST/DATABASE';

/** Whether a text can name a ledger. Any other URL would be made as a directory of that name. */
export function isLedgerPlace(text: string): boolean {
  if (text === '') return false;
  return /^postgres(?:ql)?:\/\//.test(text) || !/^[A-Za-z][A-Za-z0-9+.-]*:\//.test(text);
}

/** Where the ledger is. */
export const ledgerPlace = z
  .string()
  .refine(isLedgerPlace, `must be ${LEDGER_FORM}: there is no other kind of ledger`);
