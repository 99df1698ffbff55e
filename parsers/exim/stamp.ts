import type { Zone } from 'maillog-tlsrpt/parser';

/** `YYYY-MM-DD HH:MM:SS[.mmm][ +hhmm][ [pid]] ` (exim: tod.c, log.c). */
const STAMP =
  /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?(?: ([+-])(\d\d)(\d\d))?(?: \[(\d{1,10})\])? /;

/** The figures of Exim's stamp. */
export interface StampFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly ms: number;
  /** Minutes east of UTC; NaN where the stamp does not tell. */
  readonly offset: number;
}

/** A line that began with Exim's own stamp. */
export interface Stamped {
  readonly stamp: StampFields;
  readonly pid: number;
  readonly rest: string;
}

/** Reads the stamp at the head of `text`. */
export function readStamp(text: string): Stamped | undefined {
  const match = STAMP.exec(text);
  if (match === null) return undefined;
  const [whole, year, month, day, hour, minute, second, ms = '0', sign, hours, minutes, pid = '0'] = match;
  const stamp: StampFields = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    ms: Number(ms),
    offset: sign === undefined ? Number.NaN : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)),
  };
  if (!isClock(stamp)) return undefined;
  return { stamp, pid: Number(pid), rest: text.slice(whole.length) };
}

/** Whether the figures are those of a calendar and a clock; a leap second is one. */
export function isClock({ month, day, hour, minute, second }: StampFields): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 60;
}

/** Whether a stamp tells its own distance from UTC. */
export function isZoned({ offset }: StampFields): boolean {
  return !Number.isNaN(offset);
}

/** UTC ms of a stamp, in the configured zone where it names none; to be asked only of the stamp that is believed. */
export function timeOf(
  { year, month, day, hour, minute, second, ms, offset }: StampFields,
  zone: Zone,
): number {
  if (Number.isNaN(offset)) return zone.toUtc(year, month, day, hour, minute, second, ms);
  return Date.UTC(year, month - 1, day, hour, minute, second, ms) - offset * 60_000;
}
