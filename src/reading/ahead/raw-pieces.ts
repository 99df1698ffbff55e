import { isRaw, type Piece, type Pieces } from '../../logs/pieces.ts';

/** The bytes of a log from a place on, up to another, and on from a third: what was read elsewhere is passed over. */
export class RawPieces {
  #source: Pieces;
  /** Uncompressed bytes before what the source gives next, the rest of its last piece included. */
  #sourceAt: number;
  #rest: Buffer | undefined;
  #at: number;
  #reopen: ((from: number) => Pieces) | undefined;

  /**
   * @param source raw pieces that begin at the offset `at`
   * @param reopen opens a log that can be read from anywhere; absent: what is passed over is read all the same
   */
  constructor(source: Pieces, at: number, reopen?: (from: number) => Pieces) {
    this.#source = source;
    this.#sourceAt = at;
    this.#at = at;
    this.#reopen = reopen;
  }

  get at(): number {
    return this.#at;
  }

  /** So many bytes were read elsewhere. */
  pass(bytes: number): void {
    this.#at += bytes;
  }

  /** The pieces before that offset, or the end. */
  async *until(end: number): AsyncGenerator<Buffer, void> {
    while (this.#at < end) {
      const piece = await this.#next();
      if (piece === undefined) return;
      const fitting = piece.subarray(0, end - this.#at);
      this.#rest = fitting.length < piece.length ? piece.subarray(fitting.length) : undefined;
      this.#at += fitting.length;
      this.#sourceAt = this.#at;
      yield fitting;
    }
  }

  async close(): Promise<void> {
    await this.#source.return();
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#at > this.#sourceAt && this.#reopen !== undefined) await this.#open(this.#reopen);
    for (;;) {
      const piece = this.#rest ?? (await this.#pull());
      this.#rest = undefined;
      if (piece === undefined) return undefined;
      const passed = Math.min(piece.length, this.#at - this.#sourceAt);
      this.#sourceAt += passed;
      if (passed < piece.length) return piece.subarray(passed);
    }
  }

  /** A log that another name leads to by now is read on where it was opened. */
  async #open(reopen: (from: number) => Pieces): Promise<void> {
    const source = reopen(this.#at);
    const first = await source.next().catch(() => undefined);
    if (first === undefined) {
      this.#reopen = undefined;
      return;
    }
    await this.#source.return();
    this.#source = source;
    this.#sourceAt = this.#at;
    this.#rest = first.done === true ? undefined : rawOnly(first.value);
  }

  async #pull(): Promise<Buffer | undefined> {
    const { value, done } = await this.#source.next();
    return done === true ? undefined : rawOnly(value);
  }
}

function rawOnly(piece: Piece): Buffer {
  if (isRaw(piece)) return piece;
  throw new Error('a stretch was read elsewhere twice');
}
