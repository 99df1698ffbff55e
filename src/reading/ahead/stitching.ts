import { isDeepStrictEqual } from 'node:util';
import { ConsultedKeys } from '../../logs/consulted-keys.ts';
import { readRows, type StoredEntry } from '../../logs/open-rows.ts';
import type { SessionReader } from '../../logs/session-reader.ts';
import type { YearBound } from '../../logs/years.ts';
import type { TallyCounter } from '../batch.ts';
import type { UnknownLines } from '../unknown-lines.ts';
import type { Mark, StretchBatch } from './stretch.ts';
import { addTallies } from './told-tallies.ts';

/** Where what was read is counted. */
export interface Counting {
  readonly counter: TallyCounter;
  readonly unknown: UnknownLines;
}

/**
 * Tells whether a stretch that was read elsewhere, upon what was supposed to be open at its mark, means what it would
 * mean upon what is open here. It does if all that it asked for, changed or let fall idle was the same there and here;
 * what else differs plays no part in it.
 */
export class Stitching {
  readonly #reader: SessionReader;
  /** The mark is where the reader stands, and the time goes on from there as here. */
  readonly #isInPlace: boolean;
  readonly #differing: string[] = [];
  readonly #hosts: string[] = [];
  /** Keys that differ and are open here, and those that are open there. */
  #here = 0;
  #there = 0;
  /** When the first key falls idle that was last set at different times here and there, UTC ms. */
  #firstIdle = Number.POSITIVE_INFINITY;

  /** @param years of the reader, whose table is as it was when all before the mark was read */
  constructor(reader: SessionReader, years: YearBound, mark: Mark) {
    this.#reader = reader;
    const isInTime =
      mark.lastTime !== undefined && mark.lastTime === reader.lastTime && reader.isBetweenLines;
    this.#isInPlace = isInTime && isDeepStrictEqual(mark.years, years.told?.());
    this.#compare(mark);
  }

  /**
   * Takes over the next batch, if it means here what it meant there; false, with nothing done, if not: then no more is
   * to be taken of the stretch.
   */
  take(batch: StretchBatch, { counter, unknown }: Counting): boolean {
    if (!this.#fits(batch)) return false;
    this.#reader.table.adopt(batch.open);
    this.#reader.passed(batch.passed);
    addTallies(counter, batch.tallies);
    unknown.merge(batch.unknown);
    return true;
  }

  #fits({ consulted, course, passed, wentBack }: StretchBatch): boolean {
    const { covered } = passed;
    if (!this.#isInPlace || wentBack || course.wasSetBack || course.wasEmptied) return false;
    // A host that had but keys that are not open here would have had none, and its clock begun anew with a late line.
    if (course.fewestLate <= this.#there) return false;
    if (covered !== undefined && !this.#reader.covered.goesOnWith(covered)) return false;
    if (covered !== undefined && covered.until > this.#firstIdle) return false;
    if (course.most + this.#here > this.#reader.table.limit) return false;
    const keys = new ConsultedKeys(consulted);
    return (
      !this.#differing.some((key) => keys.mayHold(key)) && !this.#hosts.some((host) => keys.mayHoldHost(host))
    );
  }

  #compare({ open }: Mark): void {
    const here = readRows(this.#reader.table.rows());
    const there = readRows(open);
    const entries = new Map(there.entries.map((entry) => [entry.key, entry]));
    for (const entry of here.entries) {
      const other = entries.get(entry.key);
      entries.delete(entry.key);
      if (other !== undefined && isAlike(entry, other)) this.#noteTimes(entry, other);
      else {
        this.#here += 1;
        this.#differing.push(entry.key);
        if (other !== undefined) this.#there += 1;
      }
    }
    this.#there += entries.size;
    this.#differing.push(...entries.keys());
    const clocks = new Map(there.clocks.map(({ host, now }) => [host, now]));
    for (const { host, now } of here.clocks) {
      if (clocks.get(host) !== now) this.#hosts.push(host);
      clocks.delete(host);
    }
    this.#hosts.push(...clocks.keys());
  }

  #noteTimes(entry: StoredEntry, other: StoredEntry): void {
    if (entry.time === other.time) return;
    const idle = Math.min(entry.time, other.time) + entry.idleSeconds * 1000;
    this.#firstIdle = Math.min(this.#firstIdle, idle);
  }
}

/** Whether a parser finds the same under a key, in the lines of the same host. */
function isAlike(a: StoredEntry, b: StoredEntry): boolean {
  return a.host === b.host && a.idleSeconds === b.idleSeconds && isDeepStrictEqual(a.open, b.open);
}
