import { basename } from 'node:path';
import Tail from 'tail-file';
import { describeFile } from '../logs/chain.ts';
import { type FollowedFile, RotatedFile } from './rotated-file.ts';
import type { Waker } from './waker.ts';

/** How often to look where nothing tells of changes, ms. */
const POLL_MS = 1000;

/** tail-file, but that it does not bring the process down where a directory cannot be watched. */
class WatchedTail extends Tail {
  readonly #name: string;

  constructor(path: string) {
    super(path, { startPos: 'end', force: true });
    this.#name = basename(path);
  }

  override startTail(filename: string): void {
    try {
      super.startTail(filename);
    } catch (error) {
      this.emit('error', error);
    }
  }

  /** Of all that happens in /var/log only our file's changes are looked into. */
  override checkDir(type: string, name: string | null): void {
    if (name === null || name === this.#name) super.checkDir(type, name);
  }
}

/**
 * Wakes when a log file grows, is rotated or appears: at once by tail-file, which watches the directory, and at the
 * latest after a second by looking, for not every file system tells. The rotated file, to which lines may come late, is
 * only looked at. It wakes once and sleeps until it is armed again, so that a busy log costs no more than a quiet one.
 */
export class FileWaker implements Waker {
  readonly #path: string;
  readonly #onTrouble: (error: unknown) => void;
  readonly #rotated: RotatedFile;
  #tail: WatchedTail | undefined;
  #poll: NodeJS.Timeout | undefined;
  #print: string | undefined;

  /** @param onTrouble told when the file cannot be watched: it is looked at every second instead */
  constructor(log: FollowedFile, onTrouble: (error: unknown) => void) {
    this.#path = log.name;
    this.#rotated = new RotatedFile(log);
    this.#onTrouble = onTrouble;
  }

  async passBegins(): Promise<void> {
    this.#print = await this.#look();
  }

  async arm(wake: () => void): Promise<void> {
    const once = () => {
      this.#disarm();
      wake();
    };
    this.#disarm();
    this.#tail = this.#watch(once);
    this.#poll = setInterval(() => void this.#wakeIfChanged(once), POLL_MS);
    await this.#wakeIfChanged(once);
  }

  async close(): Promise<void> {
    this.#disarm();
  }

  async #wakeIfChanged(wake: () => void): Promise<void> {
    if ((await this.#look()) !== this.#print && this.#poll !== undefined) wake();
  }

  async #look(): Promise<string> {
    const found = await describeFile(this.#path);
    return `${found?.print} ${await this.#rotated.look(found?.key)}`;
  }

  #watch(wake: () => void): WatchedTail {
    const tail = new WatchedTail(this.#path);
    tail.on('line', wake);
    tail.on('restart', wake);
    tail.on('error', (error: NodeJS.ErrnoException) => {
      // It says so of every file that is not there yet, and finds it when it appears.
      if (error.code !== 'ENOENT') this.#onTrouble(error);
    });
    tail.start();
    return tail;
  }

  #disarm(): void {
    clearInterval(this.#poll);
    this.#poll = undefined;
    const tail = this.#tail;
    this.#tail = undefined;
    if (tail === undefined) return;
    tail.removeAllListeners('line').removeAllListeners('restart');
    tail.removeAllListeners('error').on('error', () => {});
    tail.stop().catch(() => {});
  }
}
