import { type OpenLogOptions, openLog } from '../../logs/archive.ts';
import type { DatedFile } from '../../logs/content-order.ts';
import type { OpenTable } from '../../logs/open-table.ts';
import type { Pieces } from '../../logs/pieces.ts';
import type { SegmentStart } from '../../logs/segment-start.ts';
import type { ToldBound } from '../../logs/years.ts';
import { RawPieces } from './raw-pieces.ts';
import { type HowToRead, type Mark, type StretchEnd, ToldStretch } from './stretch.ts';
import { StretchThread } from './stretch-thread.ts';
import { type Bounds, boundsOf, type Unit, unitsOf } from './units.ts';
import type { Threads } from './worker-entry.ts';

/** Stretches that a thread may have before it, the one being read included. */
const JOBS = 2;
/** A part of a plain file: the lines before it that are read twice are few beside it. */
const PART_BYTES = 128 * 1_048_576;
/** So much of a log shows what is to be known of it as a whole. */
const ENOUGH_SEEN = 1_048_576;
const END = Number.POSITIVE_INFINITY;

/** What is read ahead, and how. */
export interface ReadAheadOptions {
  readonly threads: Threads;
  readonly how: HowToRead;
  /** Those of one log, in the order in which they will be read. */
  readonly files: readonly DatedFile[];
}

/** Where the reader of the log is by now. */
export interface Whereabouts {
  readonly open: () => ReturnType<OpenTable['rows']>;
  readonly years: () => ToldBound | undefined;
}

/** A file that is read, from where it is new. */
export interface FileAhead {
  readonly path: string;
  readonly start: SegmentStart;
  readonly input: OpenLogOptions;
  readonly whereabouts: Whereabouts;
}

interface Ordered {
  readonly thread: StretchThread;
  readonly job: number;
}

/**
 * Has stretches of a log read in threads of their own, each in its turn: of so many threads, the reader's own among
 * them, one reads the first unit, the next one the second. Nothing is decided here, and nothing is lost with a thread:
 * what is told is for the reader to take or leave.
 */
export class ReadAhead {
  readonly #options: ReadAheadOptions;
  readonly #threads: StretchThread[] = [];
  readonly #ordered = new Map<number, Ordered>();
  readonly #bounds = new Map<number, Promise<Bounds | undefined>>();
  #units: Promise<readonly Unit[]> | undefined;
  /** By thread: the first unit that it was not asked for. */
  readonly #next: number[];
  #seen = 0;

  constructor(options: ReadAheadOptions) {
    this.#options = options;
    this.#next = Array.from({ length: options.threads.most }, (_, thread) => thread + 1);
  }

