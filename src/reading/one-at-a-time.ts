import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, Problem } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader } from '../ledger/reader.ts';
import type { ReadingDeps } from './source.ts';

/** How often one who waits looks again, ms. */
const LOOK_AGAIN_MS = 50;

/** Who wants to read, and how long it waits for its turn. */
export interface TurnOptions {
  readonly reader: Reader;
  /** How long another is waited for, ms. */
  readonly patience: number;
  /** Time that has gone by since whenever, ms: no wall clock, which may be set or stand still. */
  readonly elapsed: () => number;
  /** Told once when another has to be waited for. */
  readonly onWait?: (holder: Reader) => void;
  /** Told at every look while another has to be waited for. */
  readonly onLook?: () => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/**
 * Reads when no other process of this host does.
 * @returns undefined when the signal ended the waiting
 * @throws Problem (tryAgain) naming the process that still reads when patience is over
 */
export async function inTurn<T>(
  ledger: Pick<Ledger, 'holdReading'>,
  options: TurnOptions,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const { reader, patience, elapsed, onWait, onLook, signal } = options;
  const begun = elapsed();
  for (let look = 1; ; look++) {
    const hold = await ledger.holdReading(reader);
    if ('release' in hold) {
      try {
        return await work();
      } finally {
        await hold.release();
      }
    }
    if (signal?.aborted === true) return undefined;
    if (elapsed() - begun >= patience) throw occupied(hold.holder);
    if (look === 1) onWait?.(hold.holder);
    onLook?.();
    await sleep(LOOK_AGAIN_MS, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}

/** The same for readers that may be alone; resolves to undefined when the waiting was ended. */
export async function taking<T>(
  { ledger, turn, signal }: Pick<ReadingDeps, 'ledger' | 'turn' | 'signal'>,
  work: () => Promise<T>,
): Promise<T | undefined> {
  if (turn === undefined) return work();
  return inTurn(ledger, { ...turn, ...(signal !== undefined && { signal }) }, work);
}

function occupied({ pid, command, host }: Reader): Problem {
  const who = pid === 0 ? 'another process' : `\`${command}\` (process ${pid} on ${host})`;
  return new Problem(EXIT.tryAgain, `the logs are being read by ${who}`, {
    help: 'run this again when it is done; nothing was lost',
  });
}
