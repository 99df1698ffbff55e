import { isCompressed } from '../logs/rotation-name.ts';

/** A batch is written when it has so many different tallies, or was made of so many bytes (uncompressed). */
export interface BatchLimits {
  readonly tallies: number;
  readonly bytes: number;
}

/** Memory stays flat, and a kill costs little. */
export const LOG_LIMITS: BatchLimits = { tallies: 20_000, bytes: 256 * 1_048_576 };

/**
 * An archive is one batch, which is rolled back if what comes later is damaged: most are no larger. One that is
 * larger all the same is written in parts, for memory must not grow with it.
 */
const ARCHIVE_LIMITS: BatchLimits = { tallies: 25_000, bytes: Number.POSITIVE_INFINITY };

/** How a file is read in batches. */
export function limitsFor(path: string): BatchLimits {
  return isCompressed(path) ? ARCHIVE_LIMITS : LOG_LIMITS;
}
