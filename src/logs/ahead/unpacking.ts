import type { MessagePort } from 'node:worker_threads';
import { ArchiveJob } from './archive-job.ts';
import type { Answer, Order } from './messages.ts';

/** Rooms of a thread, and the bytes of each: so far does it run ahead, whatever the archives grow to. */
const ROOMS = 4;
const ROOM_BYTES = 1_048_576;

/** The thread that unpacks: takes archives one by one in the order they were asked for. */
export class Unpacking {
  readonly #port: MessagePort;
  readonly #orders: Extract<Order, { kind: 'read' }>[] = [];
  readonly #rooms = Array.from({ length: ROOMS }, () => new ArrayBuffer(ROOM_BYTES));
  readonly #dropped = new Set<number>();
  #isBusy = false;
  #wake: (() => void) | undefined;

  /** @param port whose other end gives orders */
  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (order: Order) => this.#take(order));
  }

  #take(order: Order): void {
    if (order.kind === 'room') this.#rooms.push(order.room);
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
      const left = await new ArchiveJob({
        ...order,
        answer: (answer, transfer) => this.#answer(answer, transfer),
        room: () => this.#room(job),
        isDropped: () => this.#dropped.has(job),
      }).run();
      if (left !== undefined) this.#rooms.push(left);
      this.#dropped.delete(job);
    }
    this.#isBusy = false;
  }

  #answer(answer: Answer, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(answer, transfer);
  }

  async #room(job: number): Promise<ArrayBuffer | undefined> {
    while (!this.#dropped.has(job)) {
      const room = this.#rooms.pop();
      if (room !== undefined) return room;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return undefined;
  }
}
