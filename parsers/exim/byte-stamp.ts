import type { Zone } from 'maillog-tlsrpt/parser';
import { isClock, type StampFields, timeOf } from './stamp.ts';

const BLANK = 32;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const COLON = 58;
const BRACKET = 91;
const CLOSE = 93;
/** `YYYY-MM-DD HH:MM:SS`. */
const LENGTH = 19;
const LONGEST_PID = 10;

/** Exim's own stamp, read from the bytes of a line as `readStamp` reads it from its text. */
export class ByteStamp implements StampFields {
  year = 0;
  month = 0;
  day = 0;
  hour = 0;
  minute = 0;
  second = 0;
  ms = 0;
  /** Minutes east of UTC; NaN where the stamp does not tell. */
  offset = Number.NaN;
  pid = 0;
  /** The index behind the blank that ends the stamp. */
  end = 0;
  /** The words of `YYYY-MM-DD HH:MM`, read last: hundreds of lines share a minute. */
  readonly #words = new Int32Array(4);

  /** Whether a stamp stands at `from`; what looks odd in any way is none. */
  read(view: DataView, from: number, end: number): boolean {
    if (from + LENGTH >= end || (!this.#isSameMinute(view, from) && !this.#readMinute(view, from)))
      return false;
    this.second = twoDigits(view, from + 17);
    if (!isClock(this) || view.getUint8(from + 16) !== COLON) return false;
    const at = this.#readPid(
      view,
      this.#readOffset(view, this.#readFraction(view, from + LENGTH, end), end),
      end,
    );
    this.end = at + 1;
    return at < end && view.getUint8(at) === BLANK;
  }

  /** UTC ms of the stamp read last. */
  time(zone: Zone): number {
    return timeOf(this, zone);
  }

  #isSameMinute(view: DataView, from: number): boolean {
    const words = this.#words;
    return (
      view.getInt32(from + 12, true) === words[3] &&
      view.getInt32(from + 8, true) === words[2] &&
      view.getInt32(from + 4, true) === words[1] &&
      view.getInt32(from, true) === words[0]
    );
  }

  #readMinute(view: DataView, from: number): boolean {
    const words = this.#words;
    words.fill(0);
    if (view.getUint8(from + 4) !== MINUS || view.getUint8(from + 7) !== MINUS) return false;
    if (view.getUint8(from + 10) !== BLANK || view.getUint8(from + 13) !== COLON) return false;
    this.year = twoDigits(view, from) * 100 + twoDigits(view, from + 2);
    this.month = twoDigits(view, from + 5);
    this.day = twoDigits(view, from + 8);
    this.hour = twoDigits(view, from + 11);
    this.minute = twoDigits(view, from + 14);
    if (Number.isNaN(this.year)) return false;
    for (let index = 0; index < words.length; index++) words[index] = view.getInt32(from + index * 4, true);
    return true;
  }

  #readFraction(view: DataView, at: number, end: number): number {
    this.ms = 0;
    if (at + 4 > end || view.getUint8(at) !== DOT) return at;
    const ms = twoDigits(view, at + 1) * 10 + digit(view, at + 3);
    if (Number.isNaN(ms)) return at;
    this.ms = ms;
    return at + 4;
  }

  /** ` +hhmm`. */
  #readOffset(view: DataView, at: number, end: number): number {
    this.offset = Number.NaN;
    if (at + 6 > end || view.getUint8(at) !== BLANK) return at;
    const sign = view.getUint8(at + 1);
    if (sign !== PLUS && sign !== MINUS) return at;
    const minutes = twoDigits(view, at + 2) * 60 + twoDigits(view, at + 4);
    if (Number.isNaN(minutes)) return at;
    this.offset = sign === MINUS ? -minutes : minutes;
    return at + 6;
  }

  /** ` [pid]`. */
  #readPid(view: DataView, at: number, end: number): number {
    this.pid = 0;
    if (at + 4 > end || view.getUint8(at) !== BLANK || view.getUint8(at + 1) !== BRACKET) return at;
    let pid = 0;
    let next = at + 2;
    for (; next < end; next++) {
      const value = digit(view, next);
      if (Number.isNaN(value)) break;
      pid = pid * 10 + value;
    }
    const length = next - at - 2;
    if (length < 1 || length > LONGEST_PID || next >= end || view.getUint8(next) !== CLOSE) return at;
    this.pid = pid;
    return next + 1;
  }
}

/** NaN when there are none. */
function twoDigits(view: DataView, at: number): number {
  return digit(view, at) * 10 + digit(view, at + 1);
}

function digit(view: DataView, at: number): number {
  const value = view.getUint8(at) - ZERO;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}
