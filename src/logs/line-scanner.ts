import { behindZeros } from './hole.ts';

const NEWLINE = 10;
const EMPTY = Buffer.alloc(0);
const MESSAGE_FIELD = Buffer.from('"MESSAGE"');
/** The longest line kept whole; of a longer one the rest is passed over. */
const LINE_LIMIT = 65_536;

/**
 * Cuts a stream of bytes into lines and decodes those that hold a needle. All others are passed over as bytes: they
 * are the bulk of every mail log.
 */
export class LineScanner {
  /** Lines completed, and those of them that hold a needle. */
  lines = 0;
  decoded = 0;
  readonly #strict: readonly Buffer[];
  /** Of lines whose envelope may part or escape a needle: JSON and RFC 5424. Empty: all of them are decoded. */
  readonly #loose: readonly string[];
  readonly #onLine: (text: string, chunk: Buffer, from: number, until: number) => void;
  readonly #onBytes: ((chunk: Buffer, from: number, until: number) => boolean) | undefined;
  #kept: Buffer = EMPTY;
  /** Bytes of the unfinished line that were beyond the limit. */
  #dropped = 0;
  readonly #next: number[];

  /**
   * @param onLine takes a line's text, and the bytes it was decoded from
   * @param onBytes is offered the bytes first; a line it takes is not decoded
   */
  constructor(
    needles: readonly string[],
    onLine: (text: string, chunk: Buffer, from: number, until: number) => void,
    onBytes?: (chunk: Buffer, from: number, until: number) => boolean,
  ) {
    this.#strict = needles.map((needle) => Buffer.from(needle, 'latin1'));
    const cores = needles.map(longestWord);
    this.#loose = cores.includes('') ? [] : cores;
    this.#onLine = onLine;
    this.#onBytes = onBytes;
    this.#next = needles.map(() => 0);
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
    if (this.#kept.length + this.#dropped > 0) {
      start = firstEnd + 1;
      this.#keep(chunk.subarray(0, firstEnd));
      consumed = this.#takeKept() + 1;
    }
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > start) this.#scan(chunk, start, end);
    this.#keep(chunk.subarray(Math.max(start, end)));
    return consumed + Math.max(0, end - start);
  }

  /** Takes what is kept as a line; returns its bytes. */
  finish(): number {
    return this.#kept.length + this.#dropped === 0 ? 0 : this.#takeKept();
  }

  /** Forgets what is kept. */
  discard(): void {
    this.#kept = EMPTY;
    this.#dropped = 0;
  }

  #keep(piece: Buffer): void {
    // The zeros of a hole would use up the room of the line behind them.
    const hole = this.#kept.length === 0 ? behindZeros(piece) : 0;
    this.#dropped += hole;
    const bytes = piece.subarray(hole);
    const room = LINE_LIMIT - this.#kept.length;
    if (room > 0 && bytes.length > 0) this.#kept = Buffer.concat([this.#kept, bytes.subarray(0, room)]);
    this.#dropped += Math.max(0, bytes.length - room);
  }

  #takeKept(): number {
    const line = this.#kept;
    const length = line.length + this.#dropped;
    this.discard();
    this.lines += 1;
    const wanted =
      this.#strict.length === 0 ||
      (isLoose(line, 0) ? this.#holdsWord(line) : this.#strict.some((needle) => line.includes(needle)));
    if (wanted) this.#decode(line, 0, line.length);
    return length;
  }

  /** Whole lines, `chunk[start..end)`. */
  #scan(chunk: Buffer, start: number, end: number): void {
    const next = this.#next;
    next.fill(-1);
    for (let at = start, stop = 0; at < end; at = stop + 1) {
      stop = chunk.indexOf(NEWLINE, at);
      this.lines += 1;
      const from = chunk[at] === 0 ? at + behindZeros(chunk.subarray(at, stop)) : at;
      const until = Math.min(stop, from + LINE_LIMIT);
      const wanted = isLoose(chunk, from)
        ? this.#holdsWord(chunk.subarray(from, until))
        : this.#holdsNeedle(chunk, from, until);
      if (wanted) this.#decode(chunk, from, until);
    }
  }

  /** Every needle's next place is remembered, so that each is searched for but once in a chunk. */
  #holdsNeedle(chunk: Buffer, from: number, until: number): boolean {
    const next = this.#next;
    let found = this.#strict.length === 0;
    for (let index = 0; index < this.#strict.length; index++) {
      const needle = this.#strict[index] ?? EMPTY;
      let hit = next[index] ?? -1;
      if (hit < from) {
        hit = chunk.indexOf(needle, from);
        if (hit < 0) hit = chunk.length;
        next[index] = hit;
      }
      if (hit + needle.length <= until) found = true;
    }
    return found;
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
    if (this.#onBytes?.(chunk, from, until) === true) return;
    const text = chunk.toString('utf8', from, until);
    this.#onLine(text.includes('\0') ? text.replaceAll('\0', '?') : text, chunk, from, until);
  }
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
