import { chainOf, describeFile } from '../logs/chain.ts';
import type { FileKey } from '../logs/file-key.ts';
import { isCompressed } from '../logs/rotation-name.ts';
import { SETTLED_MS } from '../reading/chain-reading.ts';

/**
 * The newest rotation of a log, to which a daemon may still write that was not told to open the new file. It is looked
 * at until it has been silent for a minute, for no more comes then.
 */
export class RotatedFile {
  readonly #live: string;
  #liveKey: FileKey | undefined | 'not looked at' = 'not looked at';
  #path: string | undefined;
  #print = '';
  #changedAt = 0;

  /** @param live the path of the file being written */
  constructor(live: string) {
    this.#live = live;
  }

  /** What changes with the rotated file's content. @param liveKey the file being written now, if there is one */
  async look(liveKey: FileKey | undefined): Promise<string> {
    if (liveKey !== this.#liveKey) {
      this.#liveKey = liveKey;
      this.#path = await newestRotation(this.#live);
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
async function newestRotation(live: string): Promise<string | undefined> {
  // Where the directory is missing or may not be listed, the pass says so.
  const chain = await chainOf(live).catch(() => []);
  const path = chain.filter((file) => !file.live).at(-1)?.path;
  return path === undefined || isCompressed(path) ? undefined : path;
}
