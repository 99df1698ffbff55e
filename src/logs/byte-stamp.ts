import { BytePattern } from '../byte-pattern.ts';
import type { StampReader } from './stamp.ts';
import type { LocalZone } from './zone.ts';

const HOUR_MS = 3_600_000;
const SPACE = 32;
const DOT = 46;
const COLON = 58;
const MINUS = 45;
const NONE = new BytePattern('');
/** `Nov 16 00:00:00`. */
const CLASSIC = 15;
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
  #hour = NONE;
  #offset: Uint8Array = new Uint8Array(0);
  #base = 0;
  /** What bounded the year of the hour; NaN where it stands in the stamp. */
  #latest = Number.NaN;
  /** Words of the classic stamp read last: hundreds of lines share a second. */
  readonly #second = new Int32Array(4);
  #secondTime = Number.NaN;
  readonly #zone: LocalZone;

  /** @param zone of stamps that carry none */
  constructor(zone: LocalZone) {
    this.#zone = zone;
  }

  /**
   * @param end of the line
   * @param latest tells what bounds the year of stamps without one: an hour holds as long as it is the same
   */
  read(view: DataView, from: number, end: number, latest: () => number): boolean {
    const hour = this.#hour;
    if (hour.length === CLASSIC_HOUR) return this.#readClassic(view, from, end, latest());
    if (hour.length === 0 || !hour.standsAt(view, from, end)) return false;
    return this.#readClock(view, from + hour.length, end) && this.#readRest(view, end);
  }

  #readClassic(view: DataView, from: number, end: number, latest: number): boolean {
    if (this.#latest !== latest || from + CLASSIC > end) return false;
    const second = this.#second;
    // From behind: the seconds change most often.
    if (
      view.getInt32(from + 11, true) === second[3] &&
      view.getInt32(from + 8, true) === second[2] &&
      view.getInt32(from + 4, true) === second[1] &&
      view.getInt32(from, true) === second[0]
    ) {
      this.time = this.#secondTime;
      this.end = from + CLASSIC;
      return true;
    }
    if (!this.#hour.standsAt(view, from, end) || !this.#readClock(view, from + CLASSIC_HOUR, end))
      return false;
    second[0] = view.getInt32(from, true);
    second[1] = view.getInt32(from + 4, true);
    second[2] = view.getInt32(from + 8, true);
    second[3] = view.getInt32(from + 11, true);
    this.#secondTime = this.time;
    return true;
  }

  /** `mm:ss` of the known hour. */
  #readClock(view: DataView, at: number, end: number): boolean {
    const minute = twoDigits(view, at, end);
    const second = twoDigits(view, at + 3, end);
    if (!(minute < 60 && second < 60) || byteAt(view, at + 2, end) !== COLON) return false;
    this.time = this.#base + (minute * 60 + second) * 1000;
    this.end = at + 5;
    return true;
  }

  /** The fraction, cut to ms, and the same offset from UTC as before. */
  #readRest(view: DataView, end: number): boolean {
    let at = this.end;
    if (byteAt(view, at, end) === DOT) {
      let weight = 100;
      const start = at + 1;
      for (at = start; isDigit(byteAt(view, at, end)); at++) {
        this.time += weight * (byteAt(view, at, end) - 48);
        weight = weight > 1 ? weight / 10 : 0;
      }
      if (at === start) return false;
    }
    const offset = this.#offset;
    for (let index = 0; index < offset.length; index++)
      if (byteAt(view, at++, end) !== offset[index]) return false;
    this.end = at;
    return true;
  }

  /**
   * Takes over the hour of a line that was read as text, at `time`, if it is one whose other stamps follow from it.
   * @param stamp a reader like the one that read the line
   */
  learn(bytes: Uint8Array, from: number, time: number, stamp: StampReader, latest: () => number): void {
    this.#hour = NONE;
    this.#secondTime = Number.NaN;
    this.#second.fill(0);
    if (bytes[from + 4] === MINUS) this.#learnIso(bytes, from, time, stamp);
    else this.#learnClassic(bytes, from, stamp, latest);
  }

  /**
   * In zones that change at half past, and where the year changes, the hour's begin does not tell its end; and which of
   * its readings is meant of an hour that comes twice, each stamp is to be asked.
   */
  #learnClassic(bytes: Uint8Array, from: number, stamp: StampReader, latest: () => number): void {
    if (bytes[from + 3] !== SPACE || bytes[from + 6] !== SPACE || bytes[from + 9] !== COLON) return;
    if (bytes[from + 15] !== SPACE) return;
    const hour = bytes.slice(from, from + CLASSIC_HOUR);
    const text = String.fromCharCode(...hour);
    if (!stamp.read(`${text}00:00`, 0)) return;
    const base = stamp.time;
    if (!stamp.read(`${text}59:59`, 0) || stamp.time !== base + HOUR_MS - 1000) return;
    if ((this.#zone.repeated(base) ?? this.#zone.repeated(stamp.time)) !== undefined) return;
    this.#hour = new BytePattern(hour);
    this.#base = base;
    this.#latest = latest();
  }

  /** Of a line with two stamps the first is not the one that tells its time. */
  #learnIso(bytes: Uint8Array, from: number, time: number, stamp: StampReader): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#hour = new BytePattern(bytes.subarray(from, from + ISO_HOUR));
    this.#offset = new Uint8Array(0);
    this.#base = 0;
    const end = bytes.indexOf(SPACE, from);
    const isShort = this.read(view, from, bytes.length, () => 0) && end > this.end && end - this.end <= 6;
    const text = isShort ? String.fromCharCode(...bytes.subarray(from, end)) : '';
    if (!isShort || !stamp.read(text, 0) || stamp.time !== time) {
      this.#hour = NONE;
      return;
    }
    this.#offset = bytes.slice(this.end, end);
    this.#base = time - this.time;
  }
}

/** NaN when there are none. */
function twoDigits(view: DataView, at: number, end: number): number {
  const tens = byteAt(view, at, end);
  const ones = byteAt(view, at + 1, end);
  return isDigit(tens) && isDigit(ones) ? (tens - 48) * 10 + ones - 48 : Number.NaN;
}

/** 0 behind the end. */
function byteAt(view: DataView, at: number, end: number): number {
  return at < end ? view.getUint8(at) : 0;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
