import { behindAngle, unquoted } from './angle.ts';

/** What precedes the fields of a delivery line: the final address, and where it ends. */
export interface AddressPart {
  /** The final address as logged, which is bare: a quoted local part has lost its quotes. */
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

/** `ADDR[ (parents)]` without blanks in ADDR (exim: string_log_address). */
const PLAIN = /^(\S+)(?: \([^()]{1,2000}\))?/;
/** A bare address and, behind it, the address it came from. */
const ALIAS = /^(.{1,2000}) <[^<>"\s]{1,500}>$/;
/** A line with more places that look like an original address is not worth a guess. */
const PLACES = 32;

interface Candidate extends AddressPart {
  /** Index of the blank before the quoted original. */
  readonly at: number;
  /** The bare address is exactly the original without its quotes. */
  readonly exact: boolean;
}

/** What can be told of a kind of line before its address is found. */
export interface LineKind {
  /** Whether the fields of this kind of line stand at an index. */
  fieldsAt(index: number): boolean;
  /** From where on a peer's words may stand, in a line whose address ends at an index. */
  peerAt(index: number): number;
}

/**
 * Finds the end of the address at the head of `text`. A local part may hold blanks, `=>`, and whole fields; it is
 * logged bare, and its quoted original stands behind it in angle brackets. Where two readings are possible, and a peer
 * may have written what makes the second one, none is taken.
 */
export function readAddress(text: string, kind: LineKind): AddressPart | undefined {
  const plain = readPlain(text, kind);
  const quoted = text.includes(' <"') ? candidates(text, kind) : [];
  const exact = quoted.filter((one) => one.exact);
  if (exact.length > 0) return onlyPossible(plain, exact, kind);
  if (plain !== undefined) return plain;
  if (quoted.length > 0) return quoted.length === 1 ? quoted[0] : undefined;
  return readAlias(text, kind);
}

/**
 * Exim itself never writes what has come before once more, in quotes, behind an address: a reading in which it would have
 * done so before any peer had a word was forged by a local part. The true one is never ruled out so.
 */
function onlyPossible(
  plain: AddressPart | undefined,
  exact: readonly Candidate[],
  { peerAt }: LineKind,
): AddressPart | undefined {
  const isForged = ({ end }: AddressPart) => exact.some(({ at }) => at >= end && at < peerAt(end));
  const readings =
    plain === undefined || exact.some(({ end }) => end === plain.end) ? exact : [plain, ...exact];
  const possible = readings.filter((one) => !isForged(one));
  return possible.length === 1 ? possible[0] : undefined;
}

function readPlain(text: string, { fieldsAt }: LineKind): AddressPart | undefined {
  const match = PLAIN.exec(text);
  if (match === null) return undefined;
  const [whole, address = ''] = match;
  const end = text.startsWith(' <', whole.length) ? behindAngle(text, whole.length + 1) : whole.length;
  if (end >= 0 && fieldsAt(end)) return { address, end };
  // On ** lines of addresses that no router took the message follows at once.
  const colon = whole === address && address.endsWith(':') && fieldsAt(address.length - 1);
  return colon ? { address: address.slice(0, -1), end: address.length - 1 } : undefined;
}

function candidates(text: string, { fieldsAt }: LineKind): Candidate[] {
  const found: Candidate[] = [];
  let at = text.indexOf(' <"');
  for (let places = 0; at >= 0 && places < PLACES; places++) {
    const end = behindAngle(text, at + 1);
    const original = text.slice(at + 2, end - 1).toLowerCase();
    const address = text.slice(0, at);
    const domain = original.slice(original.lastIndexOf('@'));
    if (end >= 0 && domain.startsWith('@') && address.toLowerCase().endsWith(domain) && fieldsAt(end)) {
      found.push({ address, at, end, exact: address.toLowerCase() === unquoted(original) });
    }
    at = text.indexOf(' <"', at + 1);
  }
  return found;
}

/** A bare address with blanks that an alias led to: only where no second place could be meant. */
function readAlias(text: string, { fieldsAt }: LineKind): AddressPart | undefined {
  const found: AddressPart[] = [];
  let at = text.indexOf('> ');
  for (let places = 0; at >= 0 && places < PLACES; places++) {
    const alias = ALIAS.exec(text.slice(0, at + 1));
    if (alias?.[1] !== undefined && fieldsAt(at + 1)) found.push({ address: alias[1], end: at + 1 });
    at = text.indexOf('> ', at + 1);
  }
  return found.length === 1 ? found[0] : undefined;
}
