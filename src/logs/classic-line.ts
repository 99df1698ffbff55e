import { DAY_MS } from './years.ts';

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const MINUTES_A_DAY = 1440;
/** RFC 3164 §4.1.2: a stamp without a year, maybe behind a priority. */
const CLASSIC = /^(?:<\d{1,3}>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):/;

/** Whether a line begins with a stamp that carries no year. */
export function isClassic(line: string): boolean {
  return CLASSIC.test(line);
}

/** Minutes since a leap year's begin at which such a line was written, by its own clock; NaN for any other. */
export function minuteOfYear(line: string): number {
  const [, month = '', day, hour, minute] = CLASSIC.exec(line) ?? [];
  const days = Date.UTC(1972, MONTHS.indexOf(month) / 3, Number(day)) / DAY_MS - 730;
  return days * MINUTES_A_DAY + Number(hour) * 60 + Number(minute);
}
