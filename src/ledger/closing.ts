import { EXIT, Problem } from '../errors.ts';
import { isDamaged } from './sqlite.ts';

/**
 * Does the work on an open ledger, then closes it.
 * @param unsure is told when what was read may be of two times, for by then the work may have shown it
 * @throws what the work throws; but where it found the file damaged that was written meanwhile, Problem (tryAgain)
 */
export async function closingAfter<T>(
  ledger: { close(): Promise<void> },
  work: () => Promise<T>,
  unsure: (problem: Problem) => void,
): Promise<T> {
  const [done] = await Promise.allSettled([work()]);
  const [closed] = await Promise.allSettled([ledger.close()]);
  const fault: unknown = closed.status === 'rejected' ? closed.reason : undefined;
  const changed = fault instanceof Problem && fault.exitCode === EXIT.tryAgain ? fault : undefined;
  if (done.status === 'rejected') {
    // A page of before and one of after do not fit together: no backup is needed.
    throw changed !== undefined && isDamaged(done.reason) ? changed : done.reason;
  }
  if (changed !== undefined) unsure(changed);
  else if (closed.status === 'rejected') throw fault;
  return done.value;
}
