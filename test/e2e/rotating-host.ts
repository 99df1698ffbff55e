import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { copyFile, readdir, readFile, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

const WRITER = fileURLToPath(new URL('log-writer.mjs', import.meta.url));
/** logrotate's delaycompress: until then the daemon may write to a rotation. */
const COMPRESSIBLE = 2;
const run = promisify(execFile);

/** How often what was done to the log. */
export interface Rotations {
  renamed: number;
  copied: number;
  compressed: number;
}

/** A host on which one daemon writes numbered lines, and another rotates its log at random moments. */
export class RotatingHost {
  readonly live: string;
  readonly rotations: Rotations = { renamed: 0, copied: 0, compressed: 0 };
  readonly #directory: string;
  readonly #random: () => number;
  readonly #writer: ChildProcess;
  /** Inodes of copies and of the files they were made of, as long as no reader has seen both. */
  readonly #unseen = new Set<number>();
  #done = false;

  /** @param random gives numbers from 0 to 1 */
  constructor(directory: string, lines: number, rate: number, random: () => number) {
    this.#directory = directory;
    this.#random = random;
    this.live = join(directory, 'mail.log');
    this.#writer = fork(WRITER, [this.live, String(lines), String(rate)]);
    this.#writer.on('message', (word) => {
      if (word === 'done') this.#done = true;
    });
  }

  /** The writer has written its last line. */
  get done(): boolean {
    return this.#done;
  }

  /** Resolves when there are lines to be read. */
  async begun(): Promise<void> {
    while (((await stat(this.live).catch(() => undefined))?.size ?? 0) === 0) await wait(20);
  }

  /** Rotates at random moments until the writer is done. */
  async rotate(): Promise<void> {
    while (!this.#done) {
      await wait(300 + this.#random() * 2500);
      const dice = this.#random();
      if (dice < 0.4) await this.#rename();
      else if (dice < 0.7) await this.#copyAndEmpty();
      else await this.#compress();
    }
  }

  /**
   * Lets a reader come to its end. A copy shows that it is one until it or what it was made of is compressed, so only
   * those are compressed that were there when a reader began that came so far.
   */
  async whileRead(reading: () => Promise<void>): Promise<void> {
    const there = [...this.#unseen];
    await reading();
    for (const file of there) this.#unseen.delete(file);
  }

  async end(): Promise<void> {
    this.#writer.kill();
    if (this.#writer.exitCode === null && this.#writer.signalCode === null) await once(this.#writer, 'exit');
  }

  /** The numbers in all files there are: what the kernel has kept. */
  async kept(): Promise<Set<number>> {
    const numbers = new Set<number>();
    for (const name of await this.#names()) {
      const bytes = await readFile(join(this.#directory, name));
      const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
      for (const [, number] of text.matchAll(/: line (\d+)\n/g)) numbers.add(Number(number));
    }
    return numbers;
  }

  async #rename(): Promise<void> {
    await this.#shift();
    await rename(this.live, `${this.live}.1`);
    // Until it is told, the daemon goes on in the renamed file.
    await wait(this.#random() * 300);
    this.#writer.send('reopen');
    await once(this.#writer, 'message', { signal: AbortSignal.timeout(20_000) });
    this.rotations.renamed++;
  }

  /** What is written between the two is lost, as with logrotate's copytruncate. */
  async #copyAndEmpty(): Promise<void> {
    await this.#shift();
    await copyFile(this.live, `${this.live}.1`);
    await wait(this.#random() * 20);
    await truncate(this.live);
    for (const path of [this.live, `${this.live}.1`]) this.#unseen.add((await stat(path)).ino);
    this.rotations.copied++;
  }

  #isUnseen(name: string): boolean {
    return this.#unseen.has(statSync(join(this.#directory, name)).ino);
  }

  async #compress(): Promise<void> {
    const plain = (await this.#names()).filter(
      (name) => numberOf(name) >= COMPRESSIBLE && !name.endsWith('.gz') && !this.#isUnseen(name),
    );
    const chosen = plain[Math.floor(this.#random() * plain.length)];
    if (chosen === undefined) return;
    await run('gzip', [join(this.#directory, chosen)]);
    this.rotations.compressed++;
  }

  async #shift(): Promise<void> {
    const names = (await this.#names()).filter((name) => numberOf(name) > 0);
    for (const name of names.sort((a, b) => numberOf(b) - numberOf(a))) {
      const next = name.replace(/\.\d+/, `.${numberOf(name) + 1}`);
      await rename(join(this.#directory, name), join(this.#directory, next));
    }
  }

  async #names(): Promise<string[]> {
    return (await readdir(this.#directory)).filter((name) => /^mail\.log(\.\d+(\.gz)?)?$/.test(name));
  }
}

/** 0 for the live file. */
function numberOf(name: string): number {
  return Number(/^mail\.log\.(\d+)/.exec(name)?.[1] ?? 0);
}
