import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { counted, edit, editByRenaming } from './edits.ts';
import { benches, linesOf } from './numbered-lines.ts';

const newBench = benches();

describe('whatever an admin does to a log', () => {
  /** Numbers from 0 to 1, the same at every start. */
  function randomFrom(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state / 2_147_483_648;
    };
  }

  test.each([1, 2, 3, 4])('no line counts twice, and none that was there is missed (%i)', async (seed) => {
    const random = randomFrom(seed);
    const bench = await newBench();
    const live = bench.at('mail.log');
    await writeFile(live, linesOf(0, 150));
    let written = 150;
    const seen = new Set<number>();
    const done: string[] = [];
    const read = async () => {
      for (const path of [`${live}.1`, live]) {
        const text = await readFile(path, 'utf8').catch(() => '');
        for (const [, number] of text.matchAll(/: line (\d+)\n/g)) seen.add(Number(number));
      }
      await bench.read();
      expect(await counted(bench), done.join(' ')).toEqual([...seen].sort((a, b) => a - b));
    };
    await read();
    for (let act = 0; act < 40; act++) {
      const how = random() < 0.5 ? edit : editByRenaming;
      const at = random();
      const count = 1 + Math.floor(random() * 3);
      const dice = random();
      if (dice < 0.3) {
        done.push('append');
        await appendFile(live, linesOf(written, written + 10 * count));
        written += 10 * count;
      } else if (dice < 0.5) {
        done.push(`delete-${at.toFixed(2)}`);
        await how(live, (text) =>
          text
            .split('\n')
            .toSpliced(at * 0.9 * text.split('\n').length, count)
            .join('\n'),
        );
      } else if (dice < 0.6) {
        done.push('behead');
        await how(live, (text) => text.split('\n').slice(count).join('\n'));
      } else if (dice < 0.7) {
        // Nothing may be left of the place where reading stopped, and something is new.
        done.push('curtail');
        await how(live, (text) =>
          text
            .split('\n')
            .slice(0, -1 - count)
            .join('\n')
            .concat('\n'),
        );
        await appendFile(live, linesOf(written + 1000, written + 1100));
        written += 1100;
      } else if (dice < 0.8) {
        done.push('rotate');
        await rm(`${live}.1`, { force: true });
        await read();
        await rename(live, `${live}.1`);
        await writeFile(live, linesOf(written, written + 150));
        written += 150;
      } else {
        done.push('read');
        await read();
      }
    }
    await read();
  });
});
