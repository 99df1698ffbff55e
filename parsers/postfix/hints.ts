import type { Hint } from 'maillog-tlsrpt/parser';
import { NOTICES, type Notice } from './notices.ts';
import { BARE_LIMIT, type TagFacts } from './tag-facts.ts';

/** What the log cannot witness, by what is known of the tags in it and what their hosts said of their setup. */
export function hintsFrom(
  facts: readonly TagFacts[],
  notices: ReadonlySet<Notice>,
  tlsLogLevel: number | undefined,
): Hint[] {
  const hints = NOTICES.filter((notice) => notices.has(notice)).map((notice) => HINTS[notice]);
  if (facts.some(({ undelivered }) => undelivered === true)) hints.push(NO_DELIVERIES);
  return facts.some((tag) => saysNoSuccess(tag, tlsLogLevel)) ? [LOGLEVEL_0, ...hints] : hints;
}

/** Deliveries or failures, yet never a word of a TLS session that went well. */
function saysNoSuccess(tag: TagFacts, tlsLogLevel: number | undefined): boolean {
  if (tag.field === true || (tlsLogLevel !== undefined && tlsLogLevel > 0)) return false;
  const bare = tag.bare ?? 0;
  if (tag.summary === true) return bare >= BARE_LIMIT;
  return tag.failure === true || bare > 0;
}

const LOGLEVEL_0: Hint = {
  id: 'postfix-loglevel-0',
  text: 'Mail was delivered, yet no line told of a TLS session: with smtp_tls_loglevel = 0 only failures are logged. Set smtp_tls_loglevel = 1.',
};

const NO_DELIVERIES: Hint = {
  id: 'postfix-no-deliveries',
  text: 'TLS sessions were told one after another, and no delivery, which alone names the domain: nothing of them can be counted. Give the whole log of smtp(8), not an extract of its TLS lines.',
};

const HINTS: Readonly<Record<Notice, Hint>> = {
  'native-tlsrpt': {
    id: 'postfix-native-tlsrpt',
    text: "TLSRPT: lines show that Postfix's own TLSRPT is on (smtp_tlsrpt_enable): receivers would get two reports of the same sessions.",
  },
  'dnssec-unavailable': {
    id: 'postfix-dnssec-unavailable',
    text: 'Postfix says that its resolver does not validate DNSSEC: DANE is silently off. Use a validating resolver on this host.',
  },
  'policy-table': {
    id: 'postfix-policy-table',
    text: 'Postfix refused what smtp_tls_policy_maps gave: those deliveries failed by a fault of this side, which no report tells.',
  },
  'next-hop-unknown': {
    id: 'postfix-next-hop-unknown',
    text: 'Mail leaves through a smart host (several domains in one session, or a port other than 25) that relayhosts does not name: its sessions are counted for the domains of the recipients.',
  },
};
