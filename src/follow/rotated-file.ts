import { chainOf, describeFile } from '../logs/chain.ts';
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
      this.#path = await newestRotation(this.#log);
      this.#changedAt = performance.now();
    }
    if (this.#path === undefined || performance.now() - this.#changedAt > SETTLED_MS) return this.#print;
    const print = (await describeFile(this.#path))?.print ?? '';
    if (print !== this.#print) this.#changedAt = performance.now();
    this.#print = print;
    return print;
  }
}

/** Undefined where there is none, or it is compressed: nobody writes to it any more. */
async function newestRotation({ name, rotated }: FollowedFile): Promise<string | undefined> {
  // Where the directory is missing or may not be listed, the pass says so.
  const chain = await chainOf(name, undefined, rotated).catch(() => []);
  const path = chain.filter((file) => !file.live).at(-1)?.path;
  return path === undefined || isCompressed(path) ? undefined : path;
}
