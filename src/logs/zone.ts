import { EXIT, Problem } from '../errors.ts';
import type { Zone } from '../parser.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const LAST_MS_OF_HOUR = HOUR_MS - 1;

/** Wall-clock time that exists twice, for clocks are set back at its end; UTC ms. */
export interface RepeatedHour {
  /** Where its first reading begins. Mostly an hour before `again`, but half an hour or two somewhere. */
  readonly begin: number;
  /** Where its first reading ends and its second begins. */
  readonly again: number;
  /** Where its second reading ends. */
  readonly end: number;
}

/** A zone that also knows which time it has twice. */
export interface LocalZone extends Zone {
  /** The repeated hour that `utc` (ms) lies in, by whichever reading; undefined for a time that exists once. */
  repeated(utc: number): RepeatedHour | undefined;
}

/** The IANA name of the machine's own zone. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * The zone of an IANA name (`UTC`, `Europe/Berlin`), with the offset of the last local hour remembered, since a log's
 * stamps stay in one hour for thousands of lines.
 * @throws Problem (config) for a name the runtime does not know.
 */
export function zoneOf(name: string): LocalZone {
  const offsetAt = name === 'UTC' ? () => 0 : offsets(name);
  let cachedHour = Number.NaN;
  let cachedBase = 0;
  let cachedDay = Number.NaN;
  let setBack: RepeatedHour | undefined;
  return {
    name,
    repeated(utc) {
      const day = Math.floor(utc / DAY_MS);
      if (day !== cachedDay) {
        cachedDay = day;
        setBack = setBackAround(day * DAY_MS, offsetAt);
      }
      return setBack !== undefined && utc >= setBack.begin && utc < setBack.end ? setBack : undefined;
    },
    toUtc(year, month, day, hour, minute, second, ms) {
      const hourKey = ((year * 12 + month) * 32 + day) * 24 + hour;
      const within = minute * 60_000 + second * 1000 + ms;
      if (hourKey === cachedHour) return cachedBase + within;
      const wall = Date.UTC(year, month - 1, day, hour);
      const first = resolve(wall, offsetAt);
      // An hour cut by a change of the clocks has no single offset, so it is worked out time by time.
      if (resolve(wall + LAST_MS_OF_HOUR, offsetAt) - first === LAST_MS_OF_HOUR) {
        cachedHour = hourKey;
        cachedBase = first;
        return first + within;
      }
      return resolve(wall + within, offsetAt);
    },
  };
}

/** The zone's distance from UTC, in ms, at a UTC time. */
type OffsetAt = (utc: number) => number;

/**
 * UTC of a wall-clock time: the first reading where it exists twice; where clocks were moved forward over it, the
 * time moved forward by as much.
 */
function resolve(wall: number, offsetAt: OffsetAt): number {
  const before = offsetAt(wall - DAY_MS);
  const after = offsetAt(wall + DAY_MS);
  if (before === after) return wall - before;
  const early = wall - Math.max(before, after);
  const late = wall - Math.min(before, after);
  if (early + offsetAt(early) === wall) return early;
  if (late + offsetAt(late) === wall) return late;
  return wall - before;
}

/** Where clocks are set back from a day before a UTC day begins until a day after it ends. */
function setBackAround(day: number, offsetAt: OffsetAt): RepeatedHour | undefined {
  let earlier = day - DAY_MS;
  let again = day + 2 * DAY_MS;
  const before = offsetAt(earlier);
  const length = before - offsetAt(again);
  if (length <= 0) return undefined;
  while (again - earlier > 1) {
    const middle = Math.floor((earlier + again) / 2);
    if (offsetAt(middle) === before) earlier = middle;
    else again = middle;
  }
  return { begin: again - length, again, end: again + length };
}

function offsets(name: string): OffsetAt {
  const format = formatOf(name);
  return (utc) => {
    const field: Record<string, number> = {};
    for (const part of format.formatToParts(utc)) field[part.type] = Number(part.value);
    const wall = Date.UTC(
      field.year ?? 0,
      (field.month ?? 1) - 1,
      field.day,
      field.hour,
      field.minute,
      field.second,
    );
    return wall - Math.floor(utc / 1000) * 1000;
  };
}

function formatOf(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new Problem(EXIT.config, `there is no time zone "${name}"`, {
      help: 'use an IANA name such as UTC or Europe/Berlin',
      cause,
    });
  }
}
