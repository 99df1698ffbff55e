import type { ByteEntry } from 'maillog-tlsrpt/parser';

/** A power of two; more different texts than this only push each other out. */
const SLOTS = 8192;
/** Longer than any text that comes again. */
const LONGEST = 400;
/** Bytes that are looked at to find a text. */
const HASHED = 80;

interface Slot<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
}

/**
 * What a pure function made of texts, found again by their bytes: the same server, domain or summary comes thousands of
 * times. It is compared byte by byte, so that nobody can be taken for another.
 */
export class ByteMemo<T> {
  readonly #make: (text: string) => T;
  readonly #slots: (Slot<T> | undefined)[] = new Array<Slot<T> | undefined>(SLOTS).fill(undefined);

  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  of(entry: ByteEntry, start: number, end: number): T {
    const { bytes } = entry;
    const length = end - start;
    if (length > LONGEST) return this.#make(entry.text(start, end));
    let hash = length;
    // What long texts differ in, the name of a server, stands here.
    const from = length > HASHED ? start + 24 : start;
    const until = length > HASHED ? from + HASHED - 24 : end;
    for (let at = from; at < until; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const index = (hash ^ (hash >>> 13)) & (SLOTS - 1);
    const slot = this.#slots[index];
    if (slot !== undefined && slot.bytes.length === length && entry.holds(slot.bytes, start))
      return slot.value;
    const value = this.#make(entry.text(start, end));
    this.#slots[index] = { bytes: bytes.slice(start, end), value };
    return value;
  }
}
