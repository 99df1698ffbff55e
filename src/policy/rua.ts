import { toAddress, toDomain } from '../domain.ts';

/** More addresses than any honest record needs; a stranger's list is not followed without end (RFC 8460 §7). */
const MAX_URIS = 10;
/** RFC 3986 without the three characters that RFC 8460 §3 wants percent-encoded. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9\-._~:/?#[\]@$&'()*+=]|%[0-9A-Fa-f]{2})*$/;
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** The size limit of DMARC records, by habit carried over; RFC 8460 knows none. */
const SIZE_SUFFIX = /!\d+[kmgt]?$/i;

/** The report addresses of a record: those used, those passed over and why, and what else its owner should know. */
export interface RuaReading {
  readonly rua: string[];
  readonly skipped: { readonly uri: string; readonly reason: string }[];
  readonly notes: string[];
}

type UriReading =
  | { readonly kind: 'target'; readonly target: string; readonly note?: string }
  | { readonly kind: 'skip'; readonly reason: string };

/** Judges the URIs of a record one by one: an unusable one is skipped alone, with the reason. */
export function readRua(uris: readonly string[]): RuaReading {
  const rua = new Set<string>();
  const skipped: RuaReading['skipped'] = [];
  const notes: string[] = [];
  for (const uri of uris) {
    const reading = readUri(uri);
    if (reading.kind === 'skip') skipped.push({ uri: uri.slice(0, 200), reason: reading.reason });
    else if (rua.size === MAX_URIS && !rua.has(reading.target)) {
      skipped.push({ uri: uri.slice(0, 200), reason: `more than ${MAX_URIS} addresses` });
    } else {
      rua.add(reading.target);
      if (reading.note !== undefined) notes.push(reading.note);
    }
  }
  return { rua: [...rua], skipped, notes };
}

function readUri(uri: string): UriReading {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: 'skip', reason: 'no scheme; mailto: or https: is needed' };
  if (scheme === 'mailto') return readMailto(uri);
  if (scheme === 'https') return readHttps(uri);
  return { kind: 'skip', reason: `the scheme ${scheme.slice(0, 20)}: is not one of mailto:, https:` };
}

/** RFC 6068: one address; header fields are passed over, for a stranger must not write our mails. */
function readMailto(uri: string): UriReading {
  const sized = SIZE_SUFFIX.test(uri);
  const bare = sized ? uri.replace(SIZE_SUFFIX, '') : uri;
  if (!URI.test(bare)) return { kind: 'skip', reason: faultOf(bare) };
  const question = bare.indexOf('?');
  const encoded = bare.slice('mailto:'.length, question === -1 ? undefined : question);
  const address = toMailAddress(percentDecoded(encoded));
  if (address === undefined) return { kind: 'skip', reason: 'no single mail address' };
  const note = sized
    ? 'a size limit ("!10m") after a mail address; TLSRPT has none'
    : question !== -1
      ? 'header fields after a mail address; they are not used'
      : undefined;
  return { kind: 'target', target: `mailto:${address}`, ...(note !== undefined && { note }) };
}

function readHttps(uri: string): UriReading {
  if (!URI.test(uri)) return { kind: 'skip', reason: faultOf(uri) };
  if (!URL.canParse(uri) || !/^https:\/\/[^/]/i.test(uri)) return { kind: 'skip', reason: 'no https URL' };
  const url = new URL(uri);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (toDomain(host) === undefined && toAddress(host) === undefined)
    return { kind: 'skip', reason: 'no host name' };
  if (url.username !== '' || url.password !== '')
    return { kind: 'skip', reason: 'a name or password in the URL' };
  url.hash = '';
  return { kind: 'target', target: url.href };
}

function faultOf(uri: string): string {
  const unencoded = /[!;]/.exec(uri)?.[0];
  if (unencoded !== undefined) return `"${unencoded}" must be percent-encoded in a rua`;
  if (/%(?![0-9A-Fa-f]{2})/.test(uri)) return 'a percent sign without two hex digits';
  return /\s/.test(uri) ? 'a blank inside the URI' : 'a character that no URI may hold';
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** A dot-atom local part at a domain name, the domain in A-labels; undefined for all else. */
function toMailAddress(text: string | undefined): string | undefined {
  const at = text?.lastIndexOf('@') ?? -1;
  if (text === undefined || at < 1) return undefined;
  const local = text.slice(0, at);
  const domain = toDomain(text.slice(at + 1));
  if (local.length > 64 || !LOCAL_PART.test(local) || domain === undefined) return undefined;
  return `${local}@${domain}`;
}
