import {
  appendFile,
  copyFile,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { emptySummary } from '../../src/reading/source.ts';
import { gapsOf } from '../../src/reading/trail.ts';
import { BEGIN, type Bench, benches, linesOf } from './numbered-lines.ts';

const newBench = benches();
/** File systems tell times no finer than the kernel's clock ticks. */
const TICK_MS = 12;

/** Numbers from 0 to 1, the same at every start. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** A host that does to its log what it likes, and a reader that comes, or comes half, when it likes. */
class Whims {
  readonly lost: number[] = [];
  readonly done: string[] = [];
  readonly #bench: Bench;
  readonly #random: () => number;
  readonly #live: string;
  /** Inodes of copies and of what they were made of, as long as no reader has seen both. */
  readonly #unseen = new Set<number>();
  #written = 0;

  constructor(bench: Bench, random: () => number) {
    this.#bench = bench;
    this.#random = random;
    this.#live = bench.at('mail.log');
  }

  get written(): number {
    return this.#written;
  }

  async act(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.35) await this.#do('write', () => this.write());
    else if (dice < 0.5) await this.#do('rename', () => this.#rename());
    else if (dice < 0.65) await this.#do('copy', () => this.#copyAndEmpty());
    else if (dice < 0.75) await this.#do('compress', () => this.#compress());
    else if (dice < 0.88) await this.#do('half', () => this.#readHalf());
    else await this.#do('read', () => this.read());
  }

  async read(): Promise<void> {
    await this.#bench.read();
    this.#unseen.clear();
  }

  async #do(name: string, work: () => Promise<void>): Promise<void> {
    this.done.push(name);
    await work();
  }

  async write(): Promise<void> {
    const count = 1 + Math.floor(this.#random() * 20);
    await appendFile(this.#live, linesOf(this.#written, this.#written + count));
    this.#written += count;
  }

  async #rename(): Promise<void> {
    await wait(TICK_MS);
    await this.#shift();
    await rename(this.#live, `${this.#live}.1`);
    await writeFile(this.#live, '');
    await this.write();
  }

  async #copyAndEmpty(): Promise<void> {
    await wait(TICK_MS);
    await this.#shift();
    await copyFile(this.#live, `${this.#live}.1`);
    for (const path of [this.#live, `${this.#live}.1`]) this.#unseen.add((await stat(path)).ino);
    // Written between the copy and the emptying: nobody has it.
    this.lost.push(this.#written++);
    await truncate(this.#live);
    await this.write();
  }

  async #compress(): Promise<void> {
    for (const name of await this.#rotations()) {
      const path = this.#bench.at(name);
      if (name.endsWith('.gz') || this.#unseen.has((await stat(path)).ino) || this.#random() < 0.5) continue;
      await writeFile(`${path}.gz`, gzipSync(await readFile(path)));
      await rm(path);
    }
  }

  /** A reader that is stopped: what it has read by then is committed. */
  async #readHalf(): Promise<void> {
    const stop = new AbortController();
    let pieces = Math.floor(this.#random() * 4);
    const onBytes = () => {
      if (pieces-- <= 0) stop.abort();
    };
    await this.#bench.chain('mail.log', { signal: stop.signal, onBytes }).pass(emptySummary());
  }

  async #shift(): Promise<void> {
    for (const name of (await this.#rotations()).reverse()) {
      const next = name.replace(/\d+/, (number) => String(Number(number) + 1));
      await rename(this.#bench.at(name), this.#bench.at(next));
    }
  }

  async #rotations(): Promise<string[]> {
    const numberOf = (name: string) => Number(/\.(\d+)/.exec(name)?.[1]);
    const names = (await readdir(this.#bench.directory)).filter((name) => /^mail\.log\.\d+/.test(name));
    return names.sort((a, b) => numberOf(a) - numberOf(b));
  }
}

test.each(Array.from({ length: 8 }, (_, seed) => seed + 1))(
  'whatever a host does to its log, what is lost lies in a hole that is said, and all else counts once (%i)',
  async (seed) => {
    const bench = await newBench();
    await writeFile(bench.at('mail.log'), '');
    const host = new Whims(bench, randomFrom(seed));
    await host.write();
    // What was lost before somebody first read the log, nobody can tell.
    await host.read();
    for (let act = 0; act < 60; act++) await host.act();
    await host.read();
    await host.read();
    const numbers = (await bench.counted()).filter((one) => typeof one === 'number');
    const lost = new Set(host.lost);
    const kept = Array.from({ length: host.written }, (_, number) => number).filter(
      (number) => !lost.has(number),
    );
    expect(numbers, host.done.join(' ')).toEqual(kept);
    const log = await bench.ledger.log('mta1', 'numbered', bench.at('mail.log'));
    const gaps = await gapsOf(bench.ledger, log.id);
    const unsaid = host.lost.filter((number) => {
      const time = BEGIN + number * 1000;
      return !gaps.some(({ after = 0, before = Number.POSITIVE_INFINITY }) => after < time && time < before);
    });
    expect(unsaid, host.done.join(' ')).toEqual([]);
  },
);
