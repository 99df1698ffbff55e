import type { Config, LogConfig } from '../config.ts';
import type { CommonOptions } from '../parser.ts';
import type { PostfixFacts } from '../policy/postfix-settings.ts';

type HostOptions = Pick<CommonOptions, 'relayhosts' | 'fallbackRelays' | 'sendingMtaIp' | 'tlsLogLevel'>;

/**
 * What the parser of a configured log is told: the config's words first, then what this host's Postfix says of itself.
 * @param postfix absent for logs of other hosts, and where it was not asked
 */
export function optionsOf(
  config: Config,
  log: LogConfig,
  postfix: PostfixFacts | undefined,
): CommonOptions & { readonly hosts: Readonly<Record<string, HostOptions>> } {
  const sendingIp = log['sending-mta-ip'];
  const level = log['tls-log-level'] ?? postfix?.tlsLogLevel;
  return {
    relayhosts: [...log.relayhosts, ...(postfix?.relayhosts ?? [])],
    fallbackRelays: [...log['fallback-relays'], ...(postfix?.fallbackRelays ?? [])],
    ownSender: config.mail.from ?? config.contact,
    // What was logged before the oldest rotation nobody knows.
    midStream: true,
    // A Postfix that is told to do without TLS delivers in clear text to everybody: no fault of theirs.
    ...(postfix?.triesTls === false && { inferPlaintext: false }),
    ...(sendingIp !== undefined && sendingIp !== 'auto' && { sendingMtaIp: sendingIp }),
    ...(level !== undefined && { tlsLogLevel: level }),
    hosts: Object.fromEntries(Object.entries(log.hosts).map(([name, host]) => [name, hostOptions(host)])),
    ...log.options,
  };
}

/** One host of a collector's file; what it leaves out is as for the whole log. */
function hostOptions(host: LogConfig['hosts'][string]): HostOptions {
  const sendingIp = host['sending-mta-ip'];
  const level = host['tls-log-level'];
  return {
    ...(host.relayhosts !== undefined && { relayhosts: host.relayhosts }),
    ...(host['fallback-relays'] !== undefined && { fallbackRelays: host['fallback-relays'] }),
    ...(sendingIp !== undefined && { sendingMtaIp: sendingIp }),
    ...(level !== undefined && { tlsLogLevel: level }),
  };
}
