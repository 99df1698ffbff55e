import type { ByteEntry } from './parser.ts';

/** Powers of two: slots to begin with, and at most. Of more different texts than these the older ones are pushed out. */
const FEWEST_SLOTS = 128;
const MOST_SLOTS = 8192;
/** A text may lie in so many slots, side by side; a power of two. */
const WAYS = 4;
const GROWTH = 4;
/** Room for the texts, in words of four bytes for each slot: when it is full, all is forgotten. */
const WORDS_A_SLOT = 32;
/** Longer than any text that comes again. */
const LONGEST = 400;
const WORD = 4;
/** Words that are looked at to find a text. */
const HASHED = 20;
/** Where long texts begin to differ: behind words of the MTA, in the name of a server. */
const BEHIND_WORDS = 36;

/**
 * What a pure function made of texts, found again by their bytes: the same server, domain or summary comes thousands of
 * times. It is compared byte by byte, so that nobody can be taken for another. The texts lie side by side in one array,
 * for looking for them all over the memory would cost more than the comparing.
 */
export class ByteMemo<T> {
  readonly #make: (text: string) => T;
  #slots = FEWEST_SLOTS;
  #words = new Int32Array(FEWEST_SLOTS * WORDS_A_SLOT);
  /** The first word of a slot's text (0: it is empty), and its length in bytes. */
  #places = new Int32Array(FEWEST_SLOTS);
  #lengths = new Int32Array(FEWEST_SLOTS);
  #values: (T | undefined)[] = new Array<T | undefined>(FEWEST_SLOTS).fill(undefined);
  #used = 1;
  /** Texts taken up since it forgot. */
  #taken = 0;

  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  of(entry: ByteEntry, start: number, end: number): T {
    const { view } = entry;
    const length = end - start;
    if (length > LONGEST || length < WORD) return this.#make(entry.text(start, end));
    const hash = hashOf(view, start, end);
    const first = hash & (this.#slots - WAYS);
    for (let slot = first; slot < first + WAYS; slot++)
      if (this.#holds(slot, view, start, length)) return this.#values[slot] as T;
    const value = this.#make(entry.text(start, end));
    if (this.#used + (length >> 2) + 1 > this.#words.length) this.#forget();
    if (++this.#taken > this.#slots / 2) this.#grow();
    this.#take(hash & (this.#slots - WAYS), view, start, length, value);
    return value;
  }

  /** The newest of those that fall on one place stands first. */
  #take(first: number, view: DataView, start: number, length: number, value: T): void {
    for (let slot = first + WAYS - 1; slot > first; slot--) {
      this.#places[slot] = this.#places[slot - 1] ?? 0;
      this.#lengths[slot] = this.#lengths[slot - 1] ?? 0;
      this.#values[slot] = this.#values[slot - 1];
    }
    this.#places[first] = this.#keep(view, start, length);
    this.#lengths[first] = length;
    this.#values[first] = value;
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
    this.#taken = 0;
  }

  /** Most logs have few texts, and a memo of many slots is dear to make. What is forgotten is made anew. */
  #grow(): void {
    if (this.#slots >= MOST_SLOTS) return;
    this.#slots *= GROWTH;
    this.#words = new Int32Array(this.#slots * WORDS_A_SLOT);
    this.#places = new Int32Array(this.#slots);
    this.#lengths = new Int32Array(this.#slots);
    this.#values = new Array<T | undefined>(this.#slots).fill(undefined);
    this.#used = 1;
    this.#taken = 0;
  }
}

function hashOf(view: DataView, start: number, end: number): number {
  let hash = end - start;
  let words = hash >> 2;
  let at = start;
  if (words > HASHED) {
    at += BEHIND_WORDS;
    words = Math.min(HASHED, words - BEHIND_WORDS / WORD);
  }
  for (; words > 0; words--, at += WORD) hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
  hash = Math.imul(hash ^ view.getInt32(end - WORD, true), 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
