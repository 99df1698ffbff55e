import { z } from 'zod';
import { DAY_STATES } from '../days/states.ts';
import { BASES } from '../session.ts';

const time = z.iso.datetime();
const count = z.int().min(0);

const findingSchema = z.strictObject({
  severity: z.enum(['warning', 'critical']),
  id: z.string().describe('what kind of finding it is, for machines: `status --help` lists them'),
  text: z.string(),
});

const gapSchema = z.strictObject({
  kind: z
    .string()
    .describe(
      '`copied`, `emptied`, `vanished`, `missing`, `journal`, `edited`: what happened to the log; others may come',
    ),
  noticedAt: time,
  after: time.optional().describe('the last line read before the hole'),
  before: time.optional().describe('the first line behind it'),
  text: z.string(),
});

const logSchema = z.strictObject({
  host: z.string(),
  parser: z.string(),
  name: z.string().describe('path of the live file, `journal:…`, or `-`'),
  configured: z.boolean().describe('whether `logs` of this configuration names it'),
  readToEndAt: time.optional().describe('absent: never'),
  lagSeconds: z.number().min(0).optional().describe('since then'),
  lastLine: time.optional().describe('stamp of the newest line read'),
  oldestOpen: time.optional().describe('begin of the oldest session that is still open'),
  segments: count.describe('file generations read'),
  bytes: count.describe('uncompressed bytes read, in all of them'),
  position: z
    .strictObject({ path: z.string(), offset: count.describe('uncompressed bytes') })
    .optional()
    .describe('how far the newest file is read'),
  incomplete: z.array(z.string()).describe('archives that ended before their format said so'),
  gaps: z.array(gapSchema).describe('holes: lines that nobody can read any more'),
  unknown: z
    .strictObject({ count, samples: z.array(z.string()).max(3) })
    .describe('lines of the MTA that no rule of the parser knows; the samples have no local parts'),
  skipped: count.describe('lines that were passed over, for the parser failed on them'),
  hints: z.array(z.string()).describe('what the log cannot witness, and what to set so that it can'),
});

const hostSchema = z.strictObject({
  host: z.string(),
  program: z.string().optional().describe('the version of its maillog-tlsrpt'),
  logs: count,
  readToEndAt: time.optional(),
  lagSeconds: z.number().optional().describe('of the log that is furthest behind'),
  sessions: count.describe('of today and yesterday (UTC)'),
  share: z.number().min(0).max(1).describe('their part of all hosts’ sessions'),
  holdsUp: z.array(z.iso.date()).describe('days that wait for this host'),
  behind: z.array(z.iso.date()).describe('days that are closed, or about to be, without all its sessions'),
  late: count.describe('sessions that came after their report was built'),
  clockAheadSeconds: z
    .int()
    .optional()
    .describe('how far its clock is ahead of the ledger’s, behind if less than 0; absent within a minute'),
  clashAt: time.optional().describe('when two machines were last seen to use its name'),
  lacking: z
    .array(z.iso.date())
    .optional()
    .describe(
      'days of which it has read more sessions itself than its tally files brought, which alone count',
    ),
});

const daySchema = z.strictObject({
  day: z.iso.date(),
  state: z
    .enum(DAY_STATES)
    .describe('`closing`: over, and closed by the next `run`; `held`: not sent before it is released'),
  heldBecause: z.string().optional(),
  domains: count,
  sessions: count,
  failures: count,
  late: count.describe('sessions that came after their report was built'),
  unattributed: count.describe('sessions whose policies were not looked up yet'),
  reports: count.describe('domains with a report'),
});

/** What `status --json` prints: a public contract, told in docs/status-json.md. */
export const statusSchema = z.strictObject({
  at: time.describe('when it was asked'),
  version: z.string().describe('of the program that was asked'),
  state: z.enum(['ok', 'warning', 'critical']).describe('the worst finding'),
  findings: z.array(findingSchema).describe('worst first'),
  ledger: z.strictObject({
    exists: z.boolean().describe('false before anything was read: all else is empty then'),
    sizeBytes: count.optional(),
    oldestDay: z.iso.date().optional().describe('the oldest day with sessions'),
    keepSeconds: z.number().describe('finished days are dropped this long after they were read'),
  }),
  lastRun: z
    .strictObject({
      at: time,
      seconds: z.number(),
      exitCode: z.int(),
      reason: z.string().optional().describe('what stopped it before its end, and what to do'),
    })
    .optional()
    .describe('the last pass of `run` or `follow` on this host'),
  alertFault: z
    .strictObject({ since: time, at: time, times: count, reason: z.string() })
    .optional()
    .describe('how the alert command fails; absent where it worked the last time, or was never called'),
  logs: z.array(logSchema),
  hosts: z.array(hostSchema).describe('all that share the ledger'),
  days: z.array(daySchema).describe('oldest first'),
  sessions: z.strictObject({
    byBasis: z
      .partialRecord(z.enum(BASES), count)
      .describe('sessions in the ledger by the kind of line that proves them'),
    own: count.describe('sessions that carried reports of ours; no report counts them'),
  }),
  folded: z
    .array(z.strictObject({ day: z.iso.date(), reports: count, details: count }))
    .describe(
      'reports whose rarest failure details were folded (report.max-failure-details); counts are whole',
    ),
  outbox: z.record(z.string(), count).describe('deliveries by state'),
  unsent: z
    .strictObject({ count, since: time.optional().describe('when the first of them could have been tried') })
    .describe('deliveries whose time came more than an hour ago, and that nobody tried since'),
  recent: z
    .strictObject({ sent: count, retry: count, givenUp: count })
    .describe('deliveries of the last 3 days'),
  failing: z
    .array(
      z.strictObject({
        day: z.iso.date(),
        domain: z.string(),
        rua: z.string(),
        state: z.enum(['retry', 'given-up']),
        attempts: count,
        lastResult: z.string().optional(),
        lastTriedAt: time.optional(),
        nextTry: time.optional(),
      }),
    )
    .describe('the newest 100 deliveries in trouble'),
  suppressed: z
    .array(z.strictObject({ rua: z.string(), bounces: count, until: time }))
    .describe('addresses that reports came back from: nothing is sent there until then'),
});

/** `status --json`. */
export type Status = z.infer<typeof statusSchema>;
/** One member of `logs`. */
export type LogStatus = Status['logs'][number];
/** One member of `hosts`. */
export type HostJson = Status['hosts'][number];
/** One member of `findings`: what calls for a person. */
export type Finding = Status['findings'][number];
