import { type ByteEntry, BytePattern } from 'maillog-tlsrpt/parser';

/** A power of two; more different texts than this only push each other out. */
const SLOTS = 8192;
/** Longer than any text that comes again. */
const LONGEST = 400;
/** Words that are looked at to find a text. */
const HASHED = 20;
/** Where long texts differ, in the name of a server. */
const BEHIND_TRUST = 36;

interface Slot<T> {
  readonly pattern: BytePattern;
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
    const { view } = entry;
    const length = end - start;
    if (length > LONGEST || length < 4) return this.#make(entry.text(start, end));
    let hash = length;
    let words = length >> 2;
    let at = start;
    if (words > HASHED) {
      at += BEHIND_TRUST;
      words = Math.min(HASHED, words - (BEHIND_TRUST >> 2));
    }
    for (; words > 0; words--, at += 4) hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash = Math.imul(hash ^ view.getInt32(end - 4, true), 0x85ebca6b);
    const index = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const slots = this.#slots;
    const first = slots[index];
    if (holds(first, view, start, length)) return first.value;
    const second = slots[index ^ 1];
    if (holds(second, view, start, length)) return second.value;
    const value = this.#make(entry.text(start, end));
    slots[index ^ 1] = first;
    slots[index] = { pattern: new BytePattern(entry.bytes.subarray(start, end)), value };
    return value;
  }
}

function holds<T>(slot: Slot<T> | undefined, view: DataView, start: number, length: number): slot is Slot<T> {
  return slot !== undefined && slot.pattern.length === length && slot.pattern.standsAt(view, start);
}
