import { type ChildProcess, spawn } from 'node:child_process';
import { type JournalSelection, journalArguments } from '../logs/journal-name.ts';
import type { Waker } from './waker.ts';

/** How often to look where journalctl does not run, ms. */
const POLL_MS = 2000;
/** After it has ended by itself it is left alone for so long, ms. */
const RESTART_MS = 10_000;

/** Wakes when `journalctl --follow` says something; where it does not run, every two seconds. */
export class JournalWaker implements Waker {
  readonly #selection: JournalSelection;
  #child: ChildProcess | undefined;
  #endedAt = Number.NEGATIVE_INFINITY;
  #changed = false;
  #wake: (() => void) | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor(selection: JournalSelection) {
    this.#selection = selection;
  }

  async passBegins(): Promise<void> {
    // Begun before the first pass, so that nothing comes between the two.
    this.#start();
    this.#changed = false;
  }

  async arm(wake: () => void): Promise<void> {
    clearInterval(this.#poll);
    this.#wake = wake;
    if (this.#changed) this.#ring();
    else this.#poll = setInterval(() => this.#look(), POLL_MS);
  }

  async close(): Promise<void> {
    this.#wake = undefined;
    clearInterval(this.#poll);
    this.#child?.kill();
  }

  #look(): void {
    this.#start();
    if (this.#child === undefined) this.#ring();
  }

  #ring(): void {
    this.#changed = true;
    const wake = this.#wake;
    if (wake === undefined) return;
    this.#wake = undefined;
    clearInterval(this.#poll);
    wake();
  }

  #start(): void {
    if (this.#child !== undefined || performance.now() - this.#endedAt < RESTART_MS) return;
    const child = spawn(
      'journalctl',
      ['--follow', '--lines=0', '--quiet', '--output=cat', ...journalArguments(this.#selection)],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    this.#child = child;
    child.stdout.on('data', () => this.#ring());
    child.once('error', () => this.#ended(child));
    child.once('close', () => this.#ended(child));
  }

  #ended(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#endedAt = performance.now();
  }
}
