import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { DNS_SERVER_FORM, readDnsServer } from '../config/addresses.ts';
import { EXIT, Problem } from '../errors.ts';

/** A resolver to ask. */
export interface DnsServer {
  readonly address: string;
  readonly port: number;
  /** Whether its AD bit is believed: it is on this host, or somebody said so. */
  readonly trusted: boolean;
}

const DNS_PORT = 53;
/** As in resolv.conf(5): further lines are ignored. */
const MAX_SERVERS = 3;

/** The resolvers of the config, else those of resolv.conf, else this host's own. */
export async function dnsServers(
  configured: readonly string[],
  path = '/etc/resolv.conf',
): Promise<DnsServer[]> {
  if (configured.length > 0) return configured.map(parseServer);
  let text = '';
  try {
    text = await readFile(path, 'utf8');
  } catch {
    // Absence is normal in containers; the C library then asks this host too.
  }
  return parseResolvConf(text);
}

/**
 * One server of the config: `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:53`. Its AD bit is believed.
 * @throws Problem with EXIT.config for anything else; a name would need a resolver to find it.
 */
export function parseServer(text: string): DnsServer {
  const server = readDnsServer(text);
  if (server === undefined) {
    throw new Problem(EXIT.config, `"${text}" is no DNS server`, {
      where: 'dns.servers',
      help: `allowed: ${DNS_SERVER_FORM}`,
    });
  }
  return { ...server, trusted: true };
}

/** The name servers of a resolv.conf(5); remote ones are believed only with `options trust-ad`. */
export function parseResolvConf(text: string): DnsServer[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const trustAd = lines.some((line) => /^options\s(?:.*\s)?trust-ad(?:\s|$)/.test(line));
  const servers: DnsServer[] = [];
  for (const line of lines) {
    const address = /^nameserver\s+(\S+)/.exec(line)?.[1];
    if (address === undefined || isIP(address) === 0 || servers.length === MAX_SERVERS) continue;
    servers.push({ address, port: DNS_PORT, trusted: trustAd || isLoopbackAddress(address) });
  }
  return servers.length > 0 ? servers : [{ address: '127.0.0.1', port: DNS_PORT, trusted: true }];
}

function isLoopbackAddress(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
