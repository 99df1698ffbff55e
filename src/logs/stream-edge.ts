import { behindZeros } from './hole.ts';
import { type Identity, identify, PREFIX_BYTES, TAIL_BYTES, tailHash } from './segment.ts';

const NEWLINE = 10;
const NONE = Buffer.alloc(0);

/** Follows how far a segment was read: its position, and what it is known by there. */
export class StreamEdge {
  #offset: number;
  #prefix: Buffer;
  /** The prefix is gathered from what goes by, not known beforehand. */
  readonly #gathering: boolean;
  /** The last bytes of all that was seen, and of what was seen before the position. */
  #streamTail: Buffer;
  #tail: Buffer;

  /** At the start of a segment, or where it is resumed: its first bytes, the position, and the bytes before that. */
  constructor(resumed?: { readonly prefix: Buffer; readonly offset: number; readonly tail: Buffer }) {
    this.#gathering = resumed === undefined;
    this.#prefix = resumed?.prefix ?? NONE;
    this.#offset = resumed?.offset ?? 0;
    this.#streamTail = resumed?.tail ?? NONE;
    this.#tail = this.#streamTail;
  }

  /** Uncompressed bytes read: always the start of a line. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether all was seen that the segment is known by. */
  get isIdentified(): boolean {
    return !this.#gathering || this.#prefix.length >= PREFIX_BYTES;
  }

  /** The last bytes before the position. */
  get tail(): Buffer {
    return this.#tail;
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
    if (this.#gathering) this.#extendPrefix(piece);
    if (lineBytes > 0) {
      this.#offset += lineBytes;
      this.#tail = lastBytes(this.#streamTail, piece.subarray(0, piece.lastIndexOf(NEWLINE) + 1));
    }
    this.#streamTail = lastBytes(this.#streamTail, piece);
  }

  /** Whole lines went by elsewhere, from where the stream was, and these are the last bytes before their end. */
  skip(lineBytes: number, tail: Buffer): void {
    if (lineBytes === 0) return;
    this.#offset += lineBytes;
    this.#tail = tail;
    this.#streamTail = tail;
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
