import { appendFile, rename, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { emptySummary } from '../../src/reading/source.ts';
import { copyAndEmpty, counted, gapsIn } from './edits.ts';
import { BEGIN, type Bench, benches, linesOf, numbers } from './numbered-lines.ts';
import { watched } from './watched-ledger.ts';

const newBench = benches();

describe('the first pass ever over a log', () => {
  /** What is done to the log behind the first commit, in the middle of the pass. */
  async function firstPass(bench: Bench, behind: () => Promise<void>) {
    let commits = 0;
    const once = async () => {
      commits += 1;
      if (commits === 1) await behind();
    };
    const summary = emptySummary();
    const ledger = watched(bench.ledger, 'commit', { behind: once });
    await bench.chain('mail.log', { ledger }).pass(summary);
    return summary;
  }

  const killed = async () => {
    throw new Error('killed');
  };
  const hole = { kind: 'copied', after: BEGIN + 49_000, before: BEGIN + 51_000 };

  test.each([false, true])(
    'says that the log was copied and emptied meanwhile (compressed: %s)',
    async (compress) => {
      const bench = await newBench();
      const live = bench.at('mail.log');
      await writeFile(live, linesOf(0, 50));
      const { notices } = await firstPass(bench, async () => {
        await copyAndEmpty(live, 50, compress);
        await appendFile(live, linesOf(51, 60));
      });
      expect(notices.map(({ id }) => id)).toEqual(['gap-copied']);
      expect(await gapsIn(bench)).toMatchObject([hole]);
    },
  );

  test.each([false, true])(
    'is known though it was killed, and the log emptied then (compressed: %s)',
    async (compress) => {
      const bench = await newBench();
      const live = bench.at('mail.log');
      await writeFile(live, linesOf(0, 50));
      await expect(firstPass(bench, killed)).rejects.toThrow('killed');
      await copyAndEmpty(live, 50, compress);
      await appendFile(live, linesOf(51, 60));
      expect((await bench.read()).notices.map(({ id }) => id)).toEqual(['gap-copied']);
      expect(await gapsIn(bench)).toMatchObject([hole]);
      expect(await counted(bench)).toEqual([...numbers(0, 50), ...numbers(51, 60)]);
    },
  );

  test('that was killed amid the rotations does not make a hole of what was before', async () => {
    const bench = await newBench();
    const live = bench.at('mail.log');
    await writeFile(live, linesOf(0, 50));
    await copyAndEmpty(live, 50);
    await appendFile(live, linesOf(51, 60));
    await copyAndEmpty(live, 60);
    await appendFile(live, linesOf(61, 70));
    await expect(firstPass(bench, killed)).rejects.toThrow('killed');
    expect((await bench.read()).notices).toEqual([]);
    expect(await gapsIn(bench)).toEqual([]);
  });

  test('of a log that is rotated by renaming meanwhile says nothing', async () => {
    const bench = await newBench();
    const live = bench.at('mail.log');
    await writeFile(live, linesOf(0, 50));
    const { notices } = await firstPass(bench, async () => {
      await rename(live, `${live}.1`);
      await writeFile(live, linesOf(50, 60));
    });
    expect(notices).toEqual([]);
    expect(await bench.counted()).toEqual(numbers(0, 60));
    expect(await gapsIn(bench)).toEqual([]);
  });
});
