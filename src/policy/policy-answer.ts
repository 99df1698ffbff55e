import { toDomain } from '../domain.ts';
import { STS_ERRORS, type Sts } from './snapshot.ts';

/** What a policy server told Postfix of a domain. */
export type PolicyAnswer =
  /** A policy of MTA-STS, with its text. */
  | { readonly kind: 'sts'; readonly sts: Sts }
  /** A must-match level without the text: older servers give no more. */
  | { readonly kind: 'sts-without-text' }
  /** No MTA-STS here: nothing found, or DANE goes first. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** Reads a socketmap reply: `OK` and a line of a TLS policy table (postfix: TLSRPT_README, postconf(5)). */
export function parsePolicyAnswer(reply: string): PolicyAnswer {
  if (/^NOTFOUND(?: |$)/.test(reply)) return { kind: 'none' };
  const line = /^OK (.*)$/s.exec(reply)?.[1];
  if (line === undefined) return { kind: 'unavailable', reason: reply.replace(/^!/, '').slice(0, 200) };
  const [level = '', ...rest] = words(line);
  const attributes = rest.map(nameAndValue);
  const all = (name: string): string[] =>
    attributes.filter(([key]) => key === name).map(([, value]) => value);
  if (all('policy_type')[0] !== 'sts') {
    return level === 'secure' && all('match').length > 0 ? { kind: 'sts-without-text' } : { kind: 'none' };
  }
  const failure = STS_ERRORS.find((known) => known === all('policy_failure')[0]);
  if (failure !== undefined) {
    return { kind: 'sts', sts: { state: 'error', error: { resultType: failure, reason: 'policy-server' } } };
  }
  const lines = all('policy_string');
  const declared = lines
    .map((text) => /^mode\s*:\s*(enforce|testing|none)\s*$/.exec(text)?.[1])
    .find(Boolean);
  const mode =
    declared === 'enforce' || declared === 'testing' || declared === 'none' ? declared : modeOf(level);
  const mx = all('mx_host_pattern').flatMap((pattern) => toPattern(pattern) ?? []);
  return { kind: 'sts', sts: { state: 'policy', mode, lines, mx } };
}

/** Plugins hand out `may` for testing, so that mail is delivered whatever happens. */
function modeOf(level: string): 'enforce' | 'testing' {
  return level === 'secure' || level === 'verify' ? 'enforce' : 'testing';
}

/** Blank-separated words; `{ … }` keeps blanks inside. */
function words(line: string): string[] {
  return line.match(/\{[^}]*\}|[^\s{}]+/g) ?? [];
}

function nameAndValue(word: string): readonly [string, string] {
  const inner = word.startsWith('{') ? word.slice(1, -1) : word;
  const equals = inner.indexOf('=');
  if (equals === -1) return [inner.trim(), ''];
  return [inner.slice(0, equals).trim(), inner.slice(equals + 1).trim()];
}

function toPattern(text: string): string | undefined {
  const wild = text.startsWith('*.') ? text.slice(2) : undefined;
  const domain = toDomain(wild ?? text);
  return domain === undefined || wild === undefined ? domain : `*.${domain}`;
}
