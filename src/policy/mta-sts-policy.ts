import { toDomain } from '../domain.ts';

/** RFC 8461 §3.2: about a year, in seconds. */
export const LONGEST_MAX_AGE = 31_557_600;
/** More patterns than any domain has hosts. */
const MAX_PATTERNS = 200;
const BYTE_ORDER_MARK = '\ufeff';

const STS_MODES = ['enforce', 'testing', 'none'] as const;
export type StsMode = (typeof STS_MODES)[number];

/** A policy as fetched and understood. */
export interface StsPolicy {
  readonly mode: StsMode;
  /** Seconds. */
  readonly maxAge: number;
  /** The patterns, A-labels in lower case, in the order declared. */
  readonly mx: readonly string[];
  /** Every line as declared, errors included (RFC 8460 §4.5). */
  readonly lines: readonly string[];
  /** Where it departs from the grammar without leaving a doubt. */
  readonly warnings: readonly string[];
}

/** Why a text is no policy; the word is also the failure-reason-code of sts-policy-invalid. */
export type StsPolicyFault =
  | 'policy-not-text'
  | 'policy-line-malformed'
  | 'policy-version-missing'
  | 'policy-mode-missing'
  | 'policy-max-age-missing'
  | 'policy-mx-missing'
  | 'policy-mx-malformed';

/** A policy, or why the text is none. */
export type StsPolicyReading =
  | { readonly kind: 'policy'; readonly policy: StsPolicy }
  | { readonly kind: 'invalid'; readonly reason: StsPolicyFault; readonly detail: string };

/** Reads the body of `mta-sts.txt` (RFC 8461 §3.2): `key: value` lines, CRLF or LF, unknown keys passed over. */
export function readStsPolicy(body: Uint8Array): StsPolicyReading {
  const text = decodeUtf8(body);
  if (text === undefined) return invalid('policy-not-text', 'the policy is not UTF-8 text');
  const lines = text.split(/\r?\n/);
  const warnings: string[] = text.startsWith(BYTE_ORDER_MARK) ? ['a byte order mark'] : [];
  lines[0] = lines[0]?.replace(BYTE_ORDER_MARK, '') ?? '';
  while (lines.at(-1)?.trim() === '') lines.pop();
  const fields = new Map<string, string>();
  const patterns: string[] = [];
  for (const line of lines) {
    if (line.trim() === '') {
      warnings.push('an empty line');
      continue;
    }
    const match = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31})([ \t]*):[ \t]*(.*?)[ \t]*$/.exec(line);
    const [, key = '', blank = '', value = ''] = match ?? [];
    if (match === null) return invalid('policy-line-malformed', `not "key: value": ${quoted(line)}`);
    if (blank !== '') warnings.push(`a blank before the colon of ${key}`);
    if (key === 'mx') patterns.push(value);
    // RFC 8461 §3.2: of a key that stands twice the first entry counts.
    else if (!fields.has(key)) fields.set(key, value);
    else warnings.push(`${key} stands twice; the first counts`);
  }
  return judge(fields, patterns, lines, warnings);
}

function judge(
  fields: ReadonlyMap<string, string>,
  patterns: readonly string[],
  lines: readonly string[],
  warnings: string[],
): StsPolicyReading {
  if (fields.get('version') !== 'STSv1') return invalid('policy-version-missing', 'no line "version: STSv1"');
  const mode = STS_MODES.find((known) => known === fields.get('mode'));
  if (mode === undefined) return invalid('policy-mode-missing', 'mode is not enforce, testing or none');
  const age = fields.get('max_age') ?? '';
  if (!/^\d{1,10}$/.test(age)) return invalid('policy-max-age-missing', 'max_age is not a number of seconds');
  const maxAge = Math.min(Number(age), LONGEST_MAX_AGE);
  if (Number(age) > LONGEST_MAX_AGE)
    warnings.push(`max_age is more than ${LONGEST_MAX_AGE}, the longest allowed`);
  if (patterns.length === 0 && mode !== 'none') return invalid('policy-mx-missing', 'no mx line');
  if (patterns.length > MAX_PATTERNS)
    return invalid('policy-mx-malformed', `more than ${MAX_PATTERNS} mx lines`);
  const mx: string[] = [];
  for (const pattern of patterns) {
    const read = toPattern(pattern);
    if (read === undefined)
      return invalid('policy-mx-malformed', `no host name or *.pattern: ${quoted(pattern)}`);
    if (pattern.endsWith('.')) warnings.push('a dot at the end of an mx pattern');
    if (!mx.includes(read)) mx.push(read);
  }
  return { kind: 'policy', policy: { mode, maxAge, mx, lines, warnings } };
}

/** A host name, or one with `*.` before it (RFC 8461 §4.1). */
function toPattern(text: string): string | undefined {
  const wild = text.startsWith('*.');
  const domain = toDomain(wild ? text.slice(2) : text);
  if (domain === undefined) return undefined;
  return wild ? `*.${domain}` : domain;
}

function decodeUtf8(body: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function invalid(reason: StsPolicyFault, detail: string): StsPolicyReading {
  return { kind: 'invalid', reason, detail };
}

/** A stranger's words, cut short and safe to print. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