  /** The pieces of a file, with what was read ahead of it in its place. Does not close the file's own. */
  async *pieces({ path, start, input, whereabouts }: FileAhead): Pieces {
    const units = (await this.#allUnits()).filter((unit) => unit.path === path);
    const isArchive = units[0]?.about === undefined;
    const reopen = (from: number) => openLog(path, { ...input, from });
    const raw = new RawPieces(start.pieces, start.edge.offset, isArchive ? undefined : reopen);
    try {
      for (const unit of units) {
        const end = (await this.#boundsOf(unit))?.until ?? END;
        if (end > raw.at && (yield* this.#unit(unit, raw, end, { input, whereabouts }))) return;
      }
      yield* raw.until(END);
    } finally {
      // Whoever comes back to the file reads it himself: what was told is told but once.
      for (const { index } of units) this.#drop(index);
      await raw.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** Returns whether the file is over with it. */
  async *#unit(
    unit: Unit,
    raw: RawPieces,
    end: number,
    { input, whereabouts }: Pick<FileAhead, 'input' | 'whereabouts'>,
  ): AsyncGenerator<Buffer | ToldStretch, boolean> {
    for (const index of this.#ordered.keys()) if (index < unit.index) this.#drop(index);
    const ordered = this.#ordered.get(unit.index);
    if (ordered !== undefined) {
      const over = yield* this.#stretch(ordered, raw, unit, whereabouts);
      if (over?.garbage === true) input.onGarbage?.();
      if (over?.rest !== undefined) yield Buffer.from(over.rest);
      if (over !== undefined) return unit.about === undefined;
      this.#drop(unit.index);
    }
    for await (const piece of raw.until(end)) {
      await this.#order(unit.index, whereabouts);
      this.#seen += piece.length;
      yield piece;
    }
    return false;
  }

  /** Returns how it ended; undefined where it is not to be had, or was not taken to its end. */
  async *#stretch(
    { thread, job }: Ordered,
    raw: RawPieces,
    unit: Unit,
    whereabouts: Whereabouts,
  ): AsyncGenerator<Buffer | ToldStretch, StretchEnd | undefined> {
    let mark: Mark | undefined = await thread.mark(job);
    if (mark === undefined || mark.offset < raw.at) return undefined;
    yield* raw.until(mark.offset);
    if (mark.offset !== raw.at) return undefined;
    for (;;) {
      await this.#order(unit.index, whereabouts);
      const told = await thread.next(job);
      if ('kind' in told) return told.whole ? told : undefined;
      const stretch = new ToldStretch(told, mark);
      mark = undefined;
      yield stretch;
      if (!stretch.taken) return undefined;
      raw.pass(stretch.bytes);
    }
  }

  /** Asks for what comes behind a unit, once it is seen what is to be known of the log as a whole. */
  async #order(index: number, whereabouts: Whereabouts): Promise<void> {
    const { most, seen = ENOUGH_SEEN } = this.#options.threads;
    if (this.#seen < seen) return;
    const units = await this.#allUnits();
    for (let thread = 0; thread < most; thread++) {
      let next = this.#next[thread] ?? END;
      while (next <= index) next += most + 1;
      for (; next < units.length && this.#isFree(thread); next += most + 1)
        await this.#begin(thread, units[next], units[index], whereabouts);
      this.#next[thread] = next;
    }
  }

  #isFree(thread: number): boolean {
    return (this.#threads[thread]?.jobs ?? 0) < JOBS;
  }

  async #begin(
    at: number,
    unit: Unit | undefined,
    present: Unit | undefined,
    { open, years }: Whereabouts,
  ): Promise<void> {
    const told = unit?.path === present?.path ? years() : unit?.years;
    if (unit === undefined || told === undefined) return;
    const { path, expect, index, about } = unit;
    const between = await this.#boundsOf(unit);
    const thread = this.#threadAt(at);
    if (thread === undefined || (about !== undefined && between === undefined)) return;
    const { how } = this.#options;
    const order = { path, expect, how, years: told, open: open(), ...(between !== undefined && { between }) };
    this.#ordered.set(index, { thread, job: thread.begin(order) });
  }

  /** Undefined where the system has none to give: then all is read without it. */
  #threadAt(at: number): StretchThread | undefined {
    try {
      this.#threads[at] ??= new StretchThread(this.#options.threads.connect());
      return this.#threads[at];
    } catch {
      return undefined;
    }
  }

  #drop(index: number): void {
    const ordered = this.#ordered.get(index);
    ordered?.thread.drop(ordered.job);
    this.#ordered.delete(index);
  }

  #allUnits(): Promise<readonly Unit[]> {
    const { files, threads } = this.#options;
    this.#units ??= unitsOf(files, threads.part ?? PART_BYTES);
    return this.#units;
  }

  /** Undefined of an archive, and of a file that is gone by now. */
  async #boundsOf(unit: Unit): Promise<Bounds | undefined> {
    const { index, about } = unit;
    if (about === undefined) return undefined;
    const bounds = this.#bounds.get(index) ?? boundsOf(about, unit);
    this.#bounds.set(index, bounds);
    return bounds;
  }
}
