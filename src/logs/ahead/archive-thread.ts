import { Worker } from 'node:worker_threads';
import { fromFault } from './fault.ts';
import type { Answer, Order } from './messages.ts';
import type { Pieces } from './sifted.ts';

/** zlib's buffers are thrown away at once; a larger nursery would only be longer filled with them. */
const YOUNG_MB = 2;

/** An archive that another thread unpacks. */
interface Job {
  readonly waiting: Answer[];
  wake?: () => void;
}

/** A thread is gone with what it had unpacked: whoever read from it begins anew where the ledger is, without it. */
export class ThreadEnded extends Error {
  override name = 'ThreadEnded';
}

/** An archive whose beginning is known. */
export interface OpenedArchive {
  /** The file as it was before it was read. */
  readonly print: string;
  readonly head: Buffer;
}

/** A thread that unpacks archives ahead of the one that reads them, as seen from there. */
export class ArchiveThread {
  readonly #worker: Worker;
  readonly #jobs = new Map<number, Job>();
  #numbers = 0;
  #fault: Error | undefined;

  constructor(entry: URL) {
    this.#worker = new Worker(entry, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    this.#worker.on('message', (answer: Answer) => this.#take(answer));
    this.#worker.on('error', (cause) =>
      this.#fail(new ThreadEnded('a thread that unpacks archives has failed', { cause })),
    );
    this.#worker.on('exit', () => this.#fail(new ThreadEnded('a thread that unpacks archives has ended')));
    // Archives that nobody waits for must not keep the process.
    this.#worker.unref();
  }

  /** Archives asked for and not done with. */
  get jobs(): number {
    return this.#jobs.size;
  }

  /** Asks for an archive, behind those asked for before. Returns its number. */
  begin(path: string, needles: readonly string[]): number {
    const job = this.#numbers++;
    this.#jobs.set(job, { waiting: [] });
    this.#order({ kind: 'read', job, path, needles });
    return job;
  }

  /** Waits for an archive's beginning; undefined where it is better read by the one who asks. */
  async opened(job: number): Promise<OpenedArchive | undefined> {
    const answer = await this.#next(job).catch(() => undefined);
    if (answer?.kind !== 'opened') return undefined;
    const { print, head } = answer;
    return print === undefined || head === undefined ? undefined : { print, head: Buffer.from(head.buffer) };
  }

  /**
   * What comes behind the beginning.
   * @param onGarbage see `OpenLogOptions`
   * @throws what reading the archive throws
   */
  async *rest(job: number, onGarbage?: () => void): Pieces {
    try {
      for (;;) {
        const answer = await this.#next(job);
        if (answer.kind === 'end') {
          if (answer.fault !== undefined) throw fromFault(answer.fault);
          if (answer.garbage === true) onGarbage?.();
          return;
        }
        if (answer.kind !== 'sifted') continue;
        const { room, siftings } = answer;
        const matching = Buffer.from(room, 0, siftings.matchingBytes);
        try {
          yield { ...siftings, matching, tail: Buffer.from(siftings.tail.buffer) };
        } finally {
          this.#order({ kind: 'room', room }, [room]);
        }
      }
    } finally {
      this.drop(job);
    }
  }

  /** No more of an archive is wanted. */
  drop(job: number): void {
    const dropped = this.#jobs.get(job);
    if (dropped === undefined) return;
    this.#jobs.delete(job);
    this.#order({ kind: 'drop', job });
    for (const answer of dropped.waiting) this.#giveBack(answer);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #next(number: number): Promise<Answer> {
    const job = this.#jobs.get(number);
    if (job === undefined) throw new Error('this archive was dropped');
    // While one waits, there is nothing else that would keep the process.
    this.#worker.ref();
    try {
      while (job.waiting.length === 0) {
        if (this.#fault !== undefined) throw this.#fault;
        await new Promise<void>((resolve) => {
          job.wake = resolve;
        });
      }
    } finally {
      this.#worker.unref();
    }
    const [answer] = job.waiting.splice(0, 1);
    if (answer === undefined) throw new Error('an answer was taken by another');
    return answer;
  }

  #take(answer: Answer): void {
    const job = this.#jobs.get(answer.job);
    if (job === undefined) {
      this.#giveBack(answer);
      return;
    }
    job.waiting.push(answer);
    job.wake?.();
  }

  #giveBack(answer: Answer): void {
    if (answer.kind === 'sifted') this.#order({ kind: 'room', room: answer.room }, [answer.room]);
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    for (const job of this.#jobs.values()) job.wake?.();
  }

  #order(order: Order, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(order, transfer);
  }
}
