import type { ChildProcess } from 'node:child_process';

/** What is kept of a complaint, in characters: a program that raves must not fill the memory. */
const COMPLAINT_LIMIT = 4096;

/** How a program that feeds a log ended. */
export interface ChildEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** The beginning of what it wrote on stderr. */
  readonly complaint: string;
}

/**
 * Waits for a program's end; to be called as soon as it is started, for what it complains of is gathered meanwhile.
 * @throws what `spawn` emits where it cannot be started
 */
export function endOf(child: ChildProcess): Promise<ChildEnd> {
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < COMPLAINT_LIMIT) complaint += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, complaint }));
  });
}

/** Whether a program could not be started because it is not installed. */
export function isNotInstalled(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}
