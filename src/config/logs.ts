import { z } from 'zod';
import { nearestOf } from '../nearest.ts';
import { zone } from './values.ts';
import { anyOf } from './words.ts';

/** What differs on one host of a collector's file. */
const hostSchema = z.strictObject({
  relayhosts: z.array(z.string()).optional(),
  'fallback-relays': z.array(z.string()).optional(),
  'sending-mta-ip': z.union([z.ipv4(), z.ipv6()], { error: 'must be an IP address' }).optional(),
  'tls-log-level': z.int().min(0).max(4).optional(),
});

/** What `parser` may be but a path: the formats that come with the program, and who looks which it is. */
export const PARSER_NAMES: readonly string[] = ['postfix', 'exim', 'opensmtpd', 'auto'];

function noParser({ input }: { readonly input: unknown }): string {
  const meant = nearestOf(String(input), PARSER_NAMES);
  const asked = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
  return `must be ${anyOf(PARSER_NAMES)}, or the path of a parser module of yours: ./my-parser.js${asked}`;
}

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
    .describe('the live log file; its rotations (.1, .2.gz, -20261101) beside it are found by themselves'),
  rotated: z
    .string()
    .optional()
    .describe(
      'directory that rotations are moved to, as olddir of logrotate has it; looked through beside that of the file',
    ),
  journal: journalSchema.optional().describe("read from systemd's journal in place of a file"),
  parser: z
    .string()
    .refine((name) => PARSER_NAMES.includes(name) || /[./\\]/.test(name), { error: noParser })
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

/** One log of `logs`: a file with its rotations, or a journal. */
export const logSchema = logFields
  .refine(
    ({ path, journal }) => (path === undefined) !== (journal === undefined),
    'must name either `path` or `journal`',
  )
  .refine(
    ({ path, rotated }) => rotated === undefined || path !== undefined,
    '`rotated` is for the files of a `path`',
  )
  .describe('{path: /var/log/mail.log}, or {journal: {units: ["postfix@-.service"]}}');
