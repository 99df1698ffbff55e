/** A thing that goes on being so is said again after this long, ms. */
const AGAIN_MS = 24 * 3_600_000;

/** What a process that runs without end has said: it does not say the same every minute. */
export class Once {
  readonly #said = new Map<string, number>();

  /** Whether a text is to be said at a time (UTC ms); it counts as said then. */
  isNew(text: string, now: number): boolean {
    for (const [old, time] of this.#said) if (now - time >= AGAIN_MS) this.#said.delete(old);
    if (this.#said.has(text)) return false;
    this.#said.set(text, now);
    return true;
  }

  /** What was said may be said again. */
  forget(): void {
    this.#said.clear();
  }
}
