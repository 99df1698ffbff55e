/** What precedes the fields of a delivery line: the final address, and where it ends. */
export interface AddressPart {
  /** The final address as logged, which is bare: a quoted local part has lost its quotes (catalog fact 9). */
  readonly address: string;
  /** Index of the blank before the first field. */
  readonly end: number;
}

/** A number that tells addresses apart without keeping them (FNV-1a, 32 bits). */
export function fingerprint(address: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < address.length; at++) hash = Math.imul(hash ^ address.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** `ADDR[ (parents)][ <ORIGINAL>]` without blanks in ADDR (exim: string_log_address). */
const PLAIN =
  /^(\S+)(?: \([^()]{1,2000}\))?(?: <(?:[^<>"\s]{1,500}|"(?:[^"\\]|\\.){0,1000}"@[^<>\s]{1,300})>)?/;
/** ` <"quoted local part"@domain>`, at a given place. */
const ORIGINAL = / <"((?:[^"\\]|\\.){0,2000})"@([^<>\s]{1,300})>/y;
/** A bare address and, behind it, the address it came from. */
const ALIAS = /^(.{1,2000}) <[^<>"\s]{1,500}>$/;
const ESCAPED = /\\(.)/g;
/** A line with more places that look like an original address is not worth a guess. */
const PLACES = 32;

interface Candidate extends AddressPart {
  /** The bare address is exactly the original without its quotes. */
  readonly exact: boolean;
}

/**
 * Finds the end of the address at the head of `text`. A local part may hold blanks, `=>`, and whole fields; it is
 * logged bare, and its quoted original stands behind it in angle brackets. Where two readings are possible none is
 * taken, for one of them was written by somebody else than Exim.
 * @param fieldsAt whether the fields of this kind of line stand at an index.
 */
export function readAddress(text: string, fieldsAt: (index: number) => boolean): AddressPart | undefined {
  const plain = readPlain(text, fieldsAt);
  const quoted = text.includes(' <"') ? candidates(text, fieldsAt) : [];
  const exact = quoted.filter((one) => one.exact);
  if (plain !== undefined) {
    return exact.every((one) => one.end === plain.end) ? plain : undefined;
  }
  if (exact.length > 0) return exact.length === 1 ? exact[0] : undefined;
  if (quoted.length > 0) return quoted.length === 1 ? quoted[0] : undefined;
  return readAlias(text, fieldsAt);
}

function readPlain(text: string, fieldsAt: (index: number) => boolean): AddressPart | undefined {
  const match = PLAIN.exec(text);
  if (match === null) return undefined;
  const address = match[1] ?? '';
  const end = match[0].length;
  if (fieldsAt(end)) return { address, end };
  // On ** lines of addresses that no router took the message follows at once.
  const colon = match[0] === address && address.endsWith(':') && fieldsAt(end - 1);
  return colon ? { address: address.slice(0, -1), end: end - 1 } : undefined;
}

function candidates(text: string, fieldsAt: (index: number) => boolean): Candidate[] {
  const found: Candidate[] = [];
  let at = text.indexOf(' <"');
  for (let places = 0; at >= 0 && places < PLACES; places++) {
    ORIGINAL.lastIndex = at;
    const match = ORIGINAL.exec(text);
    const address = text.slice(0, at);
    const domain = `@${match?.[2] ?? ''}`.toLowerCase();
    if (match !== null && address.toLowerCase().endsWith(domain) && fieldsAt(at + match[0].length)) {
      const local = (match[1] ?? '').replace(ESCAPED, '$1').toLowerCase();
      const exact = address.toLowerCase() === local + domain;
      found.push({ address, end: at + match[0].length, exact });
    }
    at = text.indexOf(' <"', at + 1);
  }
  return found;
}

/** A bare address with blanks that an alias led to: only where no second place could be meant. */
function readAlias(text: string, fieldsAt: (index: number) => boolean): AddressPart | undefined {
  const found: AddressPart[] = [];
  let at = text.indexOf('> ');
  for (let places = 0; at >= 0 && places < PLACES; places++) {
    const alias = ALIAS.exec(text.slice(0, at + 1));
    if (alias?.[1] !== undefined && fieldsAt(at + 1)) found.push({ address: alias[1], end: at + 1 });
    at = text.indexOf('> ', at + 1);
  }
  return found.length === 1 ? found[0] : undefined;
}
