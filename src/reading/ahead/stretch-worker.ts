import type { LogParser } from '../../parser.ts';
import { createParser, loadParser } from '../../registry.ts';
import type { Answer, Order, StretchOrder } from './stretch.ts';
import { StretchJob } from './stretch-job.ts';

/** Kinds of tallies that were told and not taken yet, whatever stretch they are of: so far does a thread run ahead. */
const MOST_TOLD = 20_000;

/** Where orders come from and answers go: an end of a `MessageChannel`, or a thread's own port. */
export interface Port {
  postMessage(answer: Answer, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (order: Order) => void): unknown;
}

/** The thread that reads ahead: takes stretches one by one in the order they were asked for. */
export class StretchWorker {
  readonly #port: Port;
  readonly #orders: StretchOrder[] = [];
  readonly #dropped = new Set<number>();
  #told = 0;
  #isBusy = false;
  #wake: (() => void) | undefined;

  /** @param port whose other end gives orders */
  constructor(port: Port) {
    this.#port = port;
    port.on('message', (order) => this.#take(order));
  }

  #take(order: Order): void {
    if (order.kind === 'taken') this.#told -= order.tallies;
    else if (order.kind === 'drop') this.#dropped.add(order.job);
    else {
      this.#orders.push(order);
      if (!this.#isBusy) void this.#work();
    }
    this.#wake?.();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let order = this.#orders.shift(); order !== undefined; order = this.#orders.shift()) {
      const { job } = order;
      await this.#read(order);
      this.#dropped.delete(job);
    }
    this.#isBusy = false;
  }

  async #read(order: StretchOrder): Promise<void> {
    const { job, how } = order;
    const module = await loadParser(how.parser.name, '/').catch(() => undefined);
    if (module === undefined || this.#dropped.has(job)) {
      this.#port.postMessage({ kind: 'end', job, whole: false });
      return;
    }
    await new StretchJob({
      order,
      makeParser: (): LogParser => createParser(module, how.parser.options),
      answer: (answer, transfer) => this.#port.postMessage(answer, transfer),
      mayTell: (tallies) => this.#mayTell(job, tallies),
      isDropped: () => this.#dropped.has(job),
    }).run();
  }

  async #mayTell(job: number, tallies: number): Promise<boolean> {
    while (this.#told >= MOST_TOLD && !this.#dropped.has(job)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#dropped.has(job)) return false;
    this.#told += tallies;
    return true;
  }
}
