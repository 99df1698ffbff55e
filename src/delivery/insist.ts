import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, Problem } from '../errors.ts';

/** How long it is tried to note what came of a delivery while the ledger is away. */
export interface Insistence {
  /** ms. */
  readonly patience: number;
  /** Ends it early: the process is to go. */
  readonly stop?: AbortSignal;
}

/** Shorter than a row whose sender died is left alone, so that nobody has taken it over before a `run` gives up. */
export const INSISTENCE: Insistence = { patience: 10 * 60_000 };
/** Between two tries, ms; the ledger has patience of its own besides. */
const PAUSE_MS = 1000;

/**
 * Does `work` again and again while the ledger is away or cannot write: only this process knows what the receiver said,
 * and if it were forgotten the report would go out twice. `work` must be of the kind that may be done twice.
 * @throws Problem of the ledger when the patience is at its end, or at once for what does not pass by itself
 */
export async function insist({ patience, stop }: Insistence, work: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const passing =
        error instanceof Problem && (error.exitCode === EXIT.tryAgain || error.exitCode === EXIT.cannotWrite);
      if (!passing || stop?.aborted === true || performance.now() - begun >= patience) throw error;
      await sleep(PAUSE_MS, undefined, { ...(stop !== undefined && { signal: stop }) }).catch(
        () => undefined,
      );
    }
  }
}
