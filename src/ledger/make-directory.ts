import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory, and those above it that are missing. One at a time: asked to make them all, Node 20 tries for ever
 * below /proc, where nothing can be made.
 * @param mode of what is made, less the umask
 * @throws the system's error
 */
export function makeDirectory(path: string, mode = 0o777): void {
  const above = dirname(path);
  if (above !== path && statSync(above, { throwIfNoEntry: false }) === undefined) makeDirectory(above, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // It may be there, or have been made by another process meanwhile.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
