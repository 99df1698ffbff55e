import { z } from 'zod';
import { dnsServer, ledgerPlace } from './config/addresses.ts';
import { deliverySchema, mailSchema } from './config/delivery.ts';
import { logSchema } from './config/logs.ts';
import { addrSpec, duration } from './config/values.ts';

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

/** The whole configuration file: each `describe` is the sentence of man page and reference. */
export const configSchema = z.strictObject({
  organization: z.string().min(1).describe('organization-name of every report'),
  contact: addrSpec.describe('contact-info of every report; its domain is the TLS-Report-Submitter'),
  state: ledgerPlace.describe(
    'directory of the ledger, or postgres://USER@HOST/DATABASE that a fleet shares',
  ),
  logs: z.array(logSchema).default([]).describe('the logs to read: [{path: /var/log/mail.log}]'),
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
        .array(dnsServer)
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
          'a day is closed so long after midnight UTC (and a quarter of an hour) though a log was not read; counted anew when a shared ledger was away',
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
      retired: z
        .array(z.string().min(1))
        .default([])
        .describe('hosts that were taken out of service: `status` does not miss them'),
    })
    .prefault({}),
  native: z
    .enum(['hold', 'use'])
    .default('hold')
    .describe("when Postfix's own TLSRPT lines are seen: hold sending, or use them"),
  keep: duration
    .default(30 * 86_400_000)
    .describe('finished days are dropped from the ledger this long after they were read'),
  alerts: z
    .strictObject({
      command: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe(
          'program and arguments that get JSON on standard input when domains that worked begin to fail: ["/usr/local/bin/tls-alert"]',
        ),
      failures: z.int().min(1).default(3).describe('so many failed sessions within `window` are an alert'),
      percent: z
        .number()
        .min(0)
        .max(100)
        .default(10)
        .describe('and no fewer of the sessions with the domain within `window`, in percent'),
      window: duration.default(3_600_000).describe('the time in which failures are counted'),
      quiet: duration.default(24 * 3_600_000).describe('no second alert of a domain for so long'),
    })
    .prefault({}),
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
/** One entry of `logs`. */
export type LogConfig = Config['logs'][number];
