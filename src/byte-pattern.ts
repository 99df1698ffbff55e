const WORD = 4;

/**
 * Fixed bytes that are looked for at known places: compared four at once, which in a line of hundreds of bytes is what
 * reading costs.
 */
export class BytePattern {
  readonly length: number;
  /** Four bytes each, as a little-endian view reads them; the last ones overlap those before. */
  readonly #words: Int32Array;
  readonly #tail: number;
  /** Of a pattern shorter than a word. */
  readonly #bytes: Uint8Array | undefined;

  /** @param bytes a copy is kept; of a text, which must be ASCII, its bytes are taken */
  constructor(bytes: Uint8Array | string) {
    const own =
      typeof bytes === 'string' ? Uint8Array.from(bytes, (sign) => sign.charCodeAt(0)) : bytes.slice();
    const { length } = own;
    const view = new DataView(own.buffer, own.byteOffset, length);
    this.length = length;
    this.#bytes = length < WORD ? own : undefined;
    this.#words = Int32Array.from({ length: length >> 2 }, (_, index) => view.getInt32(index * WORD, true));
    this.#tail = length < WORD ? 0 : view.getInt32(length - WORD, true);
  }

  /** Whether the pattern stands at `at`, with its last byte before `end`; a view's own length is slow to ask for. */
  standsAt(view: DataView, at: number, end: number): boolean {
    const { length } = this;
    if (at < 0 || at + length > end) return false;
    if (this.#bytes !== undefined) return shortStandsAt(this.#bytes, view, at);
    // From behind: what differs between names stands there.
    if (view.getInt32(at + length - WORD, true) !== this.#tail) return false;
    const words = this.#words;
    for (let index = words.length - 1; index >= 0; index--)
      if (view.getInt32(at + index * WORD, true) !== words[index]) return false;
    return true;
  }
}

function shortStandsAt(bytes: Uint8Array, view: DataView, at: number): boolean {
  for (let index = 0; index < bytes.length; index++)
    if (view.getUint8(at + index) !== bytes[index]) return false;
  return true;
}
