import { isLoopback, toAddress, toDomain, z } from 'maillog-tlsrpt/parser';

const relayhost = z
  .string()
  .refine((text) => readRelayhost(text) !== undefined, 'must be a smart host: host, [host] or [host]:port');

const address = z.string().refine((text) => toAddress(text) !== undefined, 'must be an IPv4 or IPv6 address');

const pattern = z.string().regex(/^[^\s]+$/, 'must be a name; * stands for any characters');

/** The options of the Exim parser. Transports are matched by the name after `T=`, hosts by name or address. */
export const optionsSchema = z.object({
  relayhosts: z.array(relayhost).optional().describe('smart hosts: they stand for the recipient domain'),
  ownSender: z.string().min(1).optional().describe('envelope sender of our own reports'),
  sendingMtaIp: address.optional().describe('the address mail leaves from, where no I= tells it'),
  inferPlaintext: z
    .boolean()
    .optional()
    .describe('read a clear-text delivery as starttls-not-supported, under the guards of the README'),
  midStream: z.boolean().optional().describe('the log begins in the middle'),
  programs: z
    .array(pattern)
    .default(['exim', 'exim4'])
    .describe('the tags of Exim in syslog: syslog_processname'),
  includeTransports: z.array(pattern).optional().describe('read only deliveries of these transports'),
  excludeTransports: z
    .array(pattern)
    .default(['*lmtp*'])
    .describe('leave out deliveries of these transports: LMTP over the smtp driver looks like SMTP'),
  includeHosts: z.array(pattern).optional().describe('read only sessions with these hosts'),
  excludeHosts: z.array(pattern).default([]).describe('leave out sessions with these hosts'),
  loopback: z.boolean().default(false).describe('read sessions with this very machine too; for tests'),
});

export type EximOptions = z.infer<typeof optionsSchema>;

/** Says which deliveries are sessions to report. */
export interface Scope {
  /** `transport` and `name` are empty where a line does not tell them; `ip` is an address. */
  admits(transport: string, name: string, ip: string): boolean;
  admitsTransport(transport: string): boolean;
}

/** The scope the options draw. */
export function scopeOf(options: EximOptions): Scope {
  const includeTransports = options.includeTransports?.map(globOf);
  const excludeTransports = options.excludeTransports.map(globOf);
  const includeHosts = options.includeHosts?.map(globOf);
  const excludeHosts = options.excludeHosts.map(globOf);
  const admitsTransport = (transport: string) => {
    if (transport === '') return true;
    const included =
      includeTransports === undefined || includeTransports.some((glob) => glob.test(transport));
    return included && !excludeTransports.some((glob) => glob.test(transport));
  };
  return {
    admitsTransport,
    admits(transport, name, ip) {
      if (!options.loopback && isLoopback(ip)) return false;
      const isMeant = (glob: RegExp) => glob.test(name) || glob.test(ip);
      const included = includeHosts === undefined || includeHosts.some(isMeant);
      return admitsTransport(transport) && included && !excludeHosts.some(isMeant);
    },
  };
}

/** A pattern in which `*` stands for any characters; upper and lower case are alike. */
export function globOf(text: string): RegExp {
  const literal = text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('*', '.*')}$`, 'i');
}

/** A smart host, read. */
export interface Relayhost {
  /** A-label, lower case; undefined for an address, which no report is for. */
  readonly domain: string | undefined;
  /** Name or address as `H=` writes it, in lower case. */
  readonly host: string;
  /** `[host]`: this very host; else the MX hosts below the name count too. */
  readonly exact: boolean;
}

/** Reads `[host]:port`, `host:port`, `host` or `[address]`; the port does not matter, for it is seldom logged. */
export function readRelayhost(text: string): Relayhost | undefined {
  const match = /^(?:\[([^\]\s]+)\]|([^:[\]\s]+))(?::{1,2}\w{1,20})?$/.exec(text);
  const name = (match?.[1] ?? match?.[2])?.toLowerCase();
  if (name === undefined) return undefined;
  const domain = toDomain(name);
  const host = domain ?? toAddress(name);
  return host === undefined ? undefined : { domain, host, exact: match?.[1] !== undefined };
}
