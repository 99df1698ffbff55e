import { z } from 'zod';
import { wayOut } from './addresses.ts';
import { addrSpec, duration } from './values.ts';

const dkimKey = z.strictObject({
  domain: z.string().describe('d= of the signature; must be the domain of `contact`'),
  selector: z.string().describe('s= of the signature'),
  key: z
    .string()
    .describe('path of the private key, PEM; or "credential:NAME" that systemd hands over (LoadCredential=)'),
});

/** `mail`: how report mails leave, and who signs them. */
export const mailSchema = z.strictObject({
  from: addrSpec.optional().describe('From and envelope sender of report mails; default: `contact`'),
  via: wayOut
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
  'password-file': z
    .string()
    .optional()
    .describe('file with the password at the smart host; or "credential:NAME"'),
  connections: z.int().min(1).max(50).default(5).describe('SMTP connections at a time'),
  dkim: z
    .union([z.literal('mta'), dkimKey, z.array(dkimKey).min(1).max(4)], {
      error: 'must be "mta" (your MTA signs), {domain, selector, key}, or a list of those (RSA and Ed25519)',
    })
    .optional()
    .describe(
      'RFC 8460 §3 demands a DKIM signature: {domain, selector, key} (several: one signature each), key being a path or "credential:NAME" that systemd hands over (LoadCredential=), or "mta" if your MTA signs. No mail leaves without',
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

/** `delivery`: when, to whom and how often. */
export const deliverySchema = z.strictObject({
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
