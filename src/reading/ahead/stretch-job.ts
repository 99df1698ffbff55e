import { openLog } from '../../logs/archive.ts';
import { PREFIX_BYTES } from '../../logs/segment.ts';
import { SessionReader } from '../../logs/session-reader.ts';
import { boundAsTold } from '../../logs/years.ts';
import { zoneOf } from '../../logs/zone.ts';
import type { LogParser } from '../../parser.ts';
import { beginOfRunUp } from './run-up.ts';
import type { Answer, StretchBatch, StretchOrder } from './stretch.ts';
import { runUpOf, StretchReader } from './stretch-reader.ts';

const NEWLINE = 10;
const NONE = Buffer.alloc(0);
/** The run-up at a file's begin ends with the first of so many bytes that come late enough, or with so many of them. */
const STEP = 262_144;
const MOST_RUN_UP = 64 * 1_048_576;
/** What stands behind the last newline of an archive is a line, or too long for one. */
const LONGEST_REST = 65_536;

/** What reading a stretch in a thread needs. */
export interface JobOptions {
  readonly order: StretchOrder;
  readonly makeParser: () => LogParser;
  readonly answer: (answer: Answer, transfer?: readonly ArrayBuffer[]) => void;
  /** Waits until a batch may be told; false when no more is wanted. */
  readonly mayTell: (tallies: number) => Promise<boolean>;
  readonly isDropped: () => boolean;
}

/** Reads one stretch: tells its mark, then its batches, then that it ends. What is strange is left to whoever comes to it. */
export class StretchJob {
  readonly #options: JobOptions;
  readonly #parser: LogParser;
  #reader: StretchReader | undefined;
  #isMarked = false;
  #rest: Buffer = NONE;

  constructor(options: JobOptions) {
    this.#options = options;
    this.#parser = options.makeParser();
  }

  /** Resolves when all is told, or no more is wanted. */
  async run(): Promise<void> {
    const { order, answer } = this.#options;
    const { job, between } = order;
    let garbage: { readonly garbage?: true } = {};
    const onGarbage = () => {
      garbage = { garbage: true };
    };
    try {
      const isPart = between !== undefined && between.from > 0;
      const whole = isPart ? await this.#part(between) : await this.#fromBegin(onGarbage, between?.until);
      const rest = between === undefined && this.#rest.length > 0 ? { rest: new Uint8Array(this.#rest) } : {};
      answer({ kind: 'end', job, whole: whole && this.#rest.length <= LONGEST_REST, ...rest, ...garbage });
    } catch {
      answer({ kind: 'end', job, whole: false });
    }
  }

  /** A part of a plain log, the run-up to which lies before it. */
  async #part({ from, until }: NonNullable<StretchOrder['between']>): Promise<boolean> {
    const { order } = this.#options;
    const { path, expect } = order;
    const timeIn = (lines: Buffer) => this.#timeIn(lines);
    let at = await beginOfRunUp(from, runUpOf(this.#parser), { path, expect, timeIn });
    const reader = this.#begin(at);
    for await (const piece of openLog(path, { from: at, expect })) {
      const run = Math.max(0, Math.min(piece.length, from - at));
      reader.read(piece.subarray(0, run));
      const stretch = piece.subarray(run, Math.max(run, until - at));
      at += piece.length;
      if (at < from) continue;
      if (!this.#isMarked) this.#mark(reader);
      if (!(await this.#read(reader, stretch))) return false;
      if (at >= until) break;
    }
    return at >= until && this.#tell(reader);
  }

  /** A file whose first lines are the run-up: all of an archive, or a plain one up to an offset. */
  async #fromBegin(onGarbage: () => void, until?: number): Promise<boolean> {
    const { path, expect } = this.#options.order;
    const reader = this.#begin(0);
    let left = until ?? Number.POSITIVE_INFINITY;
    for await (const all of openLog(path, { expect, onGarbage })) {
      const piece = all.subarray(0, left);
      left -= piece.length;
      if (until === undefined) this.#keepRest(piece);
      if (!(await this.#inSteps(reader, piece))) return false;
      if (left === 0) break;
    }
    return this.#isMarked && (until === undefined || left === 0) && this.#tell(reader);
  }

  async #inSteps(reader: StretchReader, piece: Buffer): Promise<boolean> {
    for (let at = 0; at < piece.length; at += STEP) {
      const step = piece.subarray(at, at + STEP);
      if (!(this.#isMarked ? await this.#read(reader, step) : await this.#runUp(reader, step))) return false;
    }
    return true;
  }

  /** Up to the last line that ends in the step, if by then enough was seen. */
  async #runUp(reader: StretchReader, step: Buffer): Promise<boolean> {
    const end = step.lastIndexOf(NEWLINE) + 1;
    reader.read(step.subarray(0, end));
    const isEnough = reader.time >= runUpOf(this.#parser) || reader.offset >= MOST_RUN_UP;
    // What a file is known by is seen by whoever comes to the stretch.
    if (isEnough && end > 0 && reader.offset >= PREFIX_BYTES) this.#mark(reader);
    return this.#read(reader, step.subarray(end));
  }

  #begin(offset: number): StretchReader {
    this.#reader = new StretchReader(this.#parser, this.#options.order, offset);
    return this.#reader;
  }

  #mark(reader: StretchReader): void {
    this.#isMarked = true;
    this.#options.answer({ kind: 'mark', job: this.#options.order.job, mark: reader.mark() });
  }

  /** False when no more is wanted, or this is nothing to be read here. */
  async #read(reader: StretchReader, piece: Buffer): Promise<boolean> {
    reader.read(piece);
    if (reader.isFaulty) return false;
    if (this.#isMarked && reader.isEnough && !(await this.#tell(reader))) return false;
    return !this.#options.isDropped();
  }

  async #tell(reader: StretchReader): Promise<boolean> {
    const batch: StretchBatch = reader.batch();
    if (!(await this.#options.mayTell(batch.tallies.length))) return false;
    this.#options.answer({ kind: 'batch', job: this.#options.order.job, batch }, [batch.consulted.buffer]);
    return true;
  }

  #keepRest(piece: Buffer): void {
    const begin = piece.lastIndexOf(NEWLINE) + 1;
    if (begin > 0) this.#rest = Buffer.from(piece.subarray(begin));
    else if (this.#rest.length <= LONGEST_REST) this.#rest = Buffer.concat([this.#rest, piece]);
  }

  #timeIn(lines: Buffer): number | undefined {
    const { how, years } = this.#options.order;
    const reader = new SessionReader({
      parser: this.#parser,
      zone: zoneOf(how.zone),
      host: how.host,
      latest: boundAsTold(years),
      // As all readers of this thread: code that meets two kinds of table is slower.
      watched: true,
    });
    reader.bytes(lines);
    return reader.firstTime;
  }
}
