import { setTimeout as wait } from 'node:timers/promises';

/** Longest sleep at a stretch, ms: whoever watches over us wants a sign of life now and then. */
const STRETCH_MS = 5000;

/** Sleeps that end early when the bell is rung. */
export class Bell {
  readonly #onStretch: () => void;
  readonly #stretchMs: number;
  #rung = false;
  #end: (() => void) | undefined;

  /**
   * @param onStretch told now and then in a sleep: every few seconds
   * @param stretch or so often, ms, where that is more often
   */
  constructor(onStretch: () => void, stretch = STRETCH_MS) {
    this.#onStretch = onStretch;
    this.#stretchMs = Math.min(stretch, STRETCH_MS);
  }

  /** Ends the sleep, or the next one when there is none. */
  ring(): void {
    this.#rung = true;
    this.#end?.();
  }

  /** Resolves after so many ms, when the bell is rung (or was, since the last sleep), or when the signal aborts. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    for (let left = ms; left > 0 && !this.#rung && !signal.aborted; left -= this.#stretchMs) {
      await this.#stretch(Math.min(left, this.#stretchMs), signal);
      this.#onStretch();
    }
    this.#rung = false;
  }

  /** Resolves after so many ms, or when the signal aborts. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    if (ms > 0) await wait(ms, undefined, { signal }).catch(() => {});
  }

  async #stretch(ms: number, signal: AbortSignal): Promise<void> {
    const rung = new AbortController();
    this.#end = () => rung.abort();
    await wait(ms, undefined, { signal: AbortSignal.any([signal, rung.signal]) }).catch(() => {});
    this.#end = undefined;
  }
}
