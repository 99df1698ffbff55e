import type { Config } from '../config.ts';
import { Problem } from '../errors.ts';
import {
  deliverPass,
  emitPass,
  type PassSummary,
  type PipelineDeps,
  type PipelineOptions,
} from '../pipeline.ts';
import { nextEmission } from './schedule.ts';

export interface EmitterDeps extends Omit<PipelineDeps, 'config'> {
  /** Told what came of it, and how long it took (ms). */
  readonly onEmitted: (done: Omit<PassSummary, 'read'>, config: Config, duration: number) => Promise<void>;
  readonly onTrouble: (problem: Problem) => void;
  readonly onOutcome: NonNullable<PipelineOptions['onOutcome']>;
  /** Told when its work is over, for now {@link Emitter.dueAt} is known. */
  readonly onSettled: () => void;
  /** Told of what is no Problem: a bug ends the program. */
  readonly onBug: (error: unknown) => void;
}

/** Another host of the fleet that is at it may die; so soon its work is taken over, ms. */
const TAKE_OVER_MS = 15_000;

/** Looks policies up, closes days and sends beside the reading, on its own clock. */
export class Emitter {
  readonly #deps: EmitterDeps;
  readonly #offline: boolean;
  #config: Config | undefined;
  #nextAt = 0;
  #work: Promise<void> | undefined;

  /** @param offline never does anything */
  constructor(deps: EmitterDeps, offline: boolean) {
    this.#deps = deps;
    this.#offline = offline;
  }

  adopt(config: Config): void {
    this.#config = config;
  }

  /** Whether policies are to be looked up and days to be closed by now (UTC ms). */
  isDue(now: number): boolean {
    return !this.#offline && this.#work === undefined && now >= this.#nextAt;
  }

  /** When {@link isDue} will be true, UTC ms; never while it is at work, and when it works offline. */
  get dueAt(): number {
    return this.#offline || this.#work !== undefined ? Number.POSITIVE_INFINITY : this.#nextAt;
  }

  /** Begins what is due, unless it is at work still. */
  start(signal: AbortSignal): void {
    const config = this.#config;
    if (this.#offline || this.#work !== undefined || config === undefined) return;
    const now = this.#deps.clock.now();
    const all = now >= this.#nextAt;
    if (all) this.#nextAt = nextEmission(now);
    this.#work = this.#emit(config, all, signal).finally(() => {
      this.#work = undefined;
      this.#deps.onSettled();
    });
  }

  /** Resolves when it is at no work any more. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #emit(config: Config, all: boolean, signal: AbortSignal): Promise<void> {
    const begun = performance.now();
    const deps = { ...this.#deps, config };
    const options = { offline: false, onOutcome: this.#deps.onOutcome, signal };
    try {
      const done = all ? await emitPass(deps, options) : await this.#sendDue(deps, options);
      if (done === undefined && all) this.#nextAt = deps.clock.now() + TAKE_OVER_MS;
      if (done === undefined || signal.aborted) return;
      await this.#deps.onEmitted(done, config, performance.now() - begun);
    } catch (error) {
      // On its way out nothing is said of what was cut off.
      if (signal.aborted) return;
      if (error instanceof Problem) this.#deps.onTrouble(error);
      else this.#deps.onBug(error);
    }
  }

  /** Undefined where nothing is due, or another host is at it. */
  async #sendDue(
    deps: PipelineDeps,
    options: PipelineOptions,
  ): Promise<Omit<PassSummary, 'read'> | undefined> {
    if ((await deps.ledger.dueOutbox(deps.clock.now(), 1)).length === 0) return undefined;
    const sent = await deliverPass(deps, options);
    return sent === undefined ? undefined : { sent };
  }
}
