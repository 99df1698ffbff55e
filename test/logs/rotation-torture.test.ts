import { appendFile, copyFile, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chainOf } from '../../src/logs/chain.ts';
import { Committed, readInto } from './segments-on-disk.ts';
import { temporaryDirectories } from './temporary.ts';

const newDirectory = temporaryDirectories();

type Step =
  | { readonly act: 'write'; readonly lines: number }
  | { readonly act: 'half-line' | 'rename' | 'copy-truncate' | 'compress' | 'read' | 'read-live' }
  | { readonly act: 'read-killed'; readonly after: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant('write' as const), lines: fc.integer({ min: 1, max: 300 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constantFrom('half-line', 'rename', 'copy-truncate', 'compress', 'read', 'read-live'),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('read-killed' as const), after: fc.integer({ min: 0, max: 2 }) }),
  },
);

/** A writer of numbered lines, and a rotation after logrotate's fashion. */
class Host {
  readonly live: string;
  written = 0;
  #rest = '';

  constructor(directory: string) {
    this.live = join(directory, 'mail.log');
  }

  async write(lines: number): Promise<void> {
    const text = Array.from({ length: lines }, () => `line ${this.written++}\n`).join('');
    await appendFile(this.live, this.#rest + text);
    this.#rest = '';
  }

  /** A line of which only the beginning has reached the file. */
  async writeHalf(): Promise<void> {
    if (this.#rest !== '') return;
    const line = `line ${this.written++}\n`;
    await appendFile(this.live, line.slice(0, 4));
    this.#rest = line.slice(4);
  }

  async rotate(how: 'rename' | 'copy-truncate'): Promise<void> {
    await this.write(1);
    const numbers = (await this.rotations()).map((name) => Number(/\.(\d+)/.exec(name.slice(8))?.[1]));
    for (const number of numbers.sort((a, b) => b - a)) await this.#shift(number);
    if (how === 'rename') {
      await rename(this.live, `${this.live}.1`);
      await writeFile(this.live, '');
    } else {
      await copyFile(this.live, `${this.live}.1`);
      await truncate(this.live, 0);
    }
  }

  async compress(): Promise<void> {
    for (const name of await this.rotations()) {
      if (name.endsWith('.gz')) continue;
      const path = join(this.live, '..', name);
      await writeFile(`${path}.gz`, gzipSync(await readFile(path)));
      await rm(path);
    }
  }

  async rotations(): Promise<string[]> {
    return (await readdir(join(this.live, '..'))).filter((name) => name.startsWith('mail.log.'));
  }

  async #shift(number: number): Promise<void> {
    for (const end of ['', '.gz']) {
      await rename(`${this.live}.${number}${end}`, `${this.live}.${number + 1}${end}`).catch(() => {});
    }
  }
}

async function readChain(
  host: Host,
  committed: Committed,
  killAfter = Number.POSITIVE_INFINITY,
): Promise<void> {
  for (const { path, live } of await chainOf(host.live)) {
    const finished = !live;
    const batches = await readInto(committed, path, { finished, enough: () => true, killAfter });
    if (batches.at(-1)?.end === false) return;
  }
}

async function play(host: Host, committed: Committed, { act, ...detail }: Step): Promise<void> {
  if (act === 'write') await host.write('lines' in detail ? detail.lines : 1);
  else if (act === 'half-line') await host.writeHalf();
  else if (act === 'rename' || act === 'copy-truncate') await host.rotate(act);
  else if (act === 'compress') await host.compress();
  else if (act === 'read') await readChain(host, committed);
  else if (act === 'read-live') await readInto(committed, host.live);
  else await readChain(host, committed, 'after' in detail ? detail.after : 0);
}

test('every line counts once, however the log is rotated, compressed and read, and the reader killed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const host = new Host(await newDirectory());
      await host.write(1);
      const committed = new Committed();
      for (const one of steps) await play(host, committed, one);
      await host.write(1);
      await readChain(host, committed);
      const numbers = committed.lines.map((line) => Number(/^line (\d+)$/.exec(line)?.[1]));
      expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: host.written }, (_, at) => at));
    }),
    { numRuns: 60 },
  );
});
