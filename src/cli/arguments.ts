import { z } from 'zod';
import { type Clock, fixedClock, systemClock } from '../clock.ts';
import { toDomain } from '../domain.ts';
import { EXIT, Problem } from '../errors.ts';
import { latestOfYear } from '../logs/stamp.ts';
import type { Zone } from '../parser.ts';
import type { GlobalArguments } from './command.ts';

/** An option that may be given several times; always a list here. */
export const repeatable = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((value) => (value === undefined ? [] : typeof value === 'string' ? [value] : value));

const zone = z.string().refine((name) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}, 'must be an IANA time zone such as Europe/Berlin');

/** How a log named on the command line is to be read. */
export const readingArguments = z.object({
  files: z.array(z.string()).default([]),
  parser: z.string().default('postfix'),
  timezone: zone.optional(),
  year: z.coerce
    .number('must be a year such as 2025')
    .int('must be a year such as 2025')
    .min(1970, 'must be a year from 1970 on')
    .max(9999, 'must be a year such as 2025')
    .optional(),
  host: z.string().optional(),
  relayhost: repeatable,
  'fallback-relay': repeatable,
  'postfix-tls-loglevel': z.coerce.number('must be a number from 0 to 4').int().min(0).max(4).optional(),
  'infer-plaintext': z.boolean().default(true),
  'mid-stream': z.boolean().default(false),
});

export type ReadingArguments = z.infer<typeof readingArguments>;

const day = z.iso.date('must be a day such as 2026-11-22');

/** A domain as people write it; its A-label form, as the ledger has it. */
export const domainArgument = z.string().transform((text, context) => {
  const domain = toDomain(text);
  if (domain !== undefined) return domain;
  context.addIssue({ code: 'custom', message: `must be a domain name, and ${JSON.stringify(text)} is none` });
  return z.NEVER;
});

export const selectionArguments = z.object({
  day: day.optional(),
  domain: domainArgument.optional(),
  offline: z.boolean().default(false),
});

/**
 * Checks a command's options; yargs lets NaN, lists and empty values through.
 * @throws Problem (usage)
 */
export function checked<T>(schema: z.ZodType<T>, values: Readonly<Record<string, unknown>>): T {
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = String(issue?.path[0] ?? '');
  // What may be given several times is refused for one of its values, not for being a list.
  const isTwice = issue?.path.length === 1 && Array.isArray(values[name]);
  const words = isTwice ? 'may be given once only' : issue?.message;
  throw new Problem(EXIT.usage, `--${name} ${words}`, { help: 'see --help' });
}

/** The wall clock, or the one that `--now` fixes. */
export function clockOf(globals: GlobalArguments): Clock {
  if (globals.now === undefined) return systemClock;
  // Date.parse alone takes the 30th of February for the 2nd of March.
  if (!z.iso.datetime({ offset: true }).safeParse(globals.now).success) {
    throw new Problem(EXIT.usage, `--now ${globals.now} is no time`, {
      help: 'write it as RFC 3339: 2026-11-23T12:00:00Z',
    });
  }
  return fixedClock(Date.parse(globals.now));
}

/** What the command line tells of stamps without a year; nothing: each file's own time of last change does. */
export interface YearsTold {
  /** UTC ms no such stamp may be later than. */
  readonly latest?: number;
  /** That bounds the first stamp of each log only. */
  readonly years?: 'from';
}

/** By `--year`, else by `--now`. */
export function yearsTold(
  { year }: Pick<ReadingArguments, 'year'>,
  zone: Zone,
  globals: GlobalArguments,
): YearsTold {
  if (year !== undefined) return { latest: latestOfYear(year, zone), years: 'from' };
  return globals.now === undefined ? {} : { latest: clockOf(globals).now() };
}

/** `FILE` must be given. */
export function someFiles(files: readonly string[]): void {
  if (files.length > 0) return;
  throw new Problem(EXIT.usage, 'no log file was named', {
    help: 'name one or more log files, or - for standard input',
  });
}
