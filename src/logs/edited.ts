import { type OpenLogOptions, openLog } from './archive.ts';
import { PREFIX_BYTES, TAIL_BYTES, tailHash } from './segment.ts';
import { goOn } from './stopped.ts';

const NEWLINE = 10;

/** The end of what was read of a log, to be found again in a file that was edited since. */
export interface ReadEnd {
  /** SHA-256 (hex) of the bytes before it. */
  readonly tailHash: string;
  /** How many bytes those are. */
  readonly tailLength: number;
}

/** What is looked for in a file that was edited. */
export interface PlaceQuestion {
  readonly ends: readonly ReadEnd[];
  /** UTC ms of a line's stamp; undefined where it has none. */
  readonly stampOf: (line: string) => number | undefined;
  /** Log time (UTC ms) up to which all was read. */
  readonly covered: number;
}

/** A place in a file, always the start of a line. */
export interface Place {
  readonly offset: number;
  /** The up to 256 bytes before it. */
  readonly tail: Buffer;
}

/** What a look through an edited file has found. */
export interface EditedFile {
  /** The first bytes, up to 4096. */
  readonly prefix: Buffer;
  /** For each end that was found the place behind it, the last one if there are several. */
  readonly behind: ReadonlyMap<ReadEnd, Place>;
  /** The first line logged after `covered`, and when that was. */
  readonly later?: Place & { readonly time: number };
  /** Behind the last whole line. */
  readonly end: Place;
}

/**
 * Looks through a file for where reading had stopped before it was edited: by the text that stood there, and by time.
 * @throws Problem, TruncatedArchive, MovedFile, Stopped
 */
export async function lookThrough(
  path: string,
  question: PlaceQuestion,
  input: Omit<OpenLogOptions, 'from'> = {},
): Promise<EditedFile> {
  const search = new Search(question);
  for await (const piece of openLog(path, input)) {
    goOn(input.signal);
    search.piece(piece);
  }
  return search.found();
}

class Search {
  readonly #question: PlaceQuestion;
  #prefix: Buffer = Buffer.alloc(0);
  /** What may still be looked back at, with the line that is not whole yet. */
  #bytes: Buffer = Buffer.alloc(0);
  /** Where those bytes stand in the file, and where that line begins in them. */
  #base = 0;
  #line = 0;
  readonly #behind = new Map<ReadEnd, Place>();
  #later: (Place & { readonly time: number }) | undefined;

  constructor(question: PlaceQuestion) {
    this.#question = question;
  }

  piece(piece: Buffer): void {
    if (this.#prefix.length < PREFIX_BYTES)
      this.#prefix = Buffer.concat([this.#prefix, piece.subarray(0, PREFIX_BYTES - this.#prefix.length)]);
    const bytes = Buffer.concat([this.#bytes, piece]);
    const unread = this.#bytes.length;
    this.#bytes = bytes;
    for (let end = bytes.indexOf(NEWLINE, unread); end >= 0; end = bytes.indexOf(NEWLINE, end + 1))
      this.#wholeLine(end);
    const keep = Math.max(0, this.#line - TAIL_BYTES);
    this.#bytes = Buffer.from(bytes.subarray(keep));
    this.#base += keep;
    this.#line -= keep;
  }

  found(): EditedFile {
    return {
      prefix: this.#prefix,
      end: this.#place(this.#line),
      behind: this.#behind,
      ...(this.#later !== undefined && { later: this.#later }),
    };
  }

  /** @param newline where it ends */
  #wholeLine(newline: number): void {
    if (this.#later === undefined) {
      const time = this.#question.stampOf(this.#bytes.toString('utf8', this.#line, newline));
      if (time !== undefined && time > this.#question.covered)
        this.#later = { ...this.#place(this.#line), time };
    }
    this.#line = newline + 1;
    const hashes = new Map<number, string>();
    for (const end of this.#question.ends) {
      const { tailLength } = end;
      if (tailLength > this.#line) continue;
      const hash =
        hashes.get(tailLength) ?? tailHash(this.#bytes.subarray(this.#line - tailLength, this.#line));
      hashes.set(tailLength, hash);
      if (hash === end.tailHash) this.#behind.set(end, this.#place(this.#line));
    }
  }

  #place(at: number): Place {
    return {
      offset: this.#base + at,
      tail: Buffer.from(this.#bytes.subarray(Math.max(0, at - TAIL_BYTES), at)),
    };
  }
}
