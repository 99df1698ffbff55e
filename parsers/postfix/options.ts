import { toAddress, toDomain, z } from 'maillog-tlsrpt/parser';
import { PeerCache } from './peer.ts';

const nextHop = z
  .string()
  .refine(
    (text) => readNextHop(text) !== undefined,
    'must be a next hop as in main.cf: [host]:port, host:port or host',
  );

const address = z.string().refine((text) => toAddress(text) !== undefined, 'must be an IPv4 or IPv6 address');

const hostOptions = {
  relayhosts: z
    .array(nextHop)
    .optional()
    .describe('next hops that stand for the recipient domain, as in main.cf'),
  fallbackRelays: z.array(nextHop).optional().describe('as smtp_fallback_relay in main.cf'),
  sendingMtaIp: address.optional().describe('the address mail leaves from; no log line names it'),
  tlsLogLevel: z.int().min(0).max(4).nullish().describe('smtp_tls_loglevel, where it is known'),
};

/** The options of the Postfix parser; `hosts` overrides the others for single hosts of a collector's file. */
export const optionsSchema = z.object({
  ...hostOptions,
  ownSender: z.string().optional().describe('envelope sender of our own reports'),
  inferPlaintext: z.boolean().optional().describe('read a clear-text delivery as starttls-not-supported'),
  midStream: z.boolean().optional().describe('the log begins in the middle'),
  hosts: z
    .record(z.string(), z.strictObject(hostOptions))
    .optional()
    .describe('what differs on single hosts, by the name their lines bear'),
});

export type PostfixOptions = z.infer<typeof optionsSchema>;

/** A configured next hop, read. */
export interface NextHop {
  /** A-label, lower case; undefined for an address, which no report is for. */
  readonly domain: string | undefined;
  /** The host to match in lower case, as `relay=` writes it. */
  readonly host: string;
  /** `[host]`: mail goes to this very host, not to its MX hosts. */
  readonly exact: boolean;
  /** Digits; empty for a service name whose number is not known here. */
  readonly port: string;
}

/** What holds for the lines of one host. */
export interface HostSettings {
  readonly nextHops: readonly NextHop[];
  readonly sendingMtaIp: string | undefined;
  readonly tlsLogLevel: number | undefined;
  /** What the names of servers mean. */
  readonly peers: PeerCache;
}

/** Reads `[host]:port`, `host:port`, `host` or `[address]`, with or without a transport (`smtp:`) before it. */
function readNextHop(text: string): NextHop | undefined {
  const match =
    /^(?:[a-z][a-z0-9_-]*:(?=\[|[^:]+\.))?(\[[^\]\s]+\]|[^:[\]\s]+)(?::(\d{1,5}|[a-z][a-z0-9-]*))?$/i.exec(
      text,
    );
  const name = match?.[1];
  if (name === undefined) return undefined;
  const exact = name.startsWith('[');
  const host = (exact ? name.slice(1, -1) : name).toLowerCase();
  const domain = toDomain(host);
  const numeric = toAddress(host);
  if (domain === undefined && numeric === undefined) return undefined;
  return { domain, host: domain ?? numeric ?? host, exact, port: portOf(match?.[2]) };
}

function portOf(text: string | undefined): string {
  const named: Record<string, string> = { smtp: '25', submission: '587', submissions: '465', smtps: '465' };
  if (text === undefined) return '25';
  return /^\d/.test(text) ? text : (named[text.toLowerCase()] ?? '');
}

/** The settings of a host: its own entries first, the common ones for what it leaves out. */
export function settingsFor(options: PostfixOptions, host: string): HostSettings {
  const own = options.hosts?.[host];
  const relayhosts = own?.relayhosts ?? options.relayhosts ?? [];
  const fallbacks = own?.fallbackRelays ?? options.fallbackRelays ?? [];
  return {
    nextHops: [...relayhosts, ...fallbacks].flatMap((text) => readNextHop(text) ?? []),
    sendingMtaIp: toAddress(own?.sendingMtaIp ?? options.sendingMtaIp ?? ''),
    tlsLogLevel: own?.tlsLogLevel ?? options.tlsLogLevel ?? undefined,
    peers: new PeerCache(),
  };
}
