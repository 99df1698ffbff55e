import { setTimeout as wait } from 'node:timers/promises';
import { EXIT, Problem } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Backoff } from './backoff.ts';

/**
 * Opens the ledger, however long it is away: whoever follows logs need not be started again for that.
 * @param onTrouble told each time why it cannot be opened
 * @throws Problem for what does not pass by itself
 */
export async function openPatiently(
  open: () => Promise<Ledger>,
  onTrouble: (problem: Problem) => Promise<void>,
): Promise<Ledger> {
  for (const backoff = new Backoff(); ; ) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof Problem) || error.exitCode !== EXIT.tryAgain) throw error;
      await onTrouble(error);
      await wait(backoff.next());
    }
  }
}
