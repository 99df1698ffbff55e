import type { Config } from '../config.ts';
import { Problem } from '../errors.ts';
import { checkIn, type PipelineDeps } from '../pipeline.ts';
import { isPassing } from '../reading/faults.ts';
import { inTurn, type TurnOptions } from '../reading/one-at-a-time.ts';
import { emptySummary } from '../reading/source.ts';
import { type ConfiguredReading, configuredReadings, type ReadSummary, readEach } from '../reading.ts';
import { Backoff } from './backoff.ts';
import type { Bell } from './bell.ts';
import type { Emitter } from './emitter.ts';
import { FileWaker } from './file-waker.ts';
import { JournalWaker } from './journal-waker.ts';
import type { Waker } from './waker.ts';

/** Lines that come one by one are read together, ms. */
const GAP_MS = 500;
/** How often every log is looked into, whatever wakes, and noted as read to its end, and whether the emitter lives, ms. */
const THOROUGH_MS = 40_000;
/** Small batches, so that we can end at any time. */
const BATCH_TALLIES = 2000;

/** What following needs, and whom it tells. */
export interface FollowerDeps extends Omit<PipelineDeps, 'config'> {
  /** How to take turns with others that read: they are waited for without end, which is not said. */
  readonly waiter: Pick<TurnOptions, 'reader' | 'elapsed'>;
  /** A config as it is to be used: with the parsers found for logs of `parser: auto`. */
  prepare(config: Config): Promise<Config>;
  /** Told what came of a pass over the logs. */
  readonly onRead: (summary: ReadSummary) => void;
  /** Told what keeps us from working, each time it is tried again. */
  readonly onTrouble: (problem: Problem) => void;
  /** Told whenever something went on: as long as that is so, nothing hangs. */
  readonly onProgress: () => void;
  /** Told that a log cannot be watched. */
  readonly onUnwatched: (name: string, error: unknown) => void;
  readonly bell: Bell;
  readonly emitter: Emitter;
}

interface Followed {
  readonly reading: ConfiguredReading;
  readonly waker: Waker;
  woken: boolean;
}

/** Reads the logs of the config as they grow, without end. Days and sends are the emitter's business. */
export class Follower {
  readonly #deps: FollowerDeps;
  readonly #signal: AbortSignal;
  #config: Config;
  #followed: Followed[] = [];
  #thoroughAt = 0;
  readonly #backoff = new Backoff();
  #between: (() => Promise<void>)[] = [];

  /** @param signal ends it: what was read by then is committed */
  constructor(deps: FollowerDeps, config: Config, signal: AbortSignal) {
    this.#deps = deps;
    this.#config = config;
    this.#signal = signal;
  }

  /** The config in force. */
  get config(): Config {
    return this.#config;
  }

  /**
   * Takes over a config; when that fails, the former one stays in force.
   * @throws Problem (config)
   */
  async adopt(config: Config): Promise<void> {
    const prepared = await this.#deps.prepare(config);
    const summary = emptySummary();
    const deps = {
      ...this.#deps,
      config: prepared,
      signal: this.#signal,
      onBytes: this.#deps.onProgress,
      batchTallies: BATCH_TALLIES,
    };
    const readings = await configuredReadings(deps, summary);
    await this.close();
    this.#followed = readings.map((reading) => ({ reading, waker: this.#wakerOf(reading), woken: true }));
    this.#config = config;
    this.#thoroughAt = 0;
    this.#deps.emitter.adopt(prepared);
    this.#deps.onRead(summary);
  }

  /** Takes over the first config; where the ledger is away just now, {@link follow} does so when it is back. */
  async begin(): Promise<void> {
    try {
      await this.adopt(this.#config);
    } catch (error) {
      if (!(error instanceof Problem) || !isPassing(error)) throw error;
      this.#deps.onTrouble(error);
    }
  }

  /** Has something done soon, when no pass is under way: {@link adopt}, for one. */
  between(work: () => Promise<void>): void {
    this.#between.push(work);
    this.#deps.bell.ring();
  }

  /** Reads until the signal aborts. */
  async follow(): Promise<void> {
    const { bell, clock, emitter, onProgress } = this.#deps;
    while (!this.#signal.aborted) {
      for (const work of this.#between.splice(0)) await work();
      const begun = clock.now();
      const thorough = begun >= this.#thoroughAt || emitter.isDue(begun);
      const read = await this.#pass(thorough);
      onProgress();
      if (read && thorough) {
        this.#thoroughAt = begun + THOROUGH_MS;
        emitter.start(this.#signal);
      }
      const until = read ? Math.min(this.#thoroughAt, emitter.dueAt) : clock.now() + this.#backoff.next();
      await bell.sleep(Math.max(0, until - clock.now()), this.#signal);
      await bell.pause(Math.max(0, begun + GAP_MS - clock.now()), this.#signal);
    }
    await this.close();
  }

  async close(): Promise<void> {
    for (const { waker } of this.#followed) await waker.close();
  }

  /** False when the ledger could not be written. */
  async #pass(thorough: boolean): Promise<boolean> {
    try {
      if (thorough && this.#followed.length < this.#config.logs.length) await this.adopt(this.#config);
      const those = this.#followed.filter(({ woken }) => thorough || woken);
      for (const followed of those) await followed.waker.passBegins();
      await this.#read(those, thorough);
      for (const followed of those) await this.#arm(followed);
      this.#backoff.reset();
      return true;
    } catch (error) {
      if (!(error instanceof Problem) || !isPassing(error)) throw error;
      this.#deps.onTrouble(error);
      return false;
    }
  }

  async #read(those: readonly Followed[], thorough: boolean): Promise<void> {
    if (those.length === 0) return;
    const { ledger, onProgress, onRead } = this.#deps;
    const { reader, elapsed } = this.#deps.waiter;
    const summary = emptySummary();
    const patience = Number.POSITIVE_INFINITY;
    const turn = { reader, elapsed, patience, onLook: onProgress, signal: this.#signal };
    const readings = those.map(({ reading }) => reading);
    await inTurn(ledger, turn, () => readEach(readings, summary, thorough));
    if (thorough) await checkIn({ ...this.#deps, config: this.#config });
    onRead(summary);
  }

  async #arm(followed: Followed): Promise<void> {
    followed.woken = false;
    await followed.waker.arm(() => {
      followed.woken = true;
      this.#deps.bell.ring();
    });
  }

  #wakerOf({ name, rotated, journal }: ConfiguredReading): Waker {
    if (journal !== undefined) return new JournalWaker(journal);
    return new FileWaker({ name, rotated }, (error) => this.#deps.onUnwatched(name, error));
  }
}
