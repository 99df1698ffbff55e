/** A power of two; more different texts than this only push each other out. */
const SLOTS = 8192;
/** Longer than any text that comes again. */
const LONGEST = 400;

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

  /** @param text decodes bytes, where they are new */
  of(bytes: Uint8Array, start: number, end: number, text: (start: number, end: number) => string): T {
    const length = end - start;
    if (length > LONGEST) return this.#make(text(start, end));
    let hash = length;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const index = (hash ^ (hash >>> 13)) & (SLOTS - 1);
    const slot = this.#slots[index];
    if (slot !== undefined && isEqual(slot.bytes, bytes, start, length)) return slot.value;
    const value = this.#make(text(start, end));
    this.#slots[index] = { bytes: bytes.slice(start, end), value };
    return value;
  }
}

function isEqual(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let at = length - 1; at >= 0; at--) if (known[at] !== bytes[start + at]) return false;
  return true;
}
