import { behindZeros } from './hole.ts';
import { type Identity, identify, PREFIX_BYTES, TAIL_BYTES, tailHash } from './segment.ts';

const NEWLINE = 10;
const NONE = Buffer.alloc(0);

/** Follows how far a segment was read: its position, and what it is known by there. */
export class StreamEdge {
  #offset: number;
  #prefix: Buffer;
  /** The last bytes of all that was seen, and of what was seen before the position. */
  #streamTail: Buffer;
  #tail: Buffer;

  /** @param prefix the segment's first bytes as far as known; @param tail those before `offset`, up to {@link TAIL_BYTES}. */
  constructor(prefix: Buffer = NONE, offset = 0, tail: Buffer = NONE) {
    this.#prefix = prefix;
    this.#offset = offset;
    this.#streamTail = tail;
    this.#tail = tail;
  }

  /** Uncompressed bytes read: always the start of a line. */
  get offset(): number {
    return this.#offset;
  }

  get tailHash(): string {
    return tailHash(this.#tail);
  }

  /** @param whole no more bytes follow, so even less than a line is all there is. */
  identity(whole: boolean): Identity | undefined {
    return identify(this.#prefix, whole);
  }

  /** The next piece of the stream went by, and so many bytes of whole lines ended in it. */
  pass(piece: Buffer, lineBytes: number): void {
    this.#extendPrefix(piece);
    if (lineBytes > 0) {
      this.#offset += lineBytes;
      this.#tail = lastBytes(this.#streamTail, piece.subarray(0, piece.lastIndexOf(NEWLINE) + 1));
    }
    this.#streamTail = lastBytes(this.#streamTail, piece);
  }

  /** What is left at the end is a line too. */
  finish(lineBytes: number): void {
    this.#offset += lineBytes;
    if (lineBytes > 0) this.#tail = this.#streamTail;
  }

  #extendPrefix(piece: Buffer): void {
    const room = PREFIX_BYTES - this.#prefix.length;
    if (room <= 0) return;
    const start = this.#prefix.length > 0 ? 0 : behindZeros(piece);
    this.#prefix = Buffer.concat([this.#prefix, piece.subarray(start, start + room)]);
  }
}

function lastBytes(before: Buffer, bytes: Buffer): Buffer {
  if (bytes.length >= TAIL_BYTES) return Buffer.from(bytes.subarray(bytes.length - TAIL_BYTES));
  const both = Buffer.concat([before, bytes]);
  return both.subarray(Math.max(0, both.length - TAIL_BYTES));
}
