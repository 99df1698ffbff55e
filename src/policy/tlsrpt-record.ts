import type { Demand } from '../ledger/ledger.ts';
import { isAbsent, type Resolver } from './dns.ts';
import { readRua } from './rua.ts';

const VERSION = 'v=TLSRPTv1';
const EXTENSION = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[\x21-\x3a\x3c\x3e-\x7e]+$/;

/** A `_smtp._tls` record as read, with all there is to say about it. */
export type RecordReading =
  | {
      readonly kind: 'record';
      /** Where reports go: `mailto:address` or an https URL, in the order given, no doubles. */
      readonly rua: readonly string[];
      /** URIs that cannot be used, each with the reason; the others still count (RFC 8460 §3). */
      readonly skipped: readonly { readonly uri: string; readonly reason: string }[];
      /** Where the record departs from the grammar and was read all the same; empty: it is strictly right. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'malformed'; readonly reason: string };

/** All TXT strings found at `_smtp._tls.<domain>`, judged (RFC 8460 §3). */
export type RecordsReading =
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'malformed'; readonly reason: string }
  | (Extract<RecordReading, { kind: 'record' }> & { readonly text: string });

/**
 * Reads one record by the grammar of RFC 8460 §3, and where it departs in ways that leave no doubt, leniently with a
 * warning. Unknown fields are passed over; `rua` may stand anywhere and more than once.
 */
function readRecord(text: string): RecordReading {
  const warnings: string[] = [];
  const trimmed = text.trim();
  if (trimmed !== text) warnings.push('blanks around the record');
  const [version = '', ...fields] = trimmed.split(';');
  if (version.trimEnd() !== VERSION) return { kind: 'malformed', reason: versionFault(version) };
  const uris: string[] = [];
  for (const [index, field] of fields.entries()) {
    const last = index === fields.length - 1;
    const value = readField(field, last, warnings);
    if (value !== undefined) uris.push(...value);
  }
  if (uris.length === 0) return { kind: 'malformed', reason: ruaFault(fields) };
  const { rua, skipped, notes } = readRua(uris);
  if (rua.length === 0) {
    const why = skipped.map(({ uri, reason }) => `${JSON.stringify(uri)}: ${reason}`).join('; ');
    return { kind: 'malformed', reason: `no usable rua (${why})` };
  }
  return { kind: 'record', rua, skipped, warnings: [...warnings, ...notes] };
}

/** The URIs of a `rua` field; undefined for every other field. */
function readField(field: string, last: boolean, warnings: string[]): string[] | undefined {
  const body = field.trim();
  if (body === '') {
    if (!last) warnings.push('an empty field (two semicolons in a row)');
    return undefined;
  }
  const rua = /^rua([ \t]*)=([ \t]*)(.*)$/s.exec(body);
  if (rua === null) {
    if (!EXTENSION.test(body))
      warnings.push(`a field that is not name=value: ${JSON.stringify(body.slice(0, 40))}`);
    return undefined;
  }
  if (rua[1] !== '' || rua[2] !== '') warnings.push('blanks around the "=" of rua');
  const parts = (rua[3] ?? '').split(',').map((part) => part.trim());
  if (parts.length > 1 && parts.includes('')) warnings.push('an empty place in the list of rua');
  return parts.filter((part) => part !== '');
}

function versionFault(version: string): string {
  const start = version.trim();
  if (start.toLowerCase() === VERSION.toLowerCase()) return `the version is case-sensitive: ${VERSION}`;
  if (/^v=TLSRPTv1[ \t]/.test(start)) return `after ${VERSION} a semicolon is missing`;
  return `it does not begin with ${VERSION};`;
}

function ruaFault(fields: readonly string[]): string {
  const miscased = fields.some((field) => /^\s*rua\s*=/i.test(field) && !/^\s*rua\s*=/.test(field));
  if (miscased) return 'no rua field (its name is case-sensitive: rua=)';
  return fields.some((field) => /^\s*rua\s*=/.test(field)) ? 'rua is empty' : 'no rua field';
}

/**
 * Finds the one record among the TXT strings of the name: strings that are no TLSRPT record are passed over, and
 * anything but exactly one record means that no reports are wanted (RFC 8460 §3).
 */
export function readRecords(texts: readonly string[]): RecordsReading {
  const ours = texts.filter((text) => /^v=TLSRPTv1[ \t]*(;|$)/.test(text.trim()));
  if (ours.length > 1)
    return { kind: 'malformed', reason: `${ours.length} TLSRPT records where one is allowed` };
  const near = texts.find((text) => /^\W*v\s*=\s*TLSRPT/i.test(text));
  const text = ours[0] ?? near;
  if (text === undefined) {
    return {
      kind: 'none',
      reason: texts.length === 0 ? 'no TXT record' : 'no TXT record begins with v=TLSRPTv1;',
    };
  }
  const reading = readRecord(text);
  return reading.kind === 'record' ? { ...reading, text } : reading;
}

/** The name at which a domain asks for reports. */
export function recordName(domain: string): string {
  return `_smtp._tls.${domain}`;
}

/**
 * What a report domain asks for now. A fault of the DNS is `temporary`, never `none`: data are kept and the question
 * is put again (RFC 8460 §3 does not ask for DNSSEC, so a forged answer counts as a fault too).
 */
export async function lookupDemand(resolver: Resolver, domain: string): Promise<Demand> {
  const answer = await resolver.lookup(recordName(domain), 'TXT');
  if (isAbsent(answer)) return { kind: 'none' };
  if (answer.kind !== 'answer') return { kind: 'temporary', reason: answer.reason };
  const reading = readRecords(answer.records);
  if (reading.kind === 'record') return { kind: 'record', text: reading.text, rua: [...reading.rua] };
  return reading.kind === 'none' ? { kind: 'none' } : reading;
}
