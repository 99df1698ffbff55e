import { z } from 'zod';

/** Lengths of time as people write them: `15m`, `4h`, `2d`, `30s`; plain numbers are seconds. */
const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const duration = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const match = /^(\d+(?:\.\d+)?)\s*([smhd])?$/.exec(String(value));
    if (match === null) {
      context.addIssue({ code: 'custom', message: 'must be a length of time such as 30s, 15m, 4h or 2d' });
      return z.NEVER;
    }
    return Math.round(Number(match[1]) * (UNITS[match[2] ?? 's'] ?? 1000));
  })
  .describe('a length of time: 30s, 15m, 4h, 2d');

const addrSpec = z
  .string()
  .regex(
    /^[^\s@<>",;:]+@[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/,
    'must be one mail address without a display name: tls-reports@example.com',
  );

const zone = z.string().refine(isZone, 'must be an IANA time zone such as Europe/Berlin or UTC');

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const dkimKey = z.strictObject({
  domain: z.string().describe('d= of the signature; must be the domain of `contact`'),
  selector: z.string().describe('s= of the signature'),
  key: z.string().describe('path of the private key, PEM'),
});

/** What differs on one host of a collector's file. */
const hostSchema = z.strictObject({
  relayhosts: z.array(z.string()).optional(),
  'fallback-relays': z.array(z.string()).optional(),
  'sending-mta-ip': z.union([z.ipv4(), z.ipv6()], { error: 'must be an IP address' }).optional(),
  'tls-log-level': z.int().min(0).max(4).optional(),
});

const journalSchema = z
  .strictObject({
    units: z.array(z.string().min(1)).default([]).describe('systemd units: "postfix@-.service"'),
    identifiers: z.array(z.string().min(1)).default([]).describe('syslog identifiers: "postfix/smtp"'),
    directory: z.string().optional().describe("another machine's journal; default: that of this machine"),
  })
  .refine(
    ({ units, identifiers }) => units.length + identifiers.length > 0,
    'must name units or identifiers',
  );

const logFields = z.strictObject({
  path: z
    .string()
    .optional()
    .describe('the live log file; its rotations (.1, .2.gz, -20261101) are found by themselves'),
  journal: journalSchema.optional().describe("read from systemd's journal in place of a file"),
  parser: z
    .string()
    .default('postfix')
    .describe(
      'postfix, exim or opensmtpd; auto (told by the lines); or the path of a parser module of yours',
    ),
  timezone: zone.optional().describe('zone of stamps that carry none; default: the zone of this machine'),
  relayhosts: z
    .array(z.string())
    .default([])
    .describe('smart hosts, as in main.cf: "[smtp.isp.example]:587"'),
  'fallback-relays': z.array(z.string()).default([]).describe('as smtp_fallback_relay in main.cf'),
  host: z.string().optional().describe('name of the host whose log this is; default: this machine'),
  'sending-mta-ip': z
    .union([z.literal('auto'), z.ipv4(), z.ipv6()], { error: 'must be an IP address, or auto' })
    .optional()
    .describe(
      'the address mail leaves from, where the log does not tell it; auto asks the MTA and the routes of this host',
    ),
  'tls-log-level': z
    .int()
    .min(0)
    .max(4)
    .optional()
    .describe("Postfix's smtp_tls_loglevel, where it cannot be asked"),
  options: z
    .record(z.string(), z.json())
    .default({})
    .describe('further options of the parser, as its README names them: excludeTransports, …'),
  hosts: z
    .record(z.string(), hostSchema)
    .default({})
    .describe(
      'in a file with lines of many hosts: what differs on single ones, by the name their lines bear',
    ),
});

const logSchema = logFields.refine(
  ({ path, journal }) => (path === undefined) !== (journal === undefined),
  'must name either `path` or `journal`',
);

const mailSchema = z.strictObject({
  from: addrSpec.optional().describe('From and envelope sender of report mails; default: `contact`'),
  via: z
    .string()
    .regex(
      /^(sendmail|smtps?:\/\/(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?)$/,
      'must be "sendmail", "smtp://host:port" or "smtps://host:port"',
    )
    .default('smtp://127.0.0.1:25')
    .describe(
      'how mails leave: "sendmail", "smtp://127.0.0.1:25", or a smart host "smtps://smtp.isp.example:465"',
    ),
  sendmail: z.string().default('/usr/sbin/sendmail').describe('the program, for `via: sendmail`'),
  tls: z
    .enum(['auto', 'none', 'required'])
    .default('auto')
    .describe(
      'STARTTLS to the smart host. auto: none on loopback, required and checked where a `user` is given, else if offered',
    ),
  user: z.string().min(1).optional().describe('user name at the smart host'),
  'password-file': z.string().optional().describe('file with the password at the smart host'),
  connections: z.int().min(1).max(50).default(5).describe('SMTP connections at a time'),
  dkim: z
    .union([z.literal('mta'), dkimKey, z.array(dkimKey).min(1).max(4)], {
      error: 'must be "mta" (your MTA signs), {domain, selector, key}, or a list of those (RSA and Ed25519)',
    })
    .optional()
    .describe(
      'RFC 8460 §3 demands a DKIM signature: {domain, selector, key} (several: one signature each), or "mta" if your MTA signs. No mail leaves without',
    ),
});

const DESTINATION_TARGETS = {
  accept: { count: [0, 0], form: /^/, allowed: 'none' },
  discard: { count: [0, 0], form: /^/, allowed: 'none' },
  replace: {
    count: [1, 10],
    form: /^(mailto:[^\s@]+@[^\s@]+|https:\/\/[^\s@]+)$/,
    allowed: 'mailto:… or https://…, one at least',
  },
  append: {
    count: [1, 10],
    form: /^(mailto:[^\s@]+@[^\s@]+|https:\/\/[^\s@]+)$/,
    allowed: 'mailto:… or https://…, one at least',
  },
  directory: { count: [1, 1], form: /^\//, allowed: 'one absolute path' },
} as const;

const destinationRule = z
  .strictObject({
    domain: z.string().optional().describe('report domain; "*.example.com" means its subdomains, "*" any'),
    rua: z.string().optional().describe('address in the record, or its start followed by "*"'),
    action: z
      .enum(['accept', 'discard', 'replace', 'append', 'directory'])
      .describe(
        'accept: send as asked; discard: send nothing; replace, append: send to `to` instead or as well; directory: write into `to`',
      ),
    to: z.array(z.string()).default([]).describe('mailto: and https: addresses, or one directory'),
  })
  .superRefine(({ action, to }, context) => {
    const { count, form, allowed } = DESTINATION_TARGETS[action];
    if (to.length >= count[0] && to.length <= count[1] && to.every((target) => form.test(target))) return;
    context.addIssue({ code: 'custom', path: ['to'], message: `for "${action}" must be ${allowed}` });
  });

const deliverySchema = z.strictObject({
  spread: duration
    .default(4 * 3_600_000)
    .describe('reports leave at different times over this span after midnight UTC'),
  'max-age': duration
    .default(48 * 3_600_000)
    .describe('days that ended longer ago are held, never sent by themselves'),
  rua: z
    .enum(['all', 'first'])
    .default('all')
    .describe('try every address a domain names, or stop at the first that took it'),
  directory: z.string().optional().describe('also write every report into this directory'),
  'max-uris': z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('addresses taken from one record; further ones are ignored'),
  'max-per-host': z
    .int()
    .min(1)
    .default(1000)
    .describe('reports a day to one receiving host or mail domain; what is beyond is held'),
  'https-ca': z.string().optional().describe('PEM file of further authorities to trust for HTTPS receivers'),
  'https-timeout': duration.default(60_000).describe('time for one HTTPS POST'),
  'retry-for': duration
    .default(24 * 3_600_000)
    .describe('how long after its first try a report is tried again (RFC 8460 §5.5: 24h)'),
  destinations: z
    .array(destinationRule)
    .default([])
    .describe('steers, mutes or adds receivers; the first rule that matches counts'),
  'allow-private': z
    .boolean()
    .default(false)
    .describe('allow private and loopback receivers; for tests only'),
});

const reportSchema = z.strictObject({
  inferred: z
    .boolean()
    .default(true)
    .describe('report sessions that were inferred (a delivery in clear text)'),
  'mask-sending-ip': z.boolean().default(false).describe('leave sending-mta-ip out'),
  'private-sending-ip': z
    .boolean()
    .default(false)
    .describe('send sending-mta-ip even where it is a private address'),
  'max-failure-details': z
    .int()
    .min(1)
    .default(1000)
    .describe('failure details a policy; what is beyond is folded a result type'),
  both: z
    .boolean()
    .default(false)
    .describe('where DANE and MTA-STS both applied, name both policies (the sessions count under each)'),
  'dane-to': z
    .enum(['recipient', 'mx', 'both'])
    .default('recipient')
    .describe('who gets DANE results: the recipient domain, the domain of the MX host, or both'),
  'min-sessions': z.int().min(1).default(1).describe('no report for fewer sessions a day'),
  'success-only': z
    .boolean()
    .default(true)
    .describe('report days without any failure too: a sign of life to the receiver (RFC 8460 §4.2)'),
});

export const configSchema = z.strictObject({
  organization: z.string().min(1).describe('organization-name of every report'),
  contact: addrSpec.describe('contact-info of every report; its domain is the TLS-Report-Submitter'),
  state: z
    .string()
    .min(1)
    .describe('directory of the ledger, or postgres://USER@HOST/DATABASE that a fleet shares'),
  logs: z.array(logSchema).default([]).describe('the logs to read'),
  mta: z
    .strictObject({
      honours: z
        .union([z.literal('auto'), z.array(z.enum(['dane', 'mta-sts']))], {
          error: 'must be auto, or a list of dane, mta-sts',
        })
        .default('auto')
        .describe('what this MTA enforces; auto asks it'),
    })
    .prefault({}),
  dns: z
    .strictObject({
      servers: z
        .array(z.string())
        .default([])
        .describe('resolvers, "127.0.0.1" or "[2001:db8::1]:53"; default: /etc/resolv.conf'),
      timeout: duration.default(5000).describe('how long one server is waited for, each time it is asked'),
      concurrency: z.int().min(1).max(1000).default(64).describe('questions under way at once'),
      rate: z.int().min(0).default(0).describe('questions a second, 0: no limit'),
    })
    .prefault({}),
  mail: mailSchema.prefault({}),
  delivery: deliverySchema.prefault({}),
  report: reportSchema.prefault({}),
  instance: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "-" or "_"')
    .optional()
    .describe('part of every report-id; default: made once at random and kept in the ledger'),
  fleet: z
    .strictObject({
      grace: duration
        .default(2 * 3_600_000)
        .describe(
          'a day is closed so long after midnight UTC (and a quarter of an hour) though a log was not read',
        ),
      'export-key': z.string().optional().describe('Ed25519 private key, PEM, that signs `tally export`'),
      'import-keys': z
        .array(
          z.strictObject({
            host: z.string().min(1).describe('host the key may speak for'),
            key: z.string().describe('path of its Ed25519 public key, PEM'),
          }),
        )
        .default([])
        .describe('whose files `tally import` takes'),
    })
    .prefault({}),
  native: z
    .enum(['hold', 'use'])
    .default('hold')
    .describe("when Postfix's own TLSRPT lines are seen: hold sending, or use them"),
  keep: duration
    .default(30 * 86_400_000)
    .describe('finished days are dropped from the ledger this long after they were read'),
  metrics: z
    .strictObject({
      textfile: z
        .string()
        .regex(/\.prom$/, 'must end in .prom, or node_exporter passes it over')
        .optional()
        .describe(
          'file that each `run` writes for node_exporter: /var/lib/prometheus/node-exporter/maillog-tlsrpt.prom',
        ),
    })
    .prefault({}),
});

/** The whole configuration, with defaults filled in; lengths of time are in ms. */
export type Config = z.infer<typeof configSchema>;
export type LogConfig = Config['logs'][number];
