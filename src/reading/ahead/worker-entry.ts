import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Connection } from './stretch-thread.ts';

/** Beside this file when built by the compiler; at the top of a bundle, whose pieces lie one level below. */
const PLACES = ['./worker.js', './reading-worker.mjs', '../reading-worker.mjs'] as const;
/** More find too little to do: one thread alone takes over and commits what they read. */
const MOST_THREADS = 7;

/** What stretches may be read ahead with. */
export interface Threads {
  /** Threads beside the one that asks. */
  readonly most: number;
  /** Uncompressed bytes of a part of a plain file, about; 128 MiB when absent. */
  readonly part?: number;
  /** Bytes after which it is seen what is to be known of a log as a whole; 1 MiB when absent. */
  readonly seen?: number;
  /** Starts one. */
  connect(): Connection;
}

/**
 * The threads that this machine has to spare; none where the program runs from its sources.
 * @param asked so many in all, in place of one a core
 */
export function spareThreads(asked = availableParallelism()): { readonly threads?: Threads } {
  const most = Math.min(MOST_THREADS, asked - 1);
  const entry = PLACES.map((place) => new URL(place, import.meta.url)).find((url) =>
    existsSync(fileURLToPath(url)),
  );
  return entry === undefined || most < 1 ? {} : { threads: { most, connect: () => connectTo(entry) } };
}

/** Starts a thread. @param entry the file that it begins with */
export function connectTo(entry: URL): Connection {
  const worker = new Worker(entry);
  return {
    post: (order) => worker.postMessage(order),
    listen: (onAnswer, onGone) => {
      worker.on('message', onAnswer);
      worker.on('error', onGone);
      worker.on('exit', onGone);
      // Stretches that nobody waits for must not keep the process.
      worker.unref();
    },
    hold: (isWaited) => (isWaited ? worker.ref() : worker.unref()),
    close: async () => void (await worker.terminate()),
  };
}
