import { MessageChannel } from 'node:worker_threads';
import type { Answer } from '../../../src/reading/ahead/stretch.ts';
import type { Connection } from '../../../src/reading/ahead/stretch-thread.ts';
import { type Port, StretchWorker } from '../../../src/reading/ahead/stretch-worker.ts';
import type { Threads } from '../../../src/reading/ahead/worker-entry.ts';

/** Small enough for small logs. */
export type Sizes = Required<Pick<Threads, 'part' | 'seen'>>;

/** Workers in this thread, told and asked through real ports: what is said is copied as between threads. */
export function threadsHere(most: number, sizes: Sizes): Threads {
  return { most, ...sizes, connect: () => connectHere(() => false) };
}

/** The same, each of which is gone once it has told its first batch. */
export function dyingHere(most: number, sizes: Sizes): Threads {
  return { most, ...sizes, connect: () => connectHere(({ kind }) => kind === 'batch') };
}

function connectHere(isLast: (answer: Answer) => boolean): Connection {
  const { port1, port2 } = new MessageChannel();
  new StretchWorker(port2 as Port);
  return {
    post: (order) => port1.postMessage(order),
    listen(onAnswer, onGone) {
      port1.on('close', onGone);
      port1.on('message', (answer: Answer) => {
        onAnswer(answer);
        if (isLast(answer)) port1.close();
      });
    },
    hold: () => {},
    close: async () => port1.close(),
  };
}
