import { ArchiveThread } from './archive-thread.ts';
import type { Pieces } from './sifted.ts';

/** Archives a thread may have before it, the one being read included. */
const JOBS = 2;

/** What is unpacked ahead, and by how many. */
export interface ReadAheadOptions {
  /** What a thread is started with. */
  readonly entry: URL;
  /** Archives in the order in which they will be read, those left out that are read in another way. */
  readonly paths: readonly string[];
  /** What lines must hold to matter. */
  readonly needles: readonly string[];
  readonly threads: number;
}

interface Begun {
  readonly thread: ArchiveThread;
  readonly job: number;
}

/**
 * Has archives unpacked and sifted in threads of their own, some ahead of the one that is read. Nothing is decided
 * here: each is read in its turn, and what looks strange is left to the reader.
 */
export class ReadAhead {
  readonly #options: ReadAheadOptions;
  readonly #threads: ArchiveThread[] = [];
  readonly #begun = new Map<string, Begun>();
  /** The first of the paths that was not begun. */
  #next = 0;

  constructor(options: ReadAheadOptions) {
    this.#options = options;
  }

  /**
   * The pieces of an archive, from its start on; undefined where it is to be opened by the reader itself.
   * @param print tells the file that is meant; another one was unpacked ahead if it has changed since
   * @param onGarbage see `OpenLogOptions`
   */
  async open(path: string, print: string, onGarbage?: () => void): Promise<Pieces | undefined> {
    const at = this.#options.paths.indexOf(path);
    if (at < 0 || (at < this.#next && !this.#begun.has(path))) return undefined;
    this.#pass(at);
    this.#fill();
    const begun = this.#begun.get(path);
    if (begun === undefined) return undefined;
    this.#begun.delete(path);
    const { thread, job } = begun;
    const opened = await thread.opened(job);
    if (opened?.print === print)
      return whole(opened.head, thread.rest(job, onGarbage), () => thread.drop(job));
    thread.drop(job);
    return undefined;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** Those before were passed over: their threads have better things to do. */
  #pass(at: number): void {
    for (const path of this.#options.paths.slice(0, at)) {
      const begun = this.#begun.get(path);
      this.#begun.delete(path);
      begun?.thread.drop(begun.job);
    }
    this.#next = Math.max(this.#next, at);
  }

  #fill(): void {
    const { paths, needles } = this.#options;
    for (let thread = this.#idlest(); thread !== undefined; thread = this.#idlest()) {
      const path = paths[this.#next];
      if (path === undefined) return;
      this.#next += 1;
      this.#begun.set(path, { thread, job: thread.begin(path, needles) });
    }
  }

  /** The thread with the least to do, if it may have more. */
  #idlest(): ArchiveThread | undefined {
    const { threads, entry } = this.#options;
    const idle = this.#threads.find(({ jobs }) => jobs === 0);
    if (idle !== undefined) return idle;
    if (this.#threads.length < threads) {
      const thread = new ArchiveThread(entry);
      this.#threads.push(thread);
      return thread;
    }
    const [idlest] = [...this.#threads].sort((a, b) => a.jobs - b.jobs);
    return idlest !== undefined && idlest.jobs < JOBS ? idlest : undefined;
  }
}

async function* whole(head: Buffer, rest: Pieces, drop: () => void): Pieces {
  try {
    yield head;
    yield* rest;
  } finally {
    drop();
  }
}
