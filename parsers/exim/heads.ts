import {
  type ByteEntry,
  type ByteHead,
  BytePattern,
  type EnvelopeContext,
  type HeadReading,
} from 'maillog-tlsrpt/parser';
import { ByteStamp } from './byte-stamp.ts';
import { behindMessageId, splitMessageId } from './message-id.ts';

const BLANK = 32;
const OPENING = 40;
const STAR = 42;
const MINUS = 45;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const UPPER_C = 67;
const UPPER_D = 68;
const BRACKET = 91;
const ASCII_END = 0x80;
const COMPLETED = new BytePattern('Completed');
/** What Exim found in a message that came in (exim: dkim.c): of such lines a busy host writes as many as of arrivals. */
const DKIM_TEXT = 'DKIM: ';
const DKIM = new BytePattern(DKIM_TEXT);

/**
 * Tells by the beginnings of lines which of them matter: those that name a message, but for what came in and what was not
 * done. Nothing behind the message's id but Exim's own flag has a say in it.
 */
export class Heads {
  readonly #ownSender: string | undefined;
  /** In bytes, where it is ASCII; where it is not, no word of ASCII is it. */
  readonly #ownLength: number;
  readonly #stamp = new ByteStamp();

  /** @param ownSender lower case */
  constructor(ownSender: string | undefined) {
    this.#ownSender = ownSender;
    this.#ownLength = ownSender?.length ?? 0;
  }

  /** Whether a message in the text of a line matters. What may be a piece of a line does. */
  matters(message: string): boolean {
    if (message.startsWith('[')) return true;
    const text = splitMessageId(message)?.text;
    if (text === undefined || text.startsWith('*> ') || text.startsWith(DKIM_TEXT)) return false;
    return !isArrival(text) || this.isOwn(text);
  }

  /** Whether an arrival is that of a report of ours. */
  isOwn(arrival: string): boolean {
    return (
      this.#ownSender !== undefined && arrival.slice(3).split(' ', 1)[0]?.toLowerCase() === this.#ownSender
    );
  }

  /** The same of a line of a mainlog, by its bytes. */
  read(line: ByteHead, { zone }: EnvelopeContext): HeadReading {
    const stamp = this.#stamp;
    const { bytes, end } = line;
    if (!stamp.read(line.view, line.start, end)) return 'unread';
    const start = stamp.end;
    const idEnd = behindMessageId(bytes, start, end);
    // Without a message's id it may be a piece of a line; what else has such a stamp is Exim's, and of no message.
    if (idEnd < 0) return bytes[start] === BRACKET ? 'unread' : 'noise';
    const reading = this.#flagAt(line, idEnd + 1);
    if (reading === 'noise') return reading;
    line.time = stamp.time(zone);
    line.program = 'exim';
    line.pid = stamp.pid;
    line.start = start;
    return reading;
  }

  #flagAt(line: ByteHead, at: number): HeadReading {
    const { bytes, end } = line;
    const first = bytes[at];
    if (first === UPPER_C && isCompleted(line, at)) return 'matters';
    if (first === UPPER_D && DKIM.standsAt(line.view, at, end)) return 'noise';
    if (at + 2 >= end || bytes[at + 2] !== BLANK) return 'needles';
    const second = bytes[at + 1];
    if (second === EQUALS) {
      if (first === EQUALS) return 'matters';
      if (first === LESS || first === OPENING) return this.#isOwnAt(line, at) ? 'needles' : 'noise';
    }
    if (second === GREATER) {
      if (first === STAR) return 'noise';
      if (first === EQUALS || first === MINUS || first === GREATER) return 'matters';
    }
    return first === STAR && second === STAR ? 'matters' : 'needles';
  }

  #isOwnAt(line: ByteHead, at: number): boolean {
    if (this.#ownSender === undefined) return false;
    const { bytes, end } = line;
    let next = at + 3;
    let isAscii = true;
    for (; next < end && bytes[next] !== BLANK; next++) if ((bytes[next] ?? 0) >= ASCII_END) isAscii = false;
    if (isAscii && next - at - 3 !== this.#ownLength) return false;
    return this.isOwn(line.text(at, next));
  }
}

/** Whether the text behind a message's id tells that it came in (exim: receive.c; `(=`: fakereject). */
export function isArrival(text: string): boolean {
  return text.startsWith('<= ') || text.startsWith('(= ');
}

/** Whether `Completed` stands at `at`, alone or before fields. */
export function isCompleted({ bytes, view, end }: ByteEntry, at: number): boolean {
  const behind = at + COMPLETED.length;
  return COMPLETED.standsAt(view, at, end) && (behind === end || bytes[behind] === BLANK);
}
