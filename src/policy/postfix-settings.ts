import { toAddress } from '../domain.ts';

/** All that is asked of `postconf -x`; those an old version does not know are left out of its answer. */
export const POSTFIX_PARAMETERS = [
  'mail_version',
  'smtp_tls_security_level',
  'smtp_use_tls',
  'smtp_enforce_tls',
  'smtp_dns_support_level',
  'smtp_tls_policy_maps',
  'smtp_tls_dane_insecure_mx_policy',
  'smtp_tls_loglevel',
  'relayhost',
  'smtp_fallback_relay',
  'smtp_bind_address',
  'smtp_bind_address6',
  'smtp_tlsrpt_enable',
] as const;

/** What Postfix's configuration says of outbound mail. */
export interface PostfixFacts {
  readonly version: string;
  readonly dane: boolean;
  /** TLSA records count for hosts of unsigned MX lists too (smtp_tls_dane_insecure_mx_policy). */
  readonly halfDane: boolean;
  readonly mtaSts: boolean;
  /** The `socketmap:` tables of smtp_tls_policy_maps: MTA-STS plugins that can be asked. */
  readonly policyServers: readonly string[];
  /** Next hops that stand for all domains: `[smtp.isp.example]:587`. */
  readonly relayhosts: readonly string[];
  readonly fallbackRelays: readonly string[];
  /** smtp_tls_loglevel. */
  readonly tlsLogLevel: number;
  readonly bindAddress?: string;
  readonly bindAddress6?: string;
  /** False where nothing at all asks for TLS: every delivery then goes in clear text. */
  readonly triesTls: boolean;
  /** smtp_tlsrpt_enable: Postfix may report by itself. */
  readonly nativeTlsrpt: boolean;
}

/** Reads the `name = value` lines of `postconf -x`. */
export function readPostfix(text: string): PostfixFacts {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([a-z0-9_]+) =[ \t]*(.*)$/.exec(line);
    if (match?.[1] !== undefined) values.set(match[1], (match[2] ?? '').trim());
  }
  const value = (name: (typeof POSTFIX_PARAMETERS)[number]): string => values.get(name) ?? '';
  const policyServers = listOf(value('smtp_tls_policy_maps')).filter((map) => map.startsWith('socketmap:'));
  const level = value('smtp_tls_security_level');
  // postfix-tlspol hands out DANE levels through the table, whatever the main level is.
  const daneLevel =
    level === 'dane' || level === 'dane-only' || policyServers.some((map) => /:QUERY\w*$/.test(map));
  const dane = daneLevel && value('smtp_dns_support_level') === 'dnssec';
  const bindAddress = toAddress(value('smtp_bind_address'));
  const bindAddress6 = toAddress(value('smtp_bind_address6'));
  return {
    version: value('mail_version'),
    dane,
    halfDane: dane && value('smtp_tls_dane_insecure_mx_policy') === 'dane',
    mtaSts: policyServers.length > 0,
    policyServers,
    relayhosts: listOf(value('relayhost')),
    fallbackRelays: listOf(value('smtp_fallback_relay')),
    tlsLogLevel: Number(/^\d/.exec(value('smtp_tls_loglevel'))?.[0] ?? 0),
    ...(bindAddress !== undefined && { bindAddress }),
    ...(bindAddress6 !== undefined && { bindAddress6 }),
    triesTls: level !== '' ? level !== 'none' || value('smtp_tls_policy_maps') !== '' : asksForTls(value),
    nativeTlsrpt: value('smtp_tlsrpt_enable') === 'yes',
  };
}

/** Without a level the older parameters count (postfix: smtp.c, TLS_README). */
function asksForTls(value: (name: (typeof POSTFIX_PARAMETERS)[number]) => string): boolean {
  return (
    value('smtp_use_tls') === 'yes' ||
    value('smtp_enforce_tls') === 'yes' ||
    value('smtp_tls_policy_maps') !== ''
  );
}

function listOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((item) => item !== '');
}
