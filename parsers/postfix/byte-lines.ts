import { type ByteEntry, ByteMemo, BytePattern } from 'maillog-tlsrpt/parser';
import type { PairKind } from './byte-pairs.ts';
import type { DeliveryLine } from './delivery-line.ts';
import { recipientDomain } from './next-hop.ts';
import { type PeerText, readPeer } from './peer.ts';
import { LONGEST_ID } from './queue-id.ts';
import { isConnectFailure } from './smtp-lines.ts';
import { readSummary, type SummaryLine } from './summary-line.ts';
import { readTlsField, type TlsField } from './tls-field.ts';
import { type CertificateLine, readCertificateLine } from './verdict-lines.ts';

const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const DOT = 46;
const SLASH = 47;
const COLON = 58;
const GREATER = 62;
const LOWER_B = 98;
const LOWER_C = 99;
const AT = 64;
const OPENING = 40;
const CLOSING = 41;

const TO = new BytePattern(' to=<');
const RELAY = new BytePattern('>, relay=');
const DELAY = new BytePattern(', delay=');
const DELAYS = new BytePattern(', delays=');
const TLS = new BytePattern(', tls=');
const DSN = new BytePattern(', dsn=');
const HOST = new BytePattern('host ');
const SAID = new BytePattern(' said: ');
const STATUS = new BytePattern(', status=');

/** The same limits as where the text is read (`readBehindRelay`, `readTail`). */
const LONGEST_DELAY = 30;
const LONGEST_DELAYS = 50;
const LONGEST_DSN = 20;
const LONGEST_STATUS = 40;
/** Whatever begins with a digit is the server's word on the mail, and means the same to us: `250 2.0.0 Ok`. */
const SERVER_WORD = '250';

/** What can be a byte of a queue id: 1 in its short form, 2 in its long one (`queue-id.ts`). */
const QUEUE_ID = new Uint8Array(256);
for (const byte of ascii('0123456789ABCDEF')) QUEUE_ID[byte] = 1;
for (const byte of ascii('0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz'))
  QUEUE_ID[byte] = (QUEUE_ID[byte] ?? 0) | 2;

/** Where mail goes: `@domain>, relay=H[A]:port`. It says nothing of one session, and comes again and again. */
export interface Target {
  /** An A-label; undefined where no report can be for the recipient's. */
  readonly domain: string | undefined;
  readonly relay: PeerText;
  /** What the sessions with it were like. */
  readonly kinds: PairKind[];
}

/** What a process says of a server, and may say again of it. */
export type Aside = CertificateLine | 'not-reached';

/**
 * The two commonest lines read from their bytes, to exactly what their text would be read to. Every other line, and
 * every one of these that is odd in any way, is left to the text.
 */
export class ByteLines {
  /** Of the delivery found last. */
  target: Target | undefined;
  tls: TlsField | undefined;
  /** Its reason is the server's word on the mail: whatever that is, it means the same to us. */
  isAnswered = false;
  /** The sender may get the mail back. */
  mayBounce = false;
  readonly #summaries = new ByteMemo(readSummary);
  readonly #asides = new ByteMemo(readAside);
  readonly #targets = new ByteMemo(readTarget);
  readonly #tls = new ByteMemo(readTlsField);
  #idEnd = 0;
  #delaysAt = 0;
  #delaysEnd = 0;
  #duration = 0;
  #reasonAt = 0;

  /** `Trusted TLS connection established to …`, whole: it says nothing of one session. */
  summary(entry: ByteEntry): SummaryLine | undefined {
    return isSummary(entry) ? this.#summaries.of(entry, entry.start, entry.end) : undefined;
  }

  /** A verdict on a certificate, or a server that could not be reached; undefined for all other lines. */
  aside(entry: ByteEntry): Aside | undefined {
    return isAside(entry) ? this.#asides.of(entry, entry.start, entry.end) : undefined;
  }

