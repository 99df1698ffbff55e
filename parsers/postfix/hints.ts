import type { Hint } from 'maillog-tlsrpt/parser';
import { BARE_LIMIT, type TagFacts } from './tag-facts.ts';

/** What the log cannot witness, by what is known of the tags in it. */
export function hintsFrom(facts: readonly TagFacts[], tlsLogLevel: number | undefined): Hint[] {
  const hints: Hint[] = [];
  if (facts.some((tag) => saysNoSuccess(tag, tlsLogLevel))) hints.push(LOGLEVEL_0);
  if (facts.some(({ native }) => native === true)) hints.push(NATIVE_TLSRPT);
  if (facts.some(({ noDnssec }) => noDnssec === true)) hints.push(NO_DNSSEC);
  if (facts.some(({ badPolicy }) => badPolicy === true)) hints.push(BAD_POLICY);
  if (facts.some(({ smartHost }) => smartHost === true)) hints.push(SMART_HOST);
  return hints;
}

/** Deliveries or failures, yet never a word of a TLS session that went well. */
function saysNoSuccess(tag: TagFacts, tlsLogLevel: number | undefined): boolean {
  if (tag.field === true) return false;
  if ((tag.bare ?? 0) >= BARE_LIMIT) return tlsLogLevel === undefined || tlsLogLevel === 0;
  if (tag.summary === true) return false;
  const saw = tag.failure === true || (tag.bare ?? 0) > 0;
  return saw && (tlsLogLevel === undefined || tlsLogLevel === 0);
}

const LOGLEVEL_0: Hint = {
  id: 'postfix-loglevel-0',
  text: 'Mail was delivered, yet no line told of a TLS session: with smtp_tls_loglevel = 0 only failures are logged. Set smtp_tls_loglevel = 1.',
};
const NATIVE_TLSRPT: Hint = {
  id: 'postfix-native-tlsrpt',
  text: "TLSRPT: lines show that Postfix's own TLSRPT is on (smtp_tlsrpt_enable): receivers would get two reports of the same sessions.",
};
const NO_DNSSEC: Hint = {
  id: 'postfix-dnssec-unavailable',
  text: 'Postfix says that its resolver does not validate DNSSEC: DANE is silently off. Use a validating resolver on this host.',
};
const BAD_POLICY: Hint = {
  id: 'postfix-policy-table',
  text: 'Postfix refused what smtp_tls_policy_maps gave: those deliveries failed by a fault of this side, which no report tells.',
};
const SMART_HOST: Hint = {
  id: 'postfix-next-hop-unknown',
  text: 'Mail leaves through a smart host (several domains in one session, or a port other than 25) that relayhosts does not name: its sessions are counted for the domains of the recipients.',
};
