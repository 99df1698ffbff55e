import { openLog } from '../archive.ts';
import { describeFile } from '../chain.ts';
import { behindZeros } from '../hole.ts';
import { PREFIX_BYTES } from '../segment.ts';
import { toFault } from './fault.ts';
import type { Answer } from './messages.ts';
import { Sifter } from './sifter.ts';

const NEWLINE = 10;
/** So many bytes are sifted at once: few, so that the rooms are filled well. */
const STEP = 131_072;
/** A log has a newline before. */
const LONGEST_HEAD = 1_048_576;
const NONE = Buffer.alloc(0);

/** What unpacking an archive in a thread needs. */
export interface JobOptions {
  readonly job: number;
  readonly path: string;
  readonly needles: readonly string[];
  readonly answer: (answer: Answer, transfer?: readonly ArrayBuffer[]) => void;
  /** Waits for a room to put lines into; undefined when no more is wanted. */
  readonly room: () => Promise<ArrayBuffer | undefined>;
  readonly isDropped: () => boolean;
}

/**
 * Unpacks one archive: its beginning as it is, by which the reader tells what it holds, then what is sifted from the
 * rest. A fault of the beginning is left to the reader to find again; one of the rest is answered.
 */
export class ArchiveJob {
  readonly #options: JobOptions;
  readonly #sifter: Sifter;
  #room: ArrayBuffer | undefined;
  #head: Buffer = NONE;
  #isOpen = false;
  #garbage: { readonly garbage?: true } = {};

  constructor(options: JobOptions) {
    this.#options = options;
    this.#sifter = new Sifter(options.needles);
  }

  /** Resolves when the archive is over or dropped. Returns a room that was not used up. */
  async run(): Promise<ArrayBuffer | undefined> {
    const { job, path, answer } = this.#options;
    try {
      const found = await describeFile(path);
      if (found !== undefined) await this.#read(path, found);
      if (!this.#isOpen) answer({ kind: 'opened', job });
      answer({ kind: 'end', job, ...this.#garbage });
    } catch (error) {
      if (!this.#isOpen) answer({ kind: 'opened', job });
      if (!this.#sifter.isEmpty) this.#flush();
      answer({ kind: 'end', job, fault: toFault(error, path) });
    }
    return this.#room;
  }

  async #read(path: string, found: { readonly key: string; readonly print: string }): Promise<void> {
    const onGarbage = () => {
      this.#garbage = { garbage: true };
    };
    for await (const piece of openLog(path, { expect: found.key, onGarbage })) {
      const rest = this.#isOpen ? piece : this.#open(piece, found.print);
      if (rest === undefined || !(await this.#siftAll(rest))) return;
    }
    if (!this.#isOpen) return;
    if (!this.#sifter.isEmpty) this.#flush();
    if ((await this.#haveRoom(0)) && this.#sifter.finish()) this.#flush(true);
  }

  /**
   * Gathers the beginning and tells it when it reaches to the end of a line behind what identity needs.
   * @returns what is to be sifted; undefined where no line ends in time
   */
  #open(piece: Buffer, print: string): Buffer | undefined {
    const { job, answer } = this.#options;
    const begin = Buffer.concat([this.#head, piece]);
    const newline = begin.indexOf(NEWLINE, behindZeros(begin) + PREFIX_BYTES - 1);
    if (newline < 0) {
      this.#head = begin;
      return begin.length > LONGEST_HEAD ? undefined : NONE;
    }
    const head = begin.subarray(0, newline + 1);
    this.#head = NONE;
    this.#isOpen = true;
    this.#sifter.begin(head);
    answer({ kind: 'opened', job, print, head: new Uint8Array(head) });
    return begin.subarray(newline + 1);
  }

  /** False when no more is wanted. */
  async #siftAll(bytes: Buffer): Promise<boolean> {
    for (let at = 0; at < bytes.length; at += STEP) {
      const step = bytes.subarray(at, at + STEP);
      if (!(await this.#haveRoom(step.length))) return false;
      this.#sifter.push(step);
    }
    return !this.#options.isDropped();
  }

  async #haveRoom(bytes: number): Promise<boolean> {
    if (this.#room !== undefined && !this.#sifter.isShortOf(bytes)) return true;
    if (this.#room !== undefined) this.#flush();
    this.#room = await this.#options.room();
    if (this.#room === undefined) return false;
    this.#sifter.useRoom(Buffer.from(this.#room));
    return true;
  }

  #flush(unfinished = false): void {
    const room = this.#room;
    if (room === undefined) return;
    this.#room = undefined;
    const siftings = this.#sifter.take(unfinished);
    this.#options.answer({ kind: 'sifted', job: this.#options.job, room, siftings }, [room]);
  }
}
