import type { Zone } from '../parser.ts';
import { datesFrom, datesUntil, type FileDates } from './file-dates.ts';
import { type StampsAcross, stampsAcross, stampsAtHead } from './stamps-across.ts';
import { DAY_MS, ELEVEN_MONTHS_MS, fixedBound, guardedBound, HALF_A_YEAR_MS, MONTH_MS } from './years.ts';

/** A file last changed so long before another one begins is the one before it, and none of a year earlier. */
const SAME_YEAR_MS = 300 * DAY_MS;

/** A file of a log. */
export interface LogFile {
  readonly path: string;
  /** UTC ms no line of it can be behind: its time of last change. */
  readonly changedAt: number;
}

/**
 * The dates of a log's files whose stamps carry no year. A log goes on from file to file, so that one tells of the
 * other: where the times of last change were lost, as by a copy, none is of a later year than the one after it.
 */
export class LogDates {
  readonly #files: readonly LogFile[];
  readonly #zone: Zone;
  readonly #from: number | undefined;
  readonly #dates = new Map<number, Promise<FileDates>>();

  /**
   * @param files of one log, oldest first
   * @param from UTC ms that bounds the log's first line, where it is told in which year it begins
   */
  constructor(files: readonly LogFile[], zone: Zone, from?: number) {
    this.#files = files;
    this.#zone = zone;
    this.#from = from;
  }

  /** Those of the file at this place. They are looked for once, and in no file that needs not be looked into. */
  of(at: number): Promise<FileDates> {
    const dates =
      this.#dates.get(at) ?? (this.#from === undefined ? this.#until(at) : this.#after(at, this.#from));
    this.#dates.set(at, dates);
    return dates;
  }

  /** Where it is told when the log begins. */
  async #after(at: number, from: number): Promise<FileDates> {
    const file = this.#files[at];
    let first = from;
    for (let older = at - 1; older >= 0 && first === from; older--) {
      const { end } = await this.of(older);
      if (end !== undefined) first = end + ELEVEN_MONTHS_MS;
    }
    const { lines } = file === undefined ? { lines: [] } : await stampsAcross(file.path);
    return datesFrom(lines, this.#zone, first);
  }

  async #until(at: number): Promise<FileDates> {
    const file = this.#files[at];
    if (file === undefined) return { bound: () => fixedBound(0) };
    // Before its own lines are there, for of hundreds of files all would be held at once.
    const next = await this.#begunBehind(at);
    const { lines, whole } = await this.#stampsOf(file, this.#files[at - 1]);
    const dates = this.#before(next, lines, datesUntil(lines, this.#zone, file.changedAt));
    return whole ? dates : { ...dates, bound: () => guardedBound(dates.bound(), file.path) };
  }

  /** An archive need not be unpacked only for its years where the file before it tells when it begins. */
  async #stampsOf({ path, changedAt }: LogFile, older: LogFile | undefined): Promise<StampsAcross> {
    const head = await stampsAtHead(path);
    if (head.lines.length === 0) return head;
    const { begin } = datesUntil(head.lines, this.#zone, changedAt);
    if (begin === undefined || older === undefined) return stampsAcross(path);
    const age = begin - older.changedAt;
    return age > -DAY_MS && age < SAME_YEAR_MS ? head : stampsAcross(path);
  }

  /** Its dates as the file after it has them be, where its own time of last change cannot be right. */
  #before(next: FileDates | undefined, lines: readonly string[], own: FileDates): FileDates {
    if (next?.begin === undefined || own.end === undefined || own.begin === undefined) return own;
    if (own.end <= next.begin + DAY_MS) return own;
    const behind = own.begin - (next.end ?? next.begin);
    // Files that are numbered the other way round come one behind the other, too.
    if (behind > -DAY_MS && behind < MONTH_MS) return own;
    const earlier = datesUntil(lines, this.#zone, next.begin);
    const fits = earlier.end !== undefined && next.begin - earlier.end <= HALF_A_YEAR_MS;
    return fits ? earlier : own;
  }

  /** The next file that has lines without a year. */
  async #begunBehind(at: number): Promise<FileDates | undefined> {
    for (let newer = at + 1; newer < this.#files.length; newer++) {
      const dates = await this.of(newer);
      if (dates.begin !== undefined) return dates;
    }
    return undefined;
  }
}
