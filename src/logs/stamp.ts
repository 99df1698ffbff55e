import type { Zone } from '../parser.ts';
import { zoneOf } from './zone.ts';

const DAY_MS = 86_400_000;
/** Less than any year, so that a time this near below a bound cannot be had a year later. */
const ALMOST_A_YEAR_MS = 364 * DAY_MS;
/** Feb 29 can be eight years away (1896, 1904; 2096, 2104). */
const YEARS_BACK = 9;
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MONTHS = new Map(
  ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((name, at) => [
    threeLetters(name, 0),
    at + 1,
  ]),
);
const WEEKDAYS = new Set(
  ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map((name) => threeLetters(name, 0)),
);
const SPACE = 32;
const PLUS = 43;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const COLON = 58;
const UPPER_T = 84;
const UPPER_Z = 90;

/** What `latest()` must be (UTC ms) for all stamps without a year to be of this one. */
export function latestOfYear(year: number, zone: Zone): number {
  return zone.toUtc(year + 1, 1, 1, 0, 0, 0, 0) - 1 - DAY_MS;
}

/**
 * Reads the stamp at the head of a line; the outcome stands in its fields, for a stamp a line must cost no memory.
 * Stamps without a year are of the latest year that puts them no more than a day after `latest()`.
 */
export class StampReader {
  /** UTC ms of the last stamp read. */
  time = 0;
  /** The index just behind it. */
  end = 0;
  /** It carried its own zone, so nothing had to be assumed. */
  zoned = false;
  readonly #zone: Zone;
  readonly #utc: Zone = zoneOf('UTC');
  readonly #latest: () => number;
  #year = 1970;

  constructor(zone: Zone, latest: () => number) {
    this.#zone = zone;
    this.#latest = latest;
  }

  /** True if a stamp of any of the known shapes stands at `start` with a blank or the line's end behind it. */
  read(line: string, start: number): boolean {
    const code = line.charCodeAt(start);
    const found = isDigit(code) ? this.#readDigits(line, start) : this.#readLetters(line, start);
    return found && (this.end === line.length || line.charCodeAt(this.end) === SPACE);
  }

