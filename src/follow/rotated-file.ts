import { chainOf, describeFile, targetOf } from '../logs/chain.ts';
import type { FileKey } from '../logs/file-key.ts';
import { isCompressed } from '../logs/rotation-name.ts';
import { SETTLED_MS } from '../reading/chain-reading.ts';

/** A log that is a file, and its rotations. */
export interface FollowedFile {
  /** The path of the file being written. */
  readonly name: string;
  /** The directory that its rotations are moved to, where they do not stay beside it. */
  readonly rotated?: string | undefined;
}

/**
 * The newest rotation of a log, to which a daemon may still write that was not told to open the new file. It is looked
 * at until it has been silent for a minute, for no more comes then.
 */
export class RotatedFile {
  readonly #log: FollowedFile;
  #liveKey: FileKey | undefined | 'not looked at' = 'not looked at';
  /** What its path leads to, where it is a symbolic link, and what it led to before. */
  #targets: readonly string[] = [];
  #path: string | undefined;
  #print = '';
  #changedAt = 0;

  constructor(log: FollowedFile) {
    this.#log = log;
  }

  /** What changes with the rotated file's content. @param liveKey the file being written now, if there is one */
  async look(liveKey: FileKey | undefined): Promise<string> {
    if (liveKey !== this.#liveKey) {
      this.#liveKey = liveKey;
      if (liveKey !== undefined) this.#targets = [...this.#targets, await targetOf(this.#log.name)].slice(-2);
      this.#path = await newestRotation(this.#log, this.#targets);
      this.#changedAt = performance.now();
    }
    if (this.#path === undefined || performance.now() - this.#changedAt > SETTLED_MS) return this.#print;
    const print = (await describeFile(this.#path))?.print ?? '';
    if (print !== this.#print) this.#changedAt = performance.now();
    this.#print = print;
    return print;
  }
}

/** The last file before the one being written; undefined where there is none, or it is compressed, for then it is done. */
async function newestRotation(
  { name, rotated }: FollowedFile,
  targets: readonly string[],
): Promise<string | undefined> {
  // Where the directory is missing or may not be listed, the pass says so.
  const chain = await chainOf(name, targets, rotated).catch(() => []);
  const path = chain.filter((file) => !file.live).at(-1)?.path;
  return path === undefined || isCompressed(path) ? undefined : path;
}
