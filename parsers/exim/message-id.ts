const BLANK = 32;
const MINUS = 45;
/** `123456-123456-12` up to 4.96, `123456-12345678901-1234` from 4.97 on. */
const MESSAGE_ID = /^[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4}) /;

const IS_DIGIT = new Uint8Array(256);
for (let byte = 48; byte <= 122; byte++)
  IS_DIGIT[byte] = byte <= 57 || (byte >= 65 && byte <= 90) || byte >= 97 ? 1 : 0;

/** Whether a message id and a blank begin the text. */
export function hasMessageId(text: string): boolean {
  return MESSAGE_ID.test(text);
}

/** Splits a message id, in the form up to 4.96 or the one from 4.97, from the text behind it. */
export function splitMessageId(message: string): { id: string; text: string } | undefined {
  const match = MESSAGE_ID.exec(message);
  if (match === null) return undefined;
  return { id: match[0].slice(0, -1), text: message.slice(match[0].length) };
}

/** The blank behind the message id that stands at `at`; -1 if none does. */
export function behindMessageId(bytes: Uint8Array, at: number, end: number): number {
  const isShort = bytes[at + 13] === MINUS;
  const last = isShort ? at + 14 : at + 19;
  const blank = isShort ? at + 16 : at + 23;
  const isId =
    blank < end &&
    bytes[blank] === BLANK &&
    bytes[at + 6] === MINUS &&
    bytes[last - 1] === MINUS &&
    areDigits(bytes, at, at + 6) &&
    areDigits(bytes, at + 7, last - 1) &&
    areDigits(bytes, last, blank);
  return isId ? blank : -1;
}

function areDigits(bytes: Uint8Array, from: number, until: number): boolean {
  for (let at = from; at < until; at++) if (IS_DIGIT[bytes[at] ?? 0] !== 1) return false;
  return true;
}
