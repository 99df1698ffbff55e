import { LineScanner } from '../line-scanner.ts';
import { StreamEdge } from '../stream-edge.ts';
import type { SiftedPiece } from './sifted.ts';

const NEWLINE = 10;
const NONE = Buffer.alloc(0);
/** What a line kept from the piece before may add to one: the longest line that is kept whole, and a newline each. */
const KEPT = 65_536 + 2;

/** What was sifted since the last {@link Sifter.take}, its matching lines in the room that was given. */
export interface Siftings extends Omit<SiftedPiece, 'matching' | 'tail'> {
  readonly matchingBytes: number;
  readonly tail: Uint8Array;
}

/** Keeps of a log, from the start of a line on, the lines that hold a needle. */
export class Sifter {
  readonly #scanner: LineScanner;
  readonly #edge = new StreamEdge({ prefix: NONE, offset: 0, tail: NONE });
  #room: Buffer = NONE;
  #used = 0;
  #lines = 0;
  #offset = 0;
  #bytes = 0;

  constructor(needles: readonly string[]) {
    const keep = (chunk: Buffer, from: number, until: number) => {
      this.#used += chunk.copy(this.#room, this.#used, from, until);
      this.#room[this.#used] = NEWLINE;
      this.#used += 1;
      return true;
    };
    this.#scanner = new LineScanner(needles, () => {}, { bytes: keep });
  }

  /** Whether the room may be too small for what a piece of so many bytes leaves. */
  isShortOf(bytes: number): boolean {
    return this.#room.length - this.#used < bytes + KEPT;
  }

  /** Where the lines are to go from now on. */
  useRoom(room: Buffer): void {
    this.#room = room;
    this.#used = 0;
  }

  /** Whether anything went by since the last {@link take}. */
  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** What stands before the first piece, to the start of a line. */
  begin(before: Buffer): void {
    this.#edge.pass(before, 0);
  }

  push(piece: Buffer): void {
    this.#edge.pass(piece, this.#scanner.push(piece));
    this.#bytes += piece.length;
  }

  /** Takes what stands behind the last newline; false if there is nothing. */
  finish(): boolean {
    const bytes = this.#scanner.finish();
    this.#edge.finish(bytes);
    return bytes > 0;
  }

  /** @param unfinished it is what {@link finish} found */
  take(unfinished = false): Siftings {
    const siftings = {
      matchingBytes: this.#used,
      lines: this.#scanner.lines - this.#lines,
      lineBytes: this.#edge.offset - this.#offset,
      tail: new Uint8Array(this.#edge.tail),
      bytes: this.#bytes,
      unfinished,
    };
    this.#lines = this.#scanner.lines;
    this.#offset = this.#edge.offset;
    this.#bytes = 0;
    this.#used = 0;
    return siftings;
  }
}
