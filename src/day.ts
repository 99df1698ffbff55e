import { UTCDateMini } from '@date-fns/utc/date/mini';
import { addDays as addCalendarDays } from 'date-fns/addDays';
import { z } from 'zod';

const HOUR_MS = 3_600_000;

/** A UTC day, `YYYY-MM-DD`. RFC 8460 §4.1: a report covers one full UTC day. */
export type Day = string;

/** {@link Day}, where it comes from outside. */
export const daySchema = z.iso.date();

/** The UTC day of a time in ms. */
export function dayOf(time: number): Day {
  return new Date(time).toISOString().slice(0, 10);
}

/** The start of the UTC hour of a time, in ms: the grain of a tally. */
export function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS) * HOUR_MS;
}

/** The first millisecond of a day. */
export function dayStart(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/** The first millisecond after a day. */
export function dayEnd(day: Day): number {
  return dayStart(addDays(day, 1));
}

/** The day `count` days later (earlier when negative). */
export function addDays(day: Day, count: number): Day {
  return addCalendarDays(new UTCDateMini(dayStart(day)), count)
    .toISOString()
    .slice(0, 10);
}
