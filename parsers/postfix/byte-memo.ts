import type { ByteEntry } from 'maillog-tlsrpt/parser';

/** A power of two; of more different texts than this the older ones are pushed out. */
const SLOTS = 8192;
/** Room for the texts, in words of four bytes: when it is full, all is forgotten. */
const ROOM = 262_144;
/** Longer than any text that comes again. */
const LONGEST = 400;
const WORD = 4;
/** Words that are looked at to find a text. */
const HASHED = 20;
/** Where long texts differ, in the name of a server. */
const BEHIND_TRUST = 36;

/**
 * What a pure function made of texts, found again by their bytes: the same server, domain or summary comes thousands of
 * times. It is compared byte by byte, so that nobody can be taken for another. The texts lie side by side in one array,
 * for looking for them all over the memory would cost more than the comparing.
 */
export class ByteMemo<T> {
  readonly #make: (text: string) => T;
  readonly #words = new Int32Array(ROOM);
  /** The first word of a slot's text (0: it is empty), and its length in bytes. */
  readonly #places = new Int32Array(SLOTS);
  readonly #lengths = new Int32Array(SLOTS);
  readonly #values: (T | undefined)[] = new Array<T | undefined>(SLOTS).fill(undefined);
  #used = 1;

  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  of(entry: ByteEntry, start: number, end: number): T {
    const { view } = entry;
    const length = end - start;
    if (length > LONGEST || length < WORD) return this.#make(entry.text(start, end));
    const slot = hashOf(view, start, end) & (SLOTS - 1);
    if (this.#holds(slot, view, start, length)) return this.#values[slot] as T;
    const other = slot ^ 1;
    if (this.#holds(other, view, start, length)) return this.#values[other] as T;
    const value = this.#make(entry.text(start, end));
    if (this.#used + (length >> 2) + 1 > ROOM) this.#forget();
    // The newer of two that fall on one place stands first.
    this.#places[other] = this.#places[slot] ?? 0;
    this.#lengths[other] = this.#lengths[slot] ?? 0;
    this.#values[other] = this.#values[slot];
    this.#places[slot] = this.#keep(view, start, length);
    this.#lengths[slot] = length;
    this.#values[slot] = value;
    return value;
  }

  #holds(slot: number, view: DataView, start: number, length: number): boolean {
    const place = this.#places[slot] ?? 0;
    if (place === 0 || this.#lengths[slot] !== length) return false;
    const words = this.#words;
    const count = length >> 2;
    if (view.getInt32(start + length - WORD, true) !== words[place + count]) return false;
    for (let index = 0, at = start; index < count; index++, at += WORD)
      if (view.getInt32(at, true) !== words[place + index]) return false;
    return true;
  }

  /** The whole words of a text, and its last four bytes. */
  #keep(view: DataView, start: number, length: number): number {
    const place = this.#used;
    for (let at = start; at + WORD <= start + length; at += WORD)
      this.#words[this.#used++] = view.getInt32(at, true);
    this.#words[this.#used++] = view.getInt32(start + length - WORD, true);
    return place;
  }

  #forget(): void {
    this.#places.fill(0);
    this.#values.fill(undefined);
    this.#used = 1;
  }
}

function hashOf(view: DataView, start: number, end: number): number {
  let hash = end - start;
  let words = hash >> 2;
  let at = start;
  if (words > HASHED) {
    at += BEHIND_TRUST;
    words = Math.min(HASHED, words - BEHIND_TRUST / WORD);
  }
  for (; words > 0; words--, at += WORD) hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
  hash = Math.imul(hash ^ view.getInt32(end - WORD, true), 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
