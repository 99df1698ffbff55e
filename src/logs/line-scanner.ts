import { ByteSearch } from './byte-search.ts';
import { behindHoles, behindZeros } from './hole.ts';

const NEWLINE = 10;
const EMPTY = Buffer.alloc(0);
const MESSAGE_FIELD = Buffer.from('"MESSAGE"');
/** The longest line kept whole; of a longer one the rest is passed over. */
const LINE_LIMIT = 65_536;

/** What {@link LineHeads} says of a line it knows nothing of, of one that matters whatever it holds, and of one that never does. */
export const EVERY = -1;
export const ALWAYS = 1 << 30;
export const NONE = 0;

/** Tells from the beginnings of lines what to look for in them, so that most need not be searched at all. */
export interface LineHeads {
  /**
   * The needles, a bit each by their order, of which the line `chunk[from..until)` must hold one. {@link NONE}: none of
   * them makes it matter. {@link EVERY}: any of them. {@link ALWAYS}: it matters without one.
   */
  needlesOf(chunk: Buffer, from: number, until: number): number;
}

/** The faster road of a scanner. */
export interface ByteRoad {
  /** Offered the bytes of a line that matters; one that it takes is not decoded. */
  bytes(chunk: Buffer, from: number, until: number): boolean;
  readonly heads?: LineHeads | undefined;
}

/**
 * Cuts a stream of bytes into lines and decodes those that hold a needle. All others are passed over as bytes: they
 * are the bulk of every mail log.
 */
export class LineScanner {
  /** Lines completed, and those of them that hold a needle. */
  lines = 0;
  decoded = 0;
  readonly #strict: readonly Buffer[];
  /** The same, for single lines: what few lines are searched for is not worth searching the chunk. */
  readonly #searches: readonly ByteSearch[];
  /** Of lines whose envelope may part or escape a needle: JSON and RFC 5424. Empty: all of them are decoded. */
  readonly #loose: readonly string[];
  readonly #onLine: (text: string, chunk: Buffer, from: number, until: number) => void;
  readonly #road: ByteRoad | undefined;
  readonly #heads: LineHeads | undefined;
  #kept: Buffer = EMPTY;
  /** Bytes of the unfinished line that were beyond the limit. */
  #dropped = 0;
  /** Zeros at its end, as far as it was read. */
  #zeros = 0;
  readonly #next: number[];

  /** @param onLine takes a line's text, and the bytes it was decoded from */
  constructor(
    needles: readonly string[],
    onLine: (text: string, chunk: Buffer, from: number, until: number) => void,
    road?: ByteRoad,
  ) {
    this.#strict = needles.map((needle) => Buffer.from(needle, 'latin1'));
    this.#searches = this.#strict.map((needle) => new ByteSearch(needle));
    const cores = needles.map(longestWord);
    this.#loose = cores.includes('') ? [] : cores;
    this.#onLine = onLine;
    this.#road = road;
    this.#heads = road?.heads;
    this.#next = needles.map(() => 0);
  }

  /** Whether nothing is kept of an unfinished line. */
  get isBetweenLines(): boolean {
    return this.#kept.length + this.#dropped === 0;
  }

