import { isIP } from 'node:net';
import type { Pseudonyms } from './pseudonyms.ts';

const LABEL = '[\\p{L}\\p{N}_](?:[\\p{L}\\p{N}_-]{0,61}[\\p{L}\\p{N}_])?';
/** Dotted names only: of single words nobody can say whether they are hosts. No top-level domain begins with a digit. */
const DOMAIN = `(?:${LABEL}\\.){1,40}\\p{L}[\\p{L}\\p{N}-]{1,62}`;
const IPV4 = '\\d{1,3}(?:\\.\\d{1,3}){3}';
const IPV6 = `(?:[0-9A-Fa-f]{0,4}:){2,7}(?:${IPV4}|[0-9A-Fa-f]{0,4})(?:%\\w{1,20})?`;
const QUOTED = '"(?:[^"\\\\]|\\\\.){0,300}"';
const LOCAL = '[^\\s<>@"(),:;\\\\\\[\\]]{1,300}';
/** Behind a host; a pid holds neither dot nor colon. */
const BRACKETED = '\\[[0-9A-Fa-f]{0,4}[.:][0-9A-Fa-f.:]{1,44}\\]';
const EXIM_ID = '[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})';

/** A line with more quoted local parts than this was not written by an MTA. */
const MOST_QUOTES = 20;

/** All that is replaced wherever it stands, the longest first. */
const TOKEN = new RegExp(
  [
    `(?<mail>(?<local>${QUOTED}|${LOCAL})@(?<at>\\[[^\\]\\s]{1,60}\\]|(?:${LABEL}\\.){0,20}${LABEL}))`,
    `(?<![\\w:.])(?<ipv6>${IPV6})(?![\\w:])`,
    `(?<![\\w.])(?<ipv4>${IPV4})(?!\\w|\\.\\d)`,
    `(?<![\\p{L}\\p{N}_@-])(?<domain>${DOMAIN})(?![\\p{L}\\p{N}_@])`,
    `(?<![\\w-])(?<exim>${EXIM_ID})(?![\\w-])`,
    // Long hex is an id of OpenSMTPD's, a fingerprint, or the data of a record.
    '(?<!\\w)(?<hex>[0-9a-f]{16}|[0-9A-Fa-f]{32,200}|(?:[0-9A-F]{2}:){15,63}[0-9A-F]{2})(?!\\w)',
    '(?<=msgid=)(?<msgid>[0-9a-f]{8})(?!\\w)',
    '(?<=queued as )(?<queued>[0-9A-Za-z-]{4,40})',
    // A host without dots, where the MTA puts its address beside it, and users without domains.
    `(?<=[\\s=(])(?<host>${LABEL})(?=${BRACKETED})`,
    `(?<= H=)(?<routed>${LABEL})(?= (?:DS )?${BRACKETED})`,
    '(?<=\\b(?:from|to|orig_to)=<)(?<user>[^<>@\\s]{1,300})(?=>)',
    '(?<=\\bsasl_username=| U=|/home/|/mail/)(?<name>[^\\s,/<>@:"]{1,100})',
    '(?<=[/,"] ?(?:CN|OU?|L|ST)=)(?<subject>[^/,"@.]{1,100})(?=[/,"]|$)',
    '(?<= T=")(?<title>[^"]{1,500})(?=")',
  ].join('|'),
  'gu',
);

/** Postfix's id at the head of a message; the two alphabets of global/mail_queue.h. */
const QUEUE_ID = /^(?:[0-9A-F]{6,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20})(?=: )/;
const ID_WORD = /(?<![\w.@-])[0-9A-Za-z]{6,20}(?![\w.@-])/g;

/** Replaces what names somebody in a text. */
export function scrubText(text: string, names: Pseudonyms): string {
  const replaced = bareLocals(text, names).replace(TOKEN, (...match: unknown[]) => {
    const groups = match.at(-1) as Record<string, string | undefined>;
    return replacement(String(match[0]), groups, names);
  });
  return replaced;
}

/** The message of a syslog line: what stands at its head is a queue id if it can be one. */
export function scrubMessage(message: string, names: Pseudonyms): string {
  const id = QUEUE_ID.exec(message)?.[0];
  const head = id === undefined ? '' : names.id(id);
  const rest = scrubText(message.slice(id?.length ?? 0), names);
  return head + rest.replace(ID_WORD, (word) => (names.knowsId(word) ? names.id(word) : word));
}

function replacement(
  whole: string,
  groups: Readonly<Record<string, string | undefined>>,
  names: Pseudonyms,
): string {
  const { mail, local = '', at = '', ipv6, ipv4, domain, host, routed, user, name, subject, title } = groups;
  if (mail !== undefined) return `${scrubLocal(local, names)}@${scrubDomain(at, names)}`;
  if (ipv6 !== undefined) return isIP(ipv6.split('%')[0] ?? '') === 6 ? names.address(ipv6) : whole;
  if (ipv4 !== undefined) return names.address(ipv4);
  if (domain !== undefined) return names.domain(domain);
  const single = host ?? routed;
  if (single !== undefined) return names.domain(single);
  const person = user ?? name;
  if (person !== undefined) return names.local(person);
  if (subject !== undefined) return names.organisation(subject);
  if (title !== undefined) return 'subject';
  return names.id(whole);
}

function scrubDomain(text: string, names: Pseudonyms): string {
  if (!text.startsWith('[')) return names.domain(text);
  const literal = text.slice(1, -1);
  return `[${literal.replace(/^(?:IPv6:)?(.*)$/i, (all, ip: string) => all.replace(ip, names.address(ip)))}]`;
}

/** `name=` before an address is a field of the MTA, no part of the address. */
function scrubLocal(text: string, names: Pseudonyms): string {
  if (text.startsWith('"')) return `"${names.local(unquoted(text))}"`;
  const field = /^[a-z_]{2,20}=/.exec(text)?.[0] ?? '';
  const local = text.slice(field.length);
  return local === '' ? names.local(text) : field + names.local(local);
}

/** Exim writes a quoted local part bare, blanks and all; its quotes stand in the same line. */
function bareLocals(text: string, names: Pseudonyms): string {
  if (!text.includes('"@')) return text;
  let result = text;
  const quotes = [...text.matchAll(new RegExp(`${QUOTED}(?=@)`, 'g'))].slice(0, MOST_QUOTES);
  for (const [quoted] of quotes) {
    const bare = unquoted(quoted);
    if (!/[\s<>(),:;\\[\]"]/.test(bare)) continue;
    result = replaceBare(result, `${bare}@`, `${names.local(bare)}@`);
  }
  return result;
}

/** All occurrences, upper and lower case alike, but not the quoted one itself. */
function replaceBare(text: string, bare: string, by: string): string {
  const pattern = bare.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  return text.replace(new RegExp(`(?<!["\\\\])${pattern}`, 'gi'), by);
}

function unquoted(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/g, '$1');
}
