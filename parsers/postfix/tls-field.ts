import type { PolicyTypeHint } from 'maillog-tlsrpt/parser';

/**
 * The security level part of `tls=` in a delivery line (3.11+; postfix: global/pol_stats.c): `[!]NAME[:FINAL][?]`.
 * It describes the last server tried, whichever level was in force there, not the configured one.
 */
export interface TlsField {
  readonly level: string;
  /** What the level fell to: `may:none`, `dane:encrypt`. */
  readonly final: string | undefined;
  /** `!`: the level was broken and the connection not used. */
  readonly broken: boolean;
  /** `?`: nothing was decided, as the connection ended first. */
  readonly undecided: boolean;
}

/** What a decided level proves. */
export type FieldVerdict = 'tls' | 'plaintext' | 'tlsa-unusable' | 'nothing';

const FIELD = /^(!?)([a-z-]{1,20})(?::([a-z-]{1,20}))?(\??)$/;
const LEVELS = new Set([
  'may',
  'encrypt',
  'fingerprint',
  'halfdane',
  'dane',
  'dane-only',
  'verify',
  'secure',
]);

/** Reads the value of `tls=`; only its first part is the level, a second one is about REQUIRETLS. */
export function readTlsField(value: string): TlsField | undefined {
  const slash = value.indexOf('/');
  const match = FIELD.exec(slash < 0 ? value : value.slice(0, slash));
  if (match === null) return undefined;
  return { level: match[2] ?? '', final: match[3], broken: match[1] === '!', undecided: match[4] === '?' };
}

/** What the field says of the connection of its line; `!` and `?` leave that to the reason in the line. */
export function verdictOf({ level, final, broken, undecided }: TlsField): FieldVerdict {
  if (broken || undecided || !LEVELS.has(level)) return 'nothing';
  if (final === undefined) return 'tls';
  if (final === 'none') return 'plaintext';
  // OpenSSL could use none of the TLSA records: native TLSRPT counts a failure though the mail is delivered.
  if (isDane(level) && final === 'encrypt') return 'tlsa-unusable';
  return isDane(level) && final === 'halfdane' ? 'tls' : 'nothing';
}

/**
 * The policy type a satisfied level proves. Only DANE sets the dane levels. MTA-STS plugins set secure or verify, and
 * so may a local rule. None of both sets the other levels while it is in force.
 */
export function hintOf({ level, broken, undecided }: TlsField): PolicyTypeHint | undefined {
  if (broken || undecided || !LEVELS.has(level)) return undefined;
  if (isDane(level)) return 'tlsa';
  return level === 'secure' || level === 'verify' ? 'sts-or-local' : 'no-policy-found';
}

function isDane(level: string): boolean {
  return level === 'dane' || level === 'dane-only' || level === 'halfdane';
}
