import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Beside this file when built by the compiler; at the top of a bundle, whose pieces lie one level below. */
const PLACES = ['./worker.js', './archive-worker.mjs', '../archive-worker.mjs'] as const;
/** More run ahead of one reader in vain. */
const MOST_THREADS = 3;

/** What archives may be unpacked ahead with. */
export interface Threads {
  /** The file a thread is started with. */
  readonly entry: URL;
  readonly most: number;
}

/** The threads that this machine has to spare; none where the program runs from its sources. */
export function spareThreads(): { readonly threads?: Threads } {
  const most = Math.min(MOST_THREADS, availableParallelism() - 1);
  const entry = PLACES.map((place) => new URL(place, import.meta.url)).find((url) =>
    existsSync(fileURLToPath(url)),
  );
  return entry === undefined || most < 1 ? {} : { threads: { entry, most } };
}
