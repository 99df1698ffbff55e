import { type Day, dayEnd, dayStart } from '../day.ts';
import { toDomain } from '../domain.ts';
import { EXIT, Problem } from '../errors.ts';

/** What tells one report from every other; never its numbers, so that a repeat is known as one (RFC 8460 §5.6). */
export interface ReportKey {
  readonly day: Day;
  /** The report domain, an A-label. */
  readonly domain: string;
  /** The domain of `contact`. */
  readonly submitter: string;
  /** The ledger's name (`Ledger.instance`), so that two hosts reporting on one domain stay apart. */
  readonly instance: string;
  /** 1 for the first, more for reissues. */
  readonly revision: number;
}

/**
 * The domain of `contact-info`: TLS-Report-Submitter, first part of the file name and d= (RFC 8460 §5.3, §5.1).
 * @throws Problem (config)
 */
export function submitterOf(contact: string): string {
  const domain = toDomain(contact.slice(contact.lastIndexOf('@') + 1));
  if (domain === undefined)
    throw new Problem(EXIT.config, `contact "${contact}" has no usable domain`, { where: 'contact' });
  return domain;
}

/**
 * report-id: a msg-id without its brackets (RFC 5322 §3.6.4), so that subject and document hold the same text.
 * @throws Problem (config) if the instance has other than letters, digits, `-` and `_`
 */
export function reportId(key: ReportKey): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(key.instance))
    throw new Problem(EXIT.config, `instance "${key.instance}" cannot be part of a report-id`, {
      where: 'instance',
      help: 'use up to 64 letters, digits, "-" and "_"',
    });
  return `${key.day}.${key.domain}.${key.instance}.${key.revision}@${key.submitter}`;
}

/**
 * RFC 8460 §5.1: `submitter!domain!begin!end[!unique].json.gz`, times in seconds since 1970. The first revision goes
 * without a unique id, for short names survive more mail programs.
 */
export function fileName(key: Omit<ReportKey, 'instance'>): string {
  const begin = dayStart(key.day) / 1000;
  const end = dayEnd(key.day) / 1000 - 1;
  const unique = key.revision > 1 ? `!${key.revision}` : '';
  return `${key.submitter}!${key.domain}!${begin}!${end}${unique}.json.gz`;
}

/** RFC 8460 §5.3: the subject; its words are case-sensitive. */
export function subject(domain: string, submitter: string, id: string): string {
  return `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${id}>`;
}
