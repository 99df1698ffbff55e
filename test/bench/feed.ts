import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '../../src/ledger/ledger.ts';

const LOOK_MS = 5;
const PATIENCE_MS = 60_000;
const NEWLINE = 10;

/** Lines on their way into a log, and when which were written. */
export class Feed {
  /** ms from write to commit, a number a write. */
  readonly latencies: number[] = [];
  lines = -1;
  readonly #source: Buffer;
  readonly #log: string;
  readonly #waiting: { readonly end: number; readonly at: number }[] = [];
  #offset = 0;

  constructor(source: Buffer, log: string) {
    this.#source = source;
    this.#log = log;
  }

  write(lines: number): void {
    let end = this.#offset;
    for (let count = 0; count < lines; count++) end = this.#source.indexOf(NEWLINE, end) + 1;
    appendFileSync(this.#log, this.#source.subarray(this.#offset, end));
    this.#waiting.push({ end, at: performance.now() });
    this.#offset = end;
    this.lines += lines;
  }

  /** Takes in how far the ledger is. */
  look(position: number): void {
    const now = performance.now();
    const open = this.#waiting.findIndex(({ end }) => end > position);
    const done = this.#waiting.splice(0, open < 0 ? this.#waiting.length : open);
    this.latencies.push(...done.map(({ at }) => now - at));
  }

  /** Waits until all that was written is committed. @throws Error when that takes a minute */
  async settled(ledger: Ledger): Promise<void> {
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(LOOK_MS)) {
      this.look(await positionOf(ledger));
      if (this.#waiting.length === 0) return;
    }
    throw new Error('the lines did not reach the ledger within a minute');
  }
}

/** How far the ledger is with the log, in bytes. */
export async function positionOf(ledger: Ledger): Promise<number> {
  const segments = await ledger.segments(hostname(), 'postfix');
  return segments.reduce((furthest, { position }) => Math.max(furthest, position.offset), 0);
}
