/** Work that waits for a place in its lane. */
interface Lane {
  running: number;
  readonly waiting: (() => Promise<void>)[];
}

/**
 * Runs work side by side, a lane for each receiver: bounded over all and within each lane, so that a slow receiver
 * holds up its own lane alone.
 */
export class Lanes {
  readonly #places: number;
  readonly #width: (lane: string) => number;
  readonly #lanes = new Map<string, Lane>();
  #running = 0;
  #waiting = 0;
  #ended: () => void = () => undefined;
  #fault: { readonly error: unknown } | undefined;

  /**
   * @param places how much may run at once over all lanes
   * @param width how much may run at once in one lane; asked anew each time
   */
  constructor(places: number, width: (lane: string) => number) {
    this.#places = places;
    this.#width = width;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get idle(): boolean {
    return this.#running === 0 && this.#waiting === 0;
  }

  /** Whether more could run at once, were it for other lanes. */
  get hasFreePlaces(): boolean {
    return this.#running < this.#places;
  }

  push(name: string, work: () => Promise<void>): void {
    const lane = this.#lanes.get(name) ?? { running: 0, waiting: [] };
    this.#lanes.set(name, lane);
    lane.waiting.push(work);
    this.#waiting++;
    this.#start(name, lane);
  }

  /** The lane where most waits. */
  longest(): string | undefined {
    let longest: string | undefined;
    let most = 0;
    for (const [name, { waiting }] of this.#lanes)
      if (waiting.length > most) [longest, most] = [name, waiting.length];
    return longest;
  }

  /** Takes back what waits, in one lane or in all. */
  takeBack(name?: string): void {
    for (const [key, lane] of this.#lanes)
      if (name === undefined || key === name) this.#waiting -= lane.waiting.splice(0).length;
  }

  /**
   * Waits until some work has ended, at most so many ms; false if none did.
   * @throws what work raised
   */
  async next(timeout?: number): Promise<boolean> {
    let ended = true;
    if (this.#running > 0 && this.#fault === undefined) ended = await this.#nextEnd(timeout);
    if (this.#fault !== undefined) throw this.#fault.error;
    return ended;
  }

  /**
   * Waits until nothing runs any more, though some of it may have failed; what waits stays where it is.
   * @throws what work raised first
   */
  async settle(): Promise<void> {
    while (this.#running > 0) await this.#nextEnd(undefined);
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  #nextEnd(timeout: number | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = timeout === undefined ? undefined : setTimeout(() => resolve(false), timeout);
      this.#ended = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #start(name: string, lane: Lane): void {
    while (this.#fault === undefined && this.hasFreePlaces && lane.running < this.#width(name)) {
      const work = lane.waiting.shift();
      if (work === undefined) return;
      this.#waiting--;
      this.#running++;
      lane.running++;
      void this.#run(name, lane, work);
    }
  }

  async #run(name: string, lane: Lane, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#fault ??= { error };
    }
    this.#running--;
    lane.running--;
    if (lane.running === 0 && lane.waiting.length === 0) this.#lanes.delete(name);
    for (const [key, other] of this.#lanes) this.#start(key, other);
    this.#ended();
  }
}
