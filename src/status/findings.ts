import type { Config } from '../config.ts';
import type { Finding, Status } from './schema.ts';

/** What happened is told for so many days. */
export const TOLD_DAYS = 7;
/** Days whose deliveries and late sessions are looked at: a report may be tried for a day. */
export const RECENT_DAYS = 3;
/** What is less of all than this is not worth a word. */
export const SHARE = 0.01;

/** By what the status is judged. */
export interface JudgeOptions {
  readonly config: Pick<Config, 'fleet' | 'logs' | 'alerts'>;
  /** UTC ms. */
  readonly now: number;
  /** ms. */
  readonly maxLag: number;
}

/** What is judged. */
export type Facts = Omit<Status, 'state' | 'findings'>;

/** Every kind of finding and what it means: the help text and the manual list them. */
export const FINDINGS = {
  'not-read': {
    critical: 'a log of the configuration was never read, or not to its end for --max-lag hours',
    warning: 'not for a third of that',
  },
  overdue: { critical: 'a day is over and not closed --max-lag hours after it should be' },
  'given-up': {
    critical: 'of the last 3 days more deliveries were given up than made',
    warning: 'some were given up',
  },
  retrying: { warning: 'of the last 3 days more deliveries wait for another try than were made' },
  'held-day': {
    warning: 'a day is held; one that was too old when it was read counts for a week',
  },
  'held-reports': { warning: 'deliveries of single reports are held' },
  hole: { warning: 'lines of a log were lost; it counts for a week' },
  incomplete: { warning: 'an archive of the logs ended before its time' },
  'unknown-lines': { warning: 'no rule knows 1 % of the lines that matter, or more' },
  skipped: { warning: 'the parser failed on lines' },
  late: { warning: 'of the last 3 days 1 % of the sessions came after their report was built' },
  'late-host': {
    warning:
      'a host of the fleet is --max-lag hours behind, and days wait for it or are closed without it; or it is silent for more than a day, until `keep` is over or fleet.retired names it',
  },
  'host-clash': { critical: 'two machines use the name of one host; it counts for a day' },
  clock: { warning: 'the clock of a host differs from that of the ledger by a minute or more' },
  'left-out': { warning: 'a host has read more sessions of a day than its tally files brought of it' },
  'last-run': {
    critical:
      'the last run stopped before its end: the configuration is wrong, say, or a file cannot be written',
    warning: 'the last run could not read a log',
  },
  unsent: {
    critical: 'deliveries are due for --max-lag hours, and nobody tried them',
    warning: 'deliveries are due for an hour, and nobody tried them',
  },
  'alert-command': {
    warning: 'the alert command failed the last time it was called; it counts for a week',
  },
  silent: { warning: 'a log that is read tells of nothing for 3 days, or never did' },
} as const satisfies Record<string, Partial<Record<Finding['severity'], string>>>;

/** An id of {@link FINDINGS}. */
export type FindingId = keyof typeof FINDINGS;

/** A finding that calls for somebody now. */
export function critical(id: FindingId, text: string): Finding {
  return { severity: 'critical', id, text };
}

/** A finding that can wait. */
export function warning(id: FindingId, text: string): Finding {
  return { severity: 'warning', id, text };
}

/** A number with its word. */
export function several(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
