import fc from 'fast-check';

const HOUR_MS = 3_600_000;
const SECOND_MS = 1000;

/** Whole hours in Europe and America, half an hour, one that is cut by the UTC day, one that repeats the end of a date, two hours. */
export const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Europe/Chisinau',
  'Africa/Cairo',
  'Antarctica/Troll',
];

/** The time that comes twice in a zone, as the runtime's calendar has it; UTC ms. */
export interface Night {
  readonly zone: string;
  readonly begin: number;
  readonly again: number;
  readonly end: number;
}

/** Wall-clock time by the runtime's calendar: `2026-10-25 02:30:00`. */
export function wallClock(zone: string): (utc: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return (utc) => format.format(utc);
}

/** `Oct 25 02:30:00`, of such a time. */
export function classicStamp(wall: string): string {
  const month = new Date(`${wall.slice(0, 10)}T00:00Z`).toUTCString().slice(8, 11);
  return `${month} ${String(Number(wall.slice(8, 10))).padStart(2)} ${wall.slice(11)}`;
}

/** The night of 2026 in which the clocks of a zone are set back. */
export function nightOf(zone: string): Night {
  const clock = wallClock(zone);
  const offset = (utc: number) => Date.parse(`${clock(utc).replace(' ', 'T')}Z`) - utc;
  for (let utc = Date.UTC(2026, 0, 1); utc < Date.UTC(2027, 0, 1); utc += HOUR_MS) {
    const length = offset(utc) - offset(utc + HOUR_MS);
    if (length <= 0) continue;
    let again = utc + SECOND_MS;
    while (offset(again) === offset(utc)) again += SECOND_MS;
    return { zone, begin: again - length, again, end: again + length };
  }
  throw new Error(`${zone} has no such night`);
}

/**
 * Times of the lines of a night, whole seconds, UTC ms, from before the hour that comes twice until after it. They go
 * forward, by at most half of it from line to line, but for lines that come late by up to a twelfth of it. The first one
 * is of the first reading, as a log has it that is not known from before.
 */
export function momentsOf({ begin, again, end }: Night): fc.Arbitrary<number[]> {
  const length = (again - begin) / SECOND_MS;
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 20 }) },
    { weight: 4, arbitrary: fc.integer({ min: 0, max: length / 10 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: length / 2 }) },
  );
  const late = fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: length / 12 }) },
  );
  const start = fc.integer({ min: -length, max: Math.floor(length * 0.7) });
  return fc
    .tuple(start, fc.array(fc.tuple(step, late), { minLength: 90, maxLength: 160 }))
    .map(([from, lines]) => {
      const moments: number[] = [];
      let now = begin + from * SECOND_MS;
      for (const [forward, behind] of lines) {
        if (moments.length > 0) now += forward * SECOND_MS;
        if (now < end + length * SECOND_MS) moments.push(now - behind * SECOND_MS);
      }
      return moments;
    });
}
