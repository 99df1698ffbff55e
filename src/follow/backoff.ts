/** How long to wait when the ledger is away, ms: doubled each time, up to the second. */
const BACKOFF_MS = [1000, 60_000] as const;

/** The waits between tries at what fails, longer and longer. */
export class Backoff {
  #failures = 0;

  /** The next wait, ms. */
  next(): number {
    const [first, longest] = BACKOFF_MS;
    return Math.min(longest, first * 2 ** this.#failures++);
  }

  /** It went well. */
  reset(): void {
    this.#failures = 0;
  }
}
