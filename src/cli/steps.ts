import type { Step } from '../witness.ts';
import type { Printer } from './io.ts';
import { bytesText } from './quantities.ts';

/** What is over sooner needs no display, ms. */
const PATIENCE_MS = 2000;
/** A terminal's line is drawn again so often at most, ms. */
const REDRAW_MS = 100;
/** Elsewhere a line is printed so often, ms. */
const LINE_MS = 10_000;

const WORDS: Record<Step, (done: string, bytes: string) => string> = {
  reading: (_, bytes) => `reading logs: ${bytes}`,
  policies: (done) => `looking policies up: ${done} domains`,
  reports: (done) => `building reports: ${done} domains`,
  deliveries: (done) => `sending: ${done} reports`,
  'look-ups': (done) => `looking up: ${done} domains`,
  sums: (done) => `adding sessions up: ${done} days`,
};

/** Shows how far a step that takes long has come: a line that is drawn over on a terminal, a message now and then elsewhere. */
export class Steps {
  readonly #printer: Printer;
  readonly #elapsed: () => number;
  #step: Step | undefined;
  #began = 0;
  #shown = 0;

  /** @param elapsed ms since any fixed moment */
  constructor(printer: Printer, elapsed: () => number) {
    this.#printer = printer;
    this.#elapsed = elapsed;
  }

  step(step: Step, done: number, total?: number): void {
    const now = this.#elapsed();
    if (step !== this.#step) {
      this.end();
      this.#step = step;
      this.#began = now;
      this.#shown = Number.NEGATIVE_INFINITY;
    }
    if (now - this.#began < PATIENCE_MS) return;
    if (now - this.#shown < (this.#printer.drawsOver ? REDRAW_MS : LINE_MS)) return;
    this.#shown = now;
    const text = WORDS[step](total === undefined ? String(done) : `${done} of ${total}`, bytesText(done));
    if (this.#printer.drawsOver) this.#printer.live(text);
    else this.#printer.message('info', text);
  }

  /** Takes the line away. */
  end(): void {
    this.#printer.live(undefined);
    this.#step = undefined;
  }
}
