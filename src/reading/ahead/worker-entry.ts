import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Connection } from './stretch-thread.ts';

/** Beside this file when built by the compiler; at the top of a bundle, whose pieces lie one level below. */
const PLACES = ['./worker.js', './reading-worker.mjs', '../reading-worker.mjs'] as const;
/** Of more, each finds less to do, for one thread alone takes over and commits what they read; and each takes its memory. */
const MOST_BY_ITSELF = 3;
/** On fewer processors they would only be in each other's way: what they read is read no sooner (docs/benchmarks.md). */
const FEWEST_PROCESSORS = 3;

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
 * The threads to read ahead with; none where the program runs from its sources.
 * @param asked so many in all, the reader's own among them; absent: as many as this machine has to spare
 */
export function spareThreads(asked?: number): { readonly threads?: Threads } {
  const most = asked === undefined ? spare(availableParallelism()) : asked - 1;
  const entry = PLACES.map((place) => new URL(place, import.meta.url)).find((url) =>
    existsSync(fileURLToPath(url)),
  );
  return entry === undefined || most < 1 ? {} : { threads: { most, connect: () => connectTo(entry) } };
}

function spare(processors: number): number {
  return processors < FEWEST_PROCESSORS ? 0 : Math.min(MOST_BY_ITSELF, processors - 1);
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
