import type { ByteEntry } from 'maillog-tlsrpt/parser';
import { ByteMemo } from './byte-memo.ts';
import type { DeliveryLine } from './delivery-line.ts';
import { recipientDomain } from './next-hop.ts';
import { readPeer } from './peer.ts';
import { readSummary, type SummaryLine } from './summary-line.ts';
import { readTlsField } from './tls-field.ts';

const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const DOT = 46;
const SLASH = 47;
const COLON = 58;
const GREATER = 62;
const LOWER_B = 98;
const AT = 64;
const CLOSING = 41;

const TO = ascii(' to=<');
const RELAY = ascii('>, relay=');
const DELAY = ascii(', delay=');
const DELAYS = ascii(', delays=');
const TLS = ascii(', tls=');
const DSN = ascii(', dsn=');
const STATUS = ascii(', status=');

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

/**
 * The two commonest lines read from their bytes, to exactly what their text would be read to. Every other line, and
 * every one of these that is odd in any way, is left to the text.
 */
export class ByteLines {
  /** Of the delivery read last. */
  queueId = '';
  readonly #summaries = new ByteMemo(readSummary);
  readonly #relays = new ByteMemo(readWholePeer);
  readonly #domains = new ByteMemo((text) => recipientDomain(text));
  readonly #tls = new ByteMemo(readTlsField);
  #durations = 0;

  /** `Trusted TLS connection established to …`, whole: it says nothing of one session. */
  summary(entry: ByteEntry): SummaryLine | undefined {
    return this.#summaries.of(entry, entry.start, entry.end);
  }

  /** `Q: to=<…>, relay=H[A]:port, delay=…, delays=…[, tls=…], dsn=…, status=… (…`. */
  delivery(entry: ByteEntry): DeliveryLine | undefined {
    const { bytes, start } = entry;
    const idEnd = behindQueueId(bytes, start);
    if (idEnd < 0 || !stands(bytes, idEnd + 1, TO)) return undefined;
    const domainAt = lastAt(bytes, idEnd + 1 + TO.length);
    if (domainAt < 0) return undefined;
    const recipientEnd = place(bytes, GREATER, domainAt, entry.end);
    if (!stands(bytes, recipientEnd, RELAY)) return undefined;
    const relayAt = recipientEnd + RELAY.length;
    const relayEnd = place(bytes, COMMA, relayAt, entry.end);
    if (relayEnd < 0 || !stands(bytes, relayEnd, DELAY)) return undefined;
    const relay = this.#relays.of(entry, relayAt, relayEnd);
    if (relay === undefined) return undefined;
    const delaysAt = behindFigures(bytes, relayEnd + DELAY.length, LONGEST_DELAY);
    if (delaysAt < 0 || !stands(bytes, delaysAt, DELAYS)) return undefined;
    const line = this.#behindDelays(entry, delaysAt + DELAYS.length);
    if (line === undefined) return undefined;
    this.queueId = entry.text(start, idEnd);
    const domain = this.#domains.of(entry, domainAt, recipientEnd);
    return { domain, relay, reused: false, duration: this.#durations, ...line };
  }

  #behindDelays(
    entry: ByteEntry,
    start: number,
  ): Pick<DeliveryLine, 'delays' | 'tls' | 'reason'> | undefined {
    const { bytes } = entry;
    const end = behindFigures(bytes, start, LONGEST_DELAYS);
    if (end < 0) return undefined;
    const last = lastSlash(bytes, start, end);
    const third = lastSlash(bytes, start, last);
    if (third < 0) return undefined;
    this.#durations = seconds(bytes, third + 1, last) + seconds(bytes, last + 1, end);
    if (Number.isNaN(this.#durations)) return undefined;
    const hasTls = stands(bytes, end, TLS);
    const tlsEnd = hasTls ? place(bytes, COMMA, end + TLS.length, entry.end) : end;
    if (tlsEnd < 0) return undefined;
    const reason = this.#reason(entry, tlsEnd);
    if (reason === undefined) return undefined;
    const tls = hasTls ? this.#tls.of(entry, end + TLS.length, tlsEnd) : undefined;
    return { delays: entry.text(start, last), tls, reason };
  }

  /** Behind `, dsn=D, status=S (`. */
  #reason(entry: ByteEntry, start: number): string | undefined {
    const { bytes } = entry;
    if (!stands(bytes, start, DSN)) return undefined;
    const statusAt = behindFigures(bytes, start + DSN.length, LONGEST_DSN);
    if (statusAt < 0 || !stands(bytes, statusAt, STATUS)) return undefined;
    let at = statusAt + STATUS.length;
    // Mail that comes back may be a report of ours, whose recipient is asked for.
    if (bytes[at] === LOWER_B) return undefined;
    const limit = Math.min(entry.end - 2, at + LONGEST_STATUS);
    while (at < limit && isLetter(bytes[at])) at += 1;
    if (bytes[at] !== SPACE || bytes[at + 1] !== 40) return undefined;
    if (isDigit(bytes[at + 2]) && at + 2 < entry.end) return SERVER_WORD;
    const end = bytes[entry.end - 1] === CLOSING ? entry.end - 1 : entry.end;
    return entry.text(at + 2, Math.max(at + 2, end));
  }
}

/** A receiver that fills the text: nothing but its port stands behind it. */
function readWholePeer(text: string) {
  const peer = readPeer(text, 0);
  return peer?.end === text.length ? peer : undefined;
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
  return length <= 20 && length >= (kinds & 1 ? 6 : 10) ? at : -1;
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

function stands(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  if (at < 0) return false;
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false;
  return true;
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
