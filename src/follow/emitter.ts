import type { Config } from '../config.ts';
import { EXIT, type ExitCode, inOneLine, Problem } from '../errors.ts';
import { isAnotherAtWork } from '../fleet.ts';
import {
  deliverPass,
  emitPass,
  type PassSummary,
  type PipelineDeps,
  type PipelineOptions,
  pruneOffline,
} from '../pipeline.ts';
import { isPassing } from '../reading/faults.ts';
import { nextEmission } from './schedule.ts';

/** What the emitter needs, and whom it tells. */
export interface EmitterDeps extends Omit<PipelineDeps, 'config'> {
  /** Told what came of it every quarter of an hour, be it nothing, and whenever something was sent. */
  readonly onEmitted: (emitted: Emitted) => Promise<void>;
  readonly onTrouble: (problem: Problem) => void;
  readonly onOutcome: NonNullable<PipelineOptions['onOutcome']>;
  /** Told when its work is over, for now {@link Emitter.dueAt} is known. */
  readonly onSettled: () => void;
  /** Told of what is no Problem: a bug ends the program. */
  readonly onBug: (error: unknown) => void;
}

/** What one pass of the emitter came to. */
export interface Emitted {
  readonly done: Omit<PassSummary, 'read'>;
  readonly config: Config;
  /** How long it took, ms. */
  readonly duration: number;
  /** As `run` would end. */
  readonly exitCode: ExitCode;
  /** What stopped it before its end. */
  readonly reason?: string;
}

/** Another host of the fleet that is at it may die; so soon its work is taken over, ms. */
const TAKE_OVER_MS = 15_000;

/** Looks policies up, closes days and sends beside the reading, on its own clock. */
export class Emitter {
  readonly #deps: EmitterDeps;
  readonly #offline: boolean;
  #config: Config | undefined;
  #nextAt = 0;
  #tellAt = 0;
  #work: Promise<void> | undefined;

  /** @param offline only tells, every quarter of an hour, that there is nothing to tell */
  constructor(deps: EmitterDeps, offline: boolean) {
    this.#deps = deps;
    this.#offline = offline;
  }

  adopt(config: Config): void {
    this.#config = config;
  }

  /** Whether policies are to be looked up and days to be closed by now (UTC ms). */
  isDue(now: number): boolean {
    return this.#work === undefined && now >= this.#nextAt;
  }

  /** When {@link isDue} will be true, UTC ms; never while it is at work. */
  get dueAt(): number {
    return this.#work !== undefined ? Number.POSITIVE_INFINITY : this.#nextAt;
  }

  /** Begins what is due, unless it is at work still. */
  start(signal: AbortSignal): void {
    const config = this.#config;
    if (this.#work !== undefined || config === undefined) return;
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
    let done: Emitted['done'] | undefined;
    let exitCode: ExitCode = EXIT.ok;
    let reason: string | undefined;
    try {
      done = await this.#done(config, all, signal);
    } catch (error) {
      // On its way out nothing is said of what was cut off.
      if (signal.aborted) return;
      exitCode = this.#complain(error);
      if (!(error instanceof Problem) || isPassing(error)) return;
      reason = inOneLine(error);
    }
    const now = this.#deps.clock.now();
    if (signal.aborted || (done === undefined && now < this.#tellAt)) return;
    this.#tellAt = nextEmission(now);
    const duration = performance.now() - begun;
    await this.#deps
      .onEmitted({ done: done ?? {}, config, duration, exitCode, ...(reason !== undefined && { reason }) })
      .catch((error) => this.#complain(error));
  }

  #complain(error: unknown): ExitCode {
    if (error instanceof Problem) this.#deps.onTrouble(error);
    else this.#deps.onBug(error);
    return error instanceof Problem ? error.exitCode : EXIT.software;
  }

  /** Undefined where there is nothing to do, or another host is at it. */
  async #done(config: Config, all: boolean, signal: AbortSignal): Promise<Emitted['done'] | undefined> {
    const deps = { ...this.#deps, config };
    if (this.#offline) {
      if (all) await pruneOffline(deps);
      return undefined;
    }
    // Whoever stays can wait for the ledger with what was sent, and sends nothing else meanwhile.
    const insistence = { patience: Number.POSITIVE_INFINITY, stop: signal };
    const options = { offline: false, onOutcome: this.#deps.onOutcome, signal, insistence };
    if (!all && !(await isAnotherAtWork(deps.ledger, deps.host))) return this.#sendDue(deps, options);
    const done = await emitPass(deps, options);
    if (done === undefined) this.#nextAt = deps.clock.now() + TAKE_OVER_MS;
    return done;
  }

  /** Undefined where nothing is due, or another host is at it. */
  async #sendDue(deps: PipelineDeps, options: PipelineOptions): Promise<Emitted['done'] | undefined> {
    if ((await deps.ledger.dueOutbox(deps.clock.now(), 1)).length === 0) return undefined;
    const sent = await deliverPass(deps, options);
    return sent === undefined ? undefined : { sent };
  }
}