  #readLetters(line: string, start: number): boolean {
    const word = threeLetters(line, start);
    const month = MONTHS.get(word);
    if (month !== undefined) return this.#readClassic(line, start, month);
    if (!WEEKDAYS.has(word) || line.charCodeAt(start + 3) !== SPACE) return false;
    return this.#readFull(line, start + 4);
  }

  /** RFC 3164 §4.1.2, with Postfix's zero-padded day (msg_logger.c) and journald's fractions. */
  #readClassic(line: string, start: number, month: number): boolean {
    if (line.charCodeAt(start + 3) !== SPACE) return false;
    const padded = line.charCodeAt(start + 4) === SPACE;
    const short = !padded && line.charCodeAt(start + 5) === SPACE;
    const dayAt = padded ? start + 5 : start + 4;
    const day = padded || short ? digit(line, dayAt) : twoDigits(line, dayAt);
    const clock = short ? start + 6 : start + 7;
    if (line.charCodeAt(clock - 1) !== SPACE || !validDay(month, day) || !validClock(line, clock))
      return false;
    const ms = this.#readFraction(line, clock + 8);
    this.zoned = false;
    this.time = this.#withoutYear(month, day, line, clock, ms);
    return !Number.isNaN(this.time);
  }

  #withoutYear(month: number, day: number, line: string, clock: number, ms: number): number {
    const hour = twoDigits(line, clock);
    const minute = twoDigits(line, clock + 3);
    const second = twoDigits(line, clock + 6);
    const bound = this.#latest() + DAY_MS;
    if (month !== 2 || day !== 29) {
      const time = this.#zone.toUtc(this.#year, month, day, hour, minute, second, ms);
      if (time <= bound && bound - time < ALMOST_A_YEAR_MS) return time;
    }
    const newest = new Date(bound).getUTCFullYear() + 1;
    for (let year = newest; year > newest - YEARS_BACK; year--) {
      if (day === 29 && month === 2 && !isLeap(year)) continue;
      const time = this.#zone.toUtc(year, month, day, hour, minute, second, ms);
      if (time > bound) continue;
      this.#year = year;
      return time;
    }
    return Number.NaN;
  }

  #readDigits(line: string, start: number): boolean {
    if (line.charCodeAt(start + 4) === MINUS) return this.#readIso(line, start);
    return this.#readSeconds(line, start);
  }

  /** RFC 3339 §5.6 and ISO 8601, also without the colon in the offset. */
  #readIso(line: string, start: number): boolean {
    if (!validDate(line, start, UPPER_T)) return false;
    const ms = this.#readFraction(line, start + 19);
    const offset = this.#readOffset(line);
    return this.#set(line, start, ms, offset);
  }

  /** journald's short-full, behind the weekday: `2026-11-02 10:00:01 CET`. */
  #readFull(line: string, start: number): boolean {
    if (!validDate(line, start, SPACE)) return false;
    const ms = this.#readFraction(line, start + 19);
    if (line.charCodeAt(this.end) !== SPACE) return false;
    const nameEnd = line.indexOf(' ', this.end + 1);
    const name = line.slice(this.end + 1, Math.min(nameEnd, this.end + 8));
    this.end += 1;
    const offset = name === 'UTC' || name === 'GMT' ? 0 : this.#readOffset(line);
    // Any other name is that of the configured zone: names like IST mean three different ones.
    if (/^[A-Z]{2,6}$/.test(name)) this.end = nameEnd;
    else if (Number.isNaN(offset)) return false;
    return this.#set(line, start, ms, offset);
  }

  /** Takes over the date at `start`, with its offset from UTC in ms, NaN for the configured zone's. */
  #set(line: string, start: number, ms: number, offset: number): boolean {
    this.zoned = !Number.isNaN(offset);
    const wall = (this.zoned ? this.#utc : this.#zone).toUtc(
      fourDigits(line, start),
      twoDigits(line, start + 5),
      twoDigits(line, start + 8),
      twoDigits(line, start + 11),
      twoDigits(line, start + 14),
      twoDigits(line, start + 17),
      ms,
    );
    this.time = this.zoned ? wall - offset : wall;
    return true;
  }

  /** journald's short-unix: seconds since 1970. */
  #readSeconds(line: string, start: number): boolean {
    let at = start;
    let seconds = 0;
    for (let code = line.charCodeAt(at); isDigit(code) && at - start < 12; code = line.charCodeAt(++at))
      seconds = seconds * 10 + code - 48;
    if (at - start < 9 || at - start > 11) return false;
    this.time = seconds * 1000 + this.#readFraction(line, at);
    this.zoned = true;
    return true;
  }

  /** The milliseconds of a fraction of any length at `at`, 0 if there is none; moves `end` behind it. */
  #readFraction(line: string, at: number): number {
    this.end = at;
    const mark = line.charCodeAt(at);
    if ((mark !== DOT && mark !== COMMA) || !isDigit(line.charCodeAt(at + 1))) return 0;
    let ms = 0;
    let weight = 100;
    let next = at + 1;
    for (let code = line.charCodeAt(next); isDigit(code); code = line.charCodeAt(++next)) {
      ms += weight * (code - 48);
      weight = weight > 1 ? weight / 10 : 0;
    }
    this.end = next;
    return ms;
  }

  /** The offset from UTC at `end`, in ms, NaN if there is none; moves `end` behind it. */
  #readOffset(line: string): number {
    const at = this.end;
    const sign = line.charCodeAt(at);
    if (sign === UPPER_Z || sign === UPPER_Z + 32) {
      this.end = at + 1;
      return 0;
    }
    if (sign !== PLUS && sign !== MINUS) return Number.NaN;
    const hours = twoDigits(line, at + 1);
    if (Number.isNaN(hours)) return Number.NaN;
    const minutesAt = line.charCodeAt(at + 3) === COLON ? at + 4 : at + 3;
    const minutes = twoDigits(line, minutesAt);
    this.end = Number.isNaN(minutes) ? at + 3 : minutesAt + 2;
    const offset = (hours * 60 + (Number.isNaN(minutes) ? 0 : minutes)) * 60_000;
    return sign === MINUS ? -offset : offset;
  }
}

function threeLetters(text: string, at: number): number {
  return (text.charCodeAt(at) << 16) | (text.charCodeAt(at + 1) << 8) | text.charCodeAt(at + 2);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** NaN when there is none. */
function digit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return isDigit(code) ? code - 48 : Number.NaN;
}

function twoDigits(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

function fourDigits(text: string, at: number): number {
  return twoDigits(text, at) * 100 + twoDigits(text, at + 2);
}

/** `YYYY-MM-DD`, the separator, `hh:mm:ss` at `at`. */
function validDate(line: string, at: number, separator: number): boolean {
  return (
    line.charCodeAt(at + 4) === MINUS &&
    line.charCodeAt(at + 7) === MINUS &&
    line.charCodeAt(at + 10) === separator &&
    fourDigits(line, at) >= 1970 &&
    validDay(twoDigits(line, at + 5), twoDigits(line, at + 8)) &&
    validClock(line, at + 11)
  );
}

function validDay(month: number, day: number): boolean {
  return day >= 1 && day <= (MONTH_DAYS[month - 1] ?? 0);
}

/** `hh:mm:ss` at `at`; a leap second is one. */
function validClock(line: string, at: number): boolean {
  return (
    line.charCodeAt(at + 2) === COLON &&
    line.charCodeAt(at + 5) === COLON &&
    twoDigits(line, at) < 24 &&
    twoDigits(line, at + 3) < 60 &&
    twoDigits(line, at + 6) <= 60
  );
}

function isLeap(year: number): boolean {
  return new Date(Date.UTC(year, 1, 29)).getUTCDate() === 29;
}
