/**
 * Looks for fixed bytes in single lines, by what may be skipped where they do not stand (R. N. Horspool, "Practical fast
 * searching in strings", 1980): of a line of a hundred bytes it looks at six, while a call out of JavaScript costs as
 * much as a hundred, and a search of a whole chunk goes through the lines of all other programs too.
 */
export class ByteSearch {
  readonly #needle: Uint8Array;
  /** By the byte that stands where the needle's last would: how far on it may stand at the earliest. */
  readonly #skips: Uint8Array;

  /** @param needle at least one byte */
  constructor(needle: Uint8Array) {
    const last = needle.length - 1;
    this.#needle = Uint8Array.from(needle);
    this.#skips = new Uint8Array(256).fill(Math.min(needle.length, 255));
    for (let index = Math.max(0, last - 254); index < last; index++)
      this.#skips[needle[index] ?? 0] = last - index;
  }

  /** Whether the needle stands within `bytes[from..until)`. */
  finds(bytes: Uint8Array, from: number, until: number): boolean {
    const last = this.#needle.length - 1;
    for (let at = from + last; at < until; at += this.#skips[bytes[at] ?? 0] ?? 1)
      if (this.#standsUpTo(bytes, at)) return true;
    return false;
  }

  #standsUpTo(bytes: Uint8Array, end: number): boolean {
    const needle = this.#needle;
    for (let index = needle.length - 1, at = end; index >= 0; index--, at--)
      if (bytes[at] !== needle[index]) return false;
    return true;
  }
}
