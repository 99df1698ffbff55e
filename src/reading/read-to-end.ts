import { addDays, dayOf, dayStart } from '../day.ts';
import type { Problem } from '../errors.ts';
import type { Holding } from './files-reading.ts';

/** When a log is, and was last, looked at. */
interface Looked {
  /** UTC ms. */
  readonly now: number;
  /** When it was last read to its end, UTC ms; absent: never. */
  readonly before?: number | undefined;
}

/**
 * Whether a pass over a log came to its end, as far as days wait for it. The file being written is to be read whatever
 * ails it. A rotation is waited for as long as somebody can make it readable, and it may hold lines that are neither read
 * nor too late: one with damaged data, or an old one that only root may read, must not hold up days for ever.
 */
export function isReadToEnd(holdings: readonly Holding[], looked: Looked): boolean {
  return !holdings.some((holding) => isOwed(holding, looked));
}

function isOwed({ file, problem }: Holding, { now, before = 0 }: Looked): boolean {
  if (problem === undefined) return false;
  // Where nothing is there, nothing is left unread.
  if (file.found === undefined && systemFault(problem)?.code === 'ENOENT') return false;
  if (file.live === true) return true;
  // What was written before had been read while it was the file being written; days before yesterday are closed.
  const since = Math.max(before, dayStart(addDays(dayOf(now), -1)));
  return systemFault(problem) !== undefined && (file.found?.changedAt ?? 0) >= since;
}

/** What the system says of the fault: no permission, a broken disk, a missing program. Absent where the data is damaged. */
function systemFault({ cause }: Problem): NodeJS.ErrnoException | undefined {
  const fault = cause as NodeJS.ErrnoException | undefined;
  return fault?.syscall === undefined ? undefined : fault;
}
