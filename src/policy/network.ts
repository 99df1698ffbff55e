import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Witness } from '../witness.ts';
import type { Resolver } from './dns.ts';
import { createResolver } from './dns-client.ts';
import { dnsServers } from './resolv-conf.ts';
import { toldResolver } from './told-resolver.ts';

/**
 * The resolver the config asks for, with its servers, patience and bounds.
 * @throws Problem (config) for a server that is none.
 */
export async function configuredResolver(
  dns: Config['dns'],
  clock: Clock,
  { tell }: Witness = {},
): Promise<Resolver> {
  const resolver = createResolver({
    servers: await dnsServers(dns.servers),
    clock,
    timeoutMs: dns.timeout,
    concurrency: dns.concurrency,
    rate: dns.rate,
  });
  return tell === undefined ? resolver : toldResolver(resolver, tell);
}
