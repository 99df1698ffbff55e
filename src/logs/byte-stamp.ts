import type { StampReader } from './stamp.ts';

const HOUR_MS = 3_600_000;
const SPACE = 32;
const DOT = 46;
const COLON = 58;
const MINUS = 45;
/** `Nov 16 00:` and `2026-11-16T00:`: what all stamps of one hour begin with. */
const CLASSIC_HOUR = 10;
const ISO_HOUR = 14;

/**
 * Stamps read from bytes, for lines of the same hour as one that {@link StampReader} has read: of those only minutes,
 * seconds and fractions are looked at. Whatever looks different in any byte is not read at all.
 */
export class ByteStamp {
  /** UTC ms of the last stamp read. */
  time = 0;
  /** The index just behind it. */
  end = 0;
  /** The bytes up to the minutes, and those of the offset from UTC. */
  #hour: Uint8Array = new Uint8Array(0);
  #offset: Uint8Array = new Uint8Array(0);
  #base = 0;
  /** What bounded the year of the hour; NaN where it stands in the stamp. */
  #latest = Number.NaN;

  /** @param latest what bounds the year of stamps without one: an hour holds as long as it is the same */
  read(bytes: Uint8Array, from: number, latest: number): boolean {
    const hour = this.#hour;
    const length = hour.length;
    if (length === 0) return false;
    for (let at = length - 1; at >= 0; at--) if (bytes[from + at] !== hour[at]) return false;
    const at = from + length;
    const minute = twoDigits(bytes, at);
    const second = twoDigits(bytes, at + 3);
    if (!(minute < 60 && second < 60) || bytes[at + 2] !== COLON) return false;
    this.time = this.#base + (minute * 60 + second) * 1000;
    this.end = at + 5;
    return length === CLASSIC_HOUR ? this.#latest === latest : this.#readRest(bytes);
  }

  /** The fraction, cut to ms, and the same offset from UTC as before. */
  #readRest(bytes: Uint8Array): boolean {
    let at = this.end;
    if (bytes[at] === DOT) {
      let weight = 100;
      const start = at + 1;
      for (at = start; isDigit(bytes[at]); at++) {
        this.time += weight * ((bytes[at] ?? 0) - 48);
        weight = weight > 1 ? weight / 10 : 0;
      }
      if (at === start) return false;
    }
    const offset = this.#offset;
    for (let index = 0; index < offset.length; index++) if (bytes[at++] !== offset[index]) return false;
    this.end = at;
    return true;
  }

  /**
   * Takes over the hour of a line that was read as text, at `time`, if it is one whose other stamps follow from it.
   * @param stamp a reader like the one that read the line
   */
  learn(bytes: Uint8Array, from: number, time: number, stamp: StampReader, latest: number): void {
    this.#hour = new Uint8Array(0);
    if (bytes[from + 4] === MINUS) this.#learnIso(bytes, from, time);
    else this.#learnClassic(bytes, from, stamp, latest);
  }

  /** In zones that change at half past, and where the year changes, the hour's begin does not tell its end. */
  #learnClassic(bytes: Uint8Array, from: number, stamp: StampReader, latest: number): void {
    if (bytes[from + 3] !== SPACE || bytes[from + 6] !== SPACE || bytes[from + 9] !== COLON) return;
    if (bytes[from + 15] !== SPACE) return;
    const hour = bytes.slice(from, from + CLASSIC_HOUR);
    const text = String.fromCharCode(...hour);
    if (!stamp.read(`${text}00:00`, 0)) return;
    const base = stamp.time;
    if (!stamp.read(`${text}59:59`, 0) || stamp.time !== base + HOUR_MS - 1000) return;
    this.#hour = hour;
    this.#base = base;
    this.#latest = latest;
  }

  #learnIso(bytes: Uint8Array, from: number, time: number): void {
    this.#hour = bytes.slice(from, from + ISO_HOUR);
    this.#offset = new Uint8Array(0);
    this.#base = 0;
    const end = bytes.indexOf(SPACE, from);
    if (!this.read(bytes, from, 0) || end <= this.end || end - this.end > 6) {
      this.#hour = new Uint8Array(0);
      return;
    }
    this.#offset = bytes.slice(this.end, end);
    this.#base = time - this.time;
  }
}

/** NaN when there are none. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at];
  const ones = bytes[at + 1];
  return isDigit(tens) && isDigit(ones) ? ((tens ?? 0) - 48) * 10 + (ones ?? 0) - 48 : Number.NaN;
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 48 && code <= 57;
}
