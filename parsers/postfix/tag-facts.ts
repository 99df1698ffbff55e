import type { OpenSessions } from 'maillog-tlsrpt/parser';
import type { Reading } from './reading.ts';
import { FACTS } from './tag-keys.ts';

/** What is known of all processes that log under one tag of one host. It outlives their sessions. */
export type TagFacts = {
  /** UTC ms of the first line seen. */
  since: number;
  /** A summary line was seen: smtp_tls_loglevel is 1 or more, or tlsproxy is in use. */
  summary?: boolean;
  /** Deliveries since the last summary that had neither a summary nor a `tls=` field; counted up to a limit. */
  bare?: number;
  /** A `tls=` field was seen (3.11+). */
  field?: boolean;
  /** A failure was seen. */
  failure?: boolean;
  /** A process told of one TLS session after another, and of no delivery: the log is an extract. */
  undelivered?: boolean;
  /** `Host offered STARTTLS` was seen, and no TLS at all, or not since that went for many servers: the level is none. */
  levelNone?: boolean;
  /** Hosts it was seen of, and no TLS session since: the level is none for them. */
  noneAt?: string[];
};

/**
 * So many deliveries in a row without any word of TLS are no longer believed to be in clear text: somebody set
 * smtp_tls_loglevel back to 0.
 */
export const BARE_LIMIT = 20;

/** A line is lost now and then; so many TLS sessions of one process without a message are an extract of a log. */
export const LONELY_LIMIT = 5;

/** If TLS is not wanted with so many servers, one after another, it is not wanted at all. */
const MOST_NONE = 20;

const MONTH_S = 30 * 86_400;
const TLS_IS_LOGGED: Partial<TagFacts> = { summary: true, bare: 0, levelNone: false };

type Line = Pick<Reading, 'entry' | 'open' | 'keys'>;

/** The facts of an entry's tag; made at its first line. */
export function factsOf({ entry, open, keys }: Line): TagFacts {
  const key = keys.facts;
  const known = open.get(key);
  if (known !== undefined) return known as TagFacts;
  const facts: TagFacts = { since: entry.time };
  open.set(key, facts, MONTH_S);
  return facts;
}

/** Adds to the facts of an entry's tag; writes only what is new. */
export function learn(line: Line, news: Partial<TagFacts>): void {
  const facts = factsOf(line);
  for (const name in news) {
    const field = name as keyof TagFacts;
    if (facts[field] === news[field]) continue;
    line.open.set(line.keys.facts, { ...facts, ...news }, MONTH_S);
    return;
  }
}

/** A summary line of a server: deliveries in clear text can be told from now on. */
export function learnSummary(line: Line, name: string): void {
  learn(line, TLS_IS_LOGGED);
  const { noneAt } = factsOf(line);
  const host = hostIn(name);
  if (noneAt?.includes(host)) learn(line, { noneAt: noneAt.filter((other) => other !== host) });
}

/**
 * STARTTLS was offered by this host (undefined where the line was cut), and is not wanted on this side: with any, as far
 * as is known of a tag that never made a TLS session.
 */
export function learnNone(line: Line, host: string | undefined): void {
  const { summary, noneAt = [] } = factsOf(line);
  const isMany = noneAt.length >= MOST_NONE;
  if (summary !== true || isMany) learn(line, { levelNone: true });
  if (host === undefined || noneAt.includes(host)) return;
  learn(line, { noneAt: isMany ? [host] : [...noneAt, host] });
}

/** Whether TLS is not wanted with a server (`H[A]`). */
export function isLevelNone({ levelNone, noneAt }: TagFacts, name: string): boolean {
  return levelNone === true || noneAt?.includes(hostIn(name)) === true;
}

function hostIn(name: string): string {
  return name.slice(0, name.indexOf('['));
}

/** The facts of every tag in the table. */
export function allFacts(open: OpenSessions, keys: readonly string[]): TagFacts[] {
  const facts: TagFacts[] = [];
  for (const key of keys) {
    const value = key.startsWith(FACTS) ? open.get(key) : undefined;
    if (value !== undefined) facts.push(value as TagFacts);
  }
  return facts;
}
