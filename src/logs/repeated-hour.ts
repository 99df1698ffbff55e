import type { Zone } from '../parser.ts';
import type { LocalZone, RepeatedHour } from './zone.ts';

const SECOND_MS = 1000;

/**
 * Of the time that comes twice, 20 minutes of an hour. A step back as long as that begins the second reading: it takes
 * a log that tells something every 40 minutes across the change, and no daemon writes its lines that late. To take a
 * late line for the second reading is the worse fault, for all behind it would follow.
 */
const STEP_BACK = 1 / 3;
/**
 * 5 minutes of an hour. Once the second reading has begun, a line is of the first only if it comes no later than that:
 * a log that is silent for 55 minutes is more likely by then than a line that is longer on its way.
 */
const LATE = 1 / 12;

/** The time (UTC ms) of the line before those of a file, as far as it lies in that hour or about it. */
export type LineBefore = (hour: RepeatedHour) => number | undefined;

/**
 * Whether the second reading is meant by a stamp of an hour that comes twice. Within a log times go forward: where they
 * seem to go back by about that hour, it has come again, and goes on until it is over.
 * @param first the stamp's first reading, UTC ms
 * @param last the time of the line before, UTC ms; a log that begins within the hour begins with the first reading
 */
export function isSecondReading(
  first: number,
  { again, end }: RepeatedHour,
  last: number | undefined,
): boolean {
  if (last === undefined) return false;
  const length = end - again;
  const back = last - first;
  if (last < again) return back >= length * STEP_BACK;
  // A line later than that is out of any order: a file of another time, or a clock that was wrong.
  return back > length * LATE && last < end + length * STEP_BACK;
}

/**
 * The latest of the times (UTC ms) up to which files of a log were read that tells something of the hour: one within
 * it, or so soon behind that a line may still come late. What ended before or went on for long tells nothing.
 */
export function lastWithin({ begin, again, end }: RepeatedHour, times: Iterable<number>): number | undefined {
  const until = end + (end - again) * STEP_BACK;
  let last: number | undefined;
  for (const time of times) if (time >= begin && time < until && time >= (last ?? time)) last = time;
  return last;
}

/**
 * A zone as stamp readers and parsers get it. It answers with first readings, for which of two a line means is known
 * only from the line before it; so it remembers that it was asked for such a time.
 */
export class ZoneOfLines implements Zone {
  readonly name: string;
  readonly #zone: LocalZone;
  /** The time last asked for that exists twice; NaN if none was. */
  #asked = Number.NaN;

  constructor(zone: LocalZone) {
    this.name = zone.name;
    this.#zone = zone;
  }

  toUtc(
    year: number,
    month: number,
    day: number,
    hour: number,
    minute: number,
    second: number,
    ms: number,
  ): number {
    const time = this.#zone.toUtc(year, month, day, hour, minute, second, ms);
    if (this.#zone.repeated(time) !== undefined) this.#asked = time;
    return time;
  }

  /** Another line is about to be read. */
  newLine(): void {
    this.#asked = Number.NaN;
  }

  /**
   * The hour that comes twice in which a line lies; undefined where its stamp means one time only.
   * @param time as it was read from the line, UTC ms: a first reading, unless the line has told its offset
   */
  hourOf(time: number): RepeatedHour | undefined {
    // A parser may have added a fraction of the second.
    if (!(time >= this.#asked && time < this.#asked + SECOND_MS)) return undefined;
    const hour = this.#zone.repeated(time);
    return hour !== undefined && time < hour.again ? hour : undefined;
  }

  /**
   * The time a line means.
   * @param time as it was read from the line, UTC ms: a first reading, unless the line has told its offset
   * @param last of the line before, UTC ms
   * @param before asked where there is none
   */
  meant(time: number, last: number | undefined, before?: LineBefore): number {
    const hour = this.hourOf(time);
    if (hour === undefined) return time;
    return isSecondReading(time, hour, last ?? before?.(hour)) ? time + hour.end - hour.again : time;
  }
}
