import { chownSync, closeSync, openSync, statSync } from 'node:fs';

/**
 * Makes a file for the owner of its directory, where root is the first to need it: a `status` by root before the first
 * timed run must not leave a ledger that the units' user cannot write. An existing file is left as it is.
 */
export function makeForOwner(path: string, directory: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(directory);
  if (uid === 0) return;
  try {
    closeSync(openSync(path, 'wx', 0o640));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  chownSync(path, uid, gid);
}

/** Gives a file that root has made to the owner of the directory it is for. */
export function giveToOwner(path: string, directory: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(directory);
  chownSync(path, uid, gid);
}