  /** `Q: to=<…>, relay=H[A]:port, delay=…, delays=…[, tls=…], dsn=…, status=… (…`: finds the fields, makes no texts. */
  finds(entry: ByteEntry): boolean {
    const { bytes, view, start } = entry;
    this.#idEnd = behindQueueId(bytes, start);
    if (this.#idEnd < 0 || !TO.standsAt(view, this.#idEnd + 1, entry.end)) return false;
    const domainAt = lastAt(bytes, this.#idEnd + 1 + TO.length);
    if (domainAt < 0) return false;
    const recipientEnd = place(bytes, GREATER, domainAt, entry.end);
    if (recipientEnd < 0 || !RELAY.standsAt(view, recipientEnd, entry.end)) return false;
    const relayEnd = place(bytes, COMMA, recipientEnd + RELAY.length, entry.end);
    if (relayEnd < 0 || !DELAY.standsAt(view, relayEnd, entry.end)) return false;
    this.target = this.#targets.of(entry, domainAt, relayEnd);
    if (this.target === undefined) return false;
    const delaysAt = behindFigures(bytes, relayEnd + DELAY.length, LONGEST_DELAY);
    return (
      delaysAt >= 0 &&
      DELAYS.standsAt(view, delaysAt, entry.end) &&
      this.#behindDelays(entry, delaysAt + DELAYS.length)
    );
  }

  /** The delivery found last. */
  delivery(entry: ByteEntry): DeliveryLine {
    const reasonAt = this.#reasonAt;
    return {
      domain: this.target?.domain,
      relay: this.target?.relay,
      reused: false,
      delays: this.delays(entry),
      duration: this.#duration,
      tls: this.tls,
      reason: this.isAnswered ? SERVER_WORD : entry.text(reasonAt, entry.end - 1),
      isCut: false,
      // Told of cut lines only.
      isDelivered: false,
    };
  }

  queueId(entry: ByteEntry): string {
    return entry.ascii(entry.start, this.#idEnd);
  }

  /** The first three figures of `delays=`. */
  delays(entry: ByteEntry): string {
    return entry.ascii(this.#delaysAt, this.#delaysEnd);
  }

  #behindDelays(entry: ByteEntry, start: number): boolean {
    const { bytes, view } = entry;
    const end = behindFigures(bytes, start, LONGEST_DELAYS);
    if (end < 0) return false;
    const last = lastSlash(bytes, start, end);
    const third = lastSlash(bytes, start, last);
    if (third < 0) return false;
    this.#delaysAt = start;
    this.#delaysEnd = last;
    this.#duration = seconds(bytes, third + 1, last) + seconds(bytes, last + 1, end);
    if (Number.isNaN(this.#duration)) return false;
    const hasTls = TLS.standsAt(view, end, entry.end);
    const tlsEnd = hasTls ? place(bytes, COMMA, end + TLS.length, entry.end) : end;
    if (tlsEnd < 0) return false;
    this.tls = hasTls ? this.#tls.of(entry, end + TLS.length, tlsEnd) : undefined;
    return this.#findsReason(entry, tlsEnd);
  }

  /** Behind `, dsn=D, status=S (`. */
  #findsReason(entry: ByteEntry, start: number): boolean {
    const { bytes, view } = entry;
    if (!DSN.standsAt(view, start, entry.end)) return false;
    const statusAt = behindFigures(bytes, start + DSN.length, LONGEST_DSN);
    if (statusAt < 0 || !STATUS.standsAt(view, statusAt, entry.end)) return false;
    let at = statusAt + STATUS.length;
    this.mayBounce = bytes[at] === LOWER_B;
    const limit = Math.min(entry.end - 2, at + LONGEST_STATUS);
    while (at < limit && isLetter(bytes[at])) at += 1;
    if (bytes[at] !== SPACE || bytes[at + 1] !== OPENING) return false;
    this.#reasonAt = at + 2;
    this.isAnswered = at + 2 < entry.end && (isDigit(bytes[at + 2]) || isSaidByHost(entry, at + 2));
    // A reason that was cut may be the beginning of many: only the text tells which.
    return this.isAnswered || (at + 2 < entry.end && bytes[entry.end - 1] === CLOSING);
  }
}

/** `host H[A] said: …`: no reason of Postfix's own begins so (`readReason`). */
function isSaidByHost({ bytes, view, end }: ByteEntry, start: number): boolean {
  if (!HOST.standsAt(view, start, end)) return false;
  const nameEnd = place(bytes, SPACE, start + HOST.length, end);
  return nameEnd > 0 && SAID.standsAt(view, nameEnd, end);
}

/** Whether it begins like `Trusted`, `Untrusted`, `Verified`, `Anonymous` or `TLS`: no queue id does. */
function isSummary({ bytes, start }: ByteEntry): boolean {
  const second = bytes[start + 1];
  switch (bytes[start]) {
    case 65: // A
    case 85: // U
      return second === 110; // n
    case 84: // T
      return second === 114 || second === 76; // r, L
    case 86: // V
      return second === 101; // e
    default:
      return false;
  }
}

/** Whether it begins like `certificate`, `connect`, `server certificate` or `CA certificate`. */
function isAside({ bytes, start }: ByteEntry): boolean {
  const second = bytes[start + 1];
  const first = bytes[start];
  if (first === 67) return second === 65 && bytes[start + 2] === SPACE; // CA
  return (first === LOWER_C && (second === 101 || second === 111)) || (first === 115 && second === 101); // ce, co, se
}

function readAside(text: string): Aside | undefined {
  return readCertificateLine(text) ?? (isConnectFailure(text) ? 'not-reached' : undefined);
}

/** The receiver must fill its text: nothing but its port stands behind it. */
function readTarget(text: string): Target | undefined {
  const end = text.indexOf('>');
  const relayText = text.slice(end + RELAY.length);
  const relay = readPeer(relayText, 0);
  return relay?.end === relayText.length
    ? { domain: recipientDomain(text.slice(0, end)), relay, kinds: [] }
    : undefined;
}

/** The colon behind the queue id that begins here; -1 if it is none. */
function behindQueueId(bytes: Uint8Array, start: number): number {
  let kinds = 3;
  let at = start;
  for (let byte = bytes[at] ?? 0; byte !== COLON; byte = bytes[++at] ?? 0) {
    kinds &= QUEUE_ID[byte] ?? 0;
    if (kinds === 0) return -1;
  }
  const length = at - start;
  return length <= LONGEST_ID && length >= (kinds & 1 ? 6 : 10) ? at : -1;
}

/** The place of the last `@` in the address that begins here; -1 if it is quoted or has none. */
function lastAt(bytes: Uint8Array, start: number): number {
  if (bytes[start] === QUOTE) return -1;
  let found = -1;
  let at = start;
  for (let byte = bytes[at] ?? 0; byte !== GREATER; byte = bytes[++at] ?? 0) {
    if (byte === AT) found = at;
    else if (byte < SPACE || byte > 126) return -1;
  }
  return found;
}

function place(bytes: Uint8Array, byte: number, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === byte) return at;
  return -1;
}

/** Behind digits, dots and slashes; -1 if they are too many. */
function behindFigures(bytes: Uint8Array, start: number, most: number): number {
  let at = start;
  for (let byte = bytes[at] ?? 0; byte >= DOT && byte < COLON; byte = bytes[++at] ?? 0)
    if (at - start > most) return -1;
  return at;
}

function lastSlash(bytes: Uint8Array, start: number, end: number): number {
  for (let at = end - 1; at >= start; at--) if (bytes[at] === SLASH) return at;
  return -1;
}

/** `0.53`; NaN for what is written in any other way. */
function seconds(bytes: Uint8Array, start: number, end: number): number {
  let digits = 0;
  let scale = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === DOT && scale === 0) scale = 1;
    else if (isDigit(byte)) {
      digits = digits * 10 + byte - 48;
      scale *= 10;
    } else return Number.NaN;
  }
  const length = end - start;
  return length < 1 || length > 6 || scale === 1 ? Number.NaN : digits / Math.max(1, scale);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 97 && byte <= 122;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
