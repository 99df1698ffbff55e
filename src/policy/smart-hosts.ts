import type { Config } from '../config.ts';
import { toDomain } from '../domain.ts';

const SMTP_PORT = 25;

/**
 * The next hops that are hosts, not domains, with their ports: `[smtp.isp.example]:587`. Without brackets the MX
 * records of the name are asked (postfix: relayhost), so such a name is a domain like any other.
 */
export function smartHostPorts(
  logs: readonly Pick<Config['logs'][number], 'relayhosts' | 'fallback-relays'>[],
): Map<string, number> {
  const ports = new Map<string, number>();
  for (const log of logs) {
    for (const relay of [...log.relayhosts, ...log['fallback-relays']]) {
      const match = /^(?:smtp:)?\[([^\]]+)\](?::(\d{1,5}|smtp|submission))?$/.exec(relay.trim());
      const domain = toDomain(match?.[1] ?? '');
      if (domain !== undefined) ports.set(domain, portNumber(match?.[2]));
    }
  }
  return ports;
}

function portNumber(text: string | undefined): number {
  if (text === undefined || text === 'smtp') return SMTP_PORT;
  return text === 'submission' ? 587 : Number(text);
}
