import type { Answer, Mark, Order, StretchBatch, StretchEnd, StretchOrder } from './stretch.ts';

/** A thread, or what stands for one. */
export interface Connection {
  post(order: Order): void;
  /** @param onGone called when no answer comes any more */
  listen(onAnswer: (answer: Answer) => void, onGone: () => void): void;
  /** While an answer is waited for, there is nothing else that would keep the process. */
  hold(isWaited: boolean): void;
  close(): Promise<void>;
}

interface Job {
  readonly waiting: Answer[];
  wake?: () => void;
}

/** What is told when a thread is gone: whoever comes to the stretch reads it himself. */
function endOf(job: number): StretchEnd {
  return { kind: 'end', job, whole: false };
}

/** A thread that reads stretches ahead, as seen by the one that takes them over. */
export class StretchThread {
  readonly #connection: Connection;
  readonly #jobs = new Map<number, Job>();
  #numbers = 0;
  #isGone = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.listen(
      (answer) => this.#take(answer),
      () => this.#end(),
    );
  }

  /** Stretches asked for and not done with. */
  get jobs(): number {
    return this.#jobs.size;
  }

  /** Asks for a stretch, behind those asked for before. Returns its number. */
  begin(order: Omit<StretchOrder, 'job'>): number {
    const job = this.#numbers++;
    this.#jobs.set(job, { waiting: [] });
    this.#connection.post({ kind: 'read', ...order, job });
    return job;
  }

  /** Waits for where a stretch begins; undefined where it is not to be had. */
  async mark(job: number): Promise<Mark | undefined> {
    const answer = await this.#next(job);
    return answer.kind === 'mark' ? answer.mark : undefined;
  }

  /** Waits for the next batch, or the end. */
  async next(job: number): Promise<StretchBatch | StretchEnd> {
    const answer = await this.#next(job);
    if (answer.kind === 'mark') throw new Error('a stretch has two marks');
    return answer.kind === 'end' ? answer : answer.batch;
  }

  /** No more of a stretch is wanted. */
  drop(job: number): void {
    const dropped = this.#jobs.get(job);
    if (dropped === undefined) return;
    this.#jobs.delete(job);
    this.#connection.post({ kind: 'drop', job });
    for (const answer of dropped.waiting) this.#giveBack(answer);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #next(number: number): Promise<Answer> {
    const job = this.#jobs.get(number);
    if (job === undefined) return endOf(number);
    this.#connection.hold(true);
    try {
      while (job.waiting.length === 0) {
        if (this.#isGone) return endOf(number);
        await new Promise<void>((resolve) => {
          job.wake = resolve;
        });
      }
    } finally {
      this.#connection.hold(false);
    }
    const answer = job.waiting.shift() ?? endOf(number);
    this.#giveBack(answer);
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

  /** A batch is taken, or thrown away: it must not keep the thread from going on. */
  #giveBack(answer: Answer): void {
    if (answer.kind !== 'batch') return;
    this.#connection.post({ kind: 'taken', tallies: answer.batch.tallies.length });
  }

  #end(): void {
    this.#isGone = true;
    for (const job of this.#jobs.values()) job.wake?.();
  }
}
