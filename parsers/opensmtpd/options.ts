import { toAddress, toDomain, z } from 'maillog-tlsrpt/parser';

const nextHop = z
  .string()
  .refine(
    (text) => readSmarthost(text) !== undefined,
    'must be a smart host: "smtp+tls://smtp.isp.example:587", "[smtp.isp.example]:587" or "smtp.isp.example"',
  );

/** The options this parser has a use for; others are dropped. */
export const optionsSchema = z.object({
  relayhosts: z
    .array(nextHop)
    .optional()
    .describe('smart hosts, as `host` of an action in smtpd.conf, or as in main.cf'),
  ownSender: z.string().optional().describe('envelope sender of our own reports'),
  inferPlaintext: z.boolean().optional().describe('read a clear-text delivery as starttls-not-supported'),
});

export type OpensmtpdOptions = z.infer<typeof optionsSchema>;

/** A configured smart host. */
export interface Smarthost {
  /** A-label, lower case; undefined for an address, which no report is for. */
  readonly domain: string | undefined;
  /** The name or the bare address. */
  readonly host: string;
  /** Empty where none was given: then any. */
  readonly port: string;
}

/** Reads `smtp+tls://label@host:port`, `[host]:port`, `host:port` or `host`. */
export function readSmarthost(text: string): Smarthost | undefined {
  const match =
    /^(?:(?:smtp(?:\+tls|\+notls)?|smtps):\/\/(?:[^@\s/]{1,200}@)?)?(\[[^\]\s]{1,255}\]|[^:[\]\s/]{1,255})(?::(\d{1,5}))?\/?$/.exec(
      text,
    );
  const name = match?.[1]?.replace(/^\[|\]$/g, '');
  if (name === undefined) return undefined;
  const domain = toDomain(name);
  const host = domain ?? toAddress(name);
  return host === undefined ? undefined : { domain, host, port: match?.[2] ?? '' };
}