  /** Takes a piece; returns the bytes of the lines it completed, the kept beginning of the first one included. */
  push(piece: Uint8Array): number {
    const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const firstEnd = chunk.indexOf(NEWLINE);
    if (firstEnd < 0) {
      this.#keep(chunk);
      return 0;
    }
    let start = 0;
    let consumed = 0;
    if (!this.isBetweenLines) {
      start = firstEnd + 1;
      this.#keep(chunk.subarray(0, firstEnd));
      consumed = this.#takeKept() + 1;
    }
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > start) this.#scan(chunk, start, end);
    this.#keep(chunk.subarray(Math.max(start, end)));
    return consumed + Math.max(0, end - start);
  }

  /** Whether a line, without its newline, would be decoded. */
  wouldDecode(line: string): boolean {
    const bytes = Buffer.from(line);
    this.#next.fill(-1);
    return this.#matters(bytes, 0, bytes.length);
  }

  /** Takes what is kept as a line; returns its bytes. */
  finish(): number {
    return this.isBetweenLines ? 0 : this.#takeKept();
  }

  /** Forgets what is kept. */
  discard(): void {
    this.#kept = EMPTY;
    this.#dropped = 0;
    this.#zeros = 0;
  }

  #keep(unfinished: Buffer): void {
    const piece = this.#zeros > 0 || unfinished.includes(0) ? this.#behindHole(unfinished) : unfinished;
    // The zeros of a hole would use up the room of the line behind them.
    const hole = this.#kept.length === 0 ? behindZeros(piece) : 0;
    this.#dropped += hole;
    const bytes = piece.subarray(hole);
    const room = LINE_LIMIT - this.#kept.length;
    if (room > 0 && bytes.length > 0) this.#kept = Buffer.concat([this.#kept, bytes.subarray(0, room)]);
    this.#dropped += Math.max(0, bytes.length - room);
  }

  /** What stands in front of a hole is but the half of a line. */
  #behindHole(piece: Buffer): Buffer {
    const { begin, zeros } = behindHoles(piece, 0, piece.length, this.#zeros);
    this.#zeros = zeros;
    if (begin < 0) return piece;
    this.#dropped += this.#kept.length + begin;
    this.#kept = EMPTY;
    return piece.subarray(begin);
  }

  #takeKept(): number {
    const line = this.#kept;
    const bytes = line.length + this.#dropped;
    const { length } = line;
    this.discard();
    this.lines += 1;
    this.#next.fill(-1);
    if (this.#matters(line, 0, length)) this.#decode(line, 0, length);
    return bytes;
  }

  /** Whole lines, `chunk[start..end)`. */
  #scan(chunk: Buffer, start: number, end: number): void {
    this.#next.fill(-1);
    let zero = nextZero(chunk, start);
    for (let at = start, stop = 0; at < end; at = stop + 1) {
      stop = chunk.indexOf(NEWLINE, at);
      this.lines += 1;
      let from = at;
      if (zero < stop) {
        from = Math.max(at + behindZeros(chunk.subarray(at, stop)), behindHoles(chunk, at, stop).begin);
        zero = nextZero(chunk, stop);
      }
      const until = stop - from > LINE_LIMIT ? from + LINE_LIMIT : stop;
      if (this.#matters(chunk, from, until)) this.#decode(chunk, from, until);
    }
  }

  #matters(chunk: Buffer, from: number, until: number): boolean {
    const needles = this.#heads === undefined ? EVERY : this.#heads.needlesOf(chunk, from, until);
    if (needles === NONE) return false;
    if (needles === ALWAYS || this.#strict.length === 0) return true;
    if (isLoose(chunk, from)) return this.#holdsWord(chunk.subarray(from, until));
    return needles === EVERY
      ? this.#holdsAny(chunk, from, until)
      : this.#holdsOneOf(needles, chunk, from, until);
  }

  #holdsOneOf(needles: number, chunk: Buffer, from: number, until: number): boolean {
    for (let index = 0; index < this.#searches.length; index++)
      if ((needles & (1 << index)) !== 0 && this.#searches[index]?.finds(chunk, from, until) === true)
        return true;
    return false;
  }

  #holdsAny(chunk: Buffer, from: number, until: number): boolean {
    for (let index = 0; index < this.#strict.length; index++)
      if (this.#holdsNeedle(index, chunk, from, until)) return true;
    return false;
  }

  /** A needle's next place is remembered, so that it is searched for but once in a chunk. */
  #holdsNeedle(index: number, chunk: Buffer, from: number, until: number): boolean {
    const needle = this.#strict[index] ?? EMPTY;
    let hit = this.#next[index] ?? -1;
    if (hit < from) {
      hit = chunk.indexOf(needle, from);
      if (hit < 0) hit = chunk.length;
      this.#next[index] = hit;
    }
    return hit + needle.length <= until;
  }

  #holdsWord(line: Buffer): boolean {
    return (
      this.#loose.length === 0 ||
      this.#loose.some((core) => line.includes(core, 0, 'latin1')) ||
      holdsListOfBytes(line)
    );
  }

  #decode(chunk: Buffer, from: number, until: number): void {
    this.decoded += 1;
    if (this.#road?.bytes(chunk, from, until) === true) return;
    const text = chunk.toString('utf8', from, until);
    this.#onLine(text.includes('\0') ? text.replaceAll('\0', '?') : text, chunk, from, until);
  }
}

/** The index of the first zero from there on; beyond all bytes where there is none. */
function nextZero(chunk: Buffer, from: number): number {
  const zero = chunk.indexOf(0, from);
  return zero < 0 ? chunk.length : zero;
}

/** Whether a line's envelope is JSON or may be RFC 5424: it begins with `{`, `<` or `1 `. */
function isLoose(bytes: Buffer, at: number): boolean {
  const first = bytes[at];
  return first === 0x7b || first === 0x3c || (first === 0x31 && bytes[at + 1] === 0x20);
}

/** A message of journald that is no UTF-8 comes as a list of numbers, in which no word can be found. */
function holdsListOfBytes(line: Buffer): boolean {
  const field = line.indexOf(MESSAGE_FIELD);
  if (field < 0) return false;
  const start = field + MESSAGE_FIELD.length;
  return /^\s*:\s*\[/.test(line.toString('latin1', start, start + 8));
}

/** The longest run of letters and digits: what every encoder of JSON writes as it is. */
function longestWord(needle: string): string {
  return needle
    .split(/[^0-9A-Za-z]+/)
    .reduce((longest, word) => (word.length > longest.length ? word : longest), '');
}
