import { appendFile, rename, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readArchivedLogs } from '../../src/reading.ts';
import { copyAndEmpty, counted, edit, gapsIn } from './edits.ts';
import { type Bench, benches, linesOf, numbers } from './numbered-lines.ts';

const newBench = benches();
const HEADER = '# log of mail\n';

/** A log that begins with the same line in each generation, of which the first one was read. */
async function newLog(from = 0): Promise<{ bench: Bench; live: string }> {
  const bench = await newBench();
  const live = bench.at('mail.log');
  await writeFile(live, HEADER + linesOf(from, from + 200));
  await bench.read();
  return { bench, live };
}

describe('a log of which each generation begins with the same line', () => {
  test.each([
    ['a few lines', 203],
    ['so much that it tells itself', 400],
  ])('is read on from generation to generation, of %s, and was not edited', async (_, end) => {
    const { bench, live } = await newLog();
    await rename(live, `${live}.1`);
    await writeFile(live, HEADER + linesOf(200, end));
    expect(await bench.read()).toMatchObject({ notices: [], faults: [] });
    expect(await bench.counted()).toEqual(numbers(0, end));
    await appendFile(live, linesOf(end, end + 100));
    expect(await bench.read()).toMatchObject({ notices: [] });
    await writeFile(`${live}.2.gz`, gzipSync(HEADER + linesOf(0, 200)));
    await rename(live, `${live}.1`);
    await writeFile(live, HEADER + linesOf(end + 100, end + 101));
    expect(await bench.read()).toMatchObject({ notices: [] });
    expect(await bench.counted()).toEqual(numbers(0, end + 101));
    expect(await gapsIn(bench)).toEqual([]);
  });

  test('is read on though that line stands alone for a while', async () => {
    const { bench, live } = await newLog();
    for (const begin of [200, 210]) {
      await rename(live, `${live}.${210 - begin + 1}`);
      await writeFile(live, HEADER);
      expect((await bench.read()).notices).toEqual([]);
      await appendFile(live, linesOf(begin, begin + 10));
      expect((await bench.read()).notices).toEqual([]);
    }
    expect(await bench.counted()).toEqual(numbers(0, 220));
    expect(await gapsIn(bench)).toEqual([]);
  });

  test('is said to have a hole where it has one', async () => {
    const { bench, live } = await newLog();
    await copyAndEmpty(live, 200);
    await appendFile(live, HEADER + linesOf(201, 203));
    expect((await bench.read()).notices).toMatchObject([{ id: 'gap-copied' }]);
    await rm(live);
    await writeFile(live, HEADER + linesOf(210, 212));
    expect((await bench.read()).notices).toMatchObject([{ id: 'gap-vanished' }]);
    expect(await counted(bench)).toEqual([...numbers(0, 200), 201, 202, 210, 211]);
  });

  test('does not count again what a copy holds that was cut short, nor what was left by an edit', async () => {
    const { bench, live } = await newLog();
    await rename(live, `${live}.1`);
    await writeFile(live, HEADER + linesOf(200, 210));
    await bench.read();
    await edit(`${live}.1`, (text) => text.slice(0, 3000));
    await edit(live, (text) => text.replace(linesOf(202, 206), ''));
    await bench.read();
    expect(await counted(bench)).toEqual(numbers(0, 210));
  });

  test('is backfilled whole, whatever comes first', async () => {
    const { bench } = await newLog(300);
    const paths = ['.2.gz', '.1.gz'].map((end) => bench.at(`mail.log${end}`));
    for (const [at, path] of paths.entries())
      await writeFile(path, gzipSync(HEADER + linesOf(600 * at, 600 * at + 10)));
    const { name: _, ...how } = bench.source();
    const deps = { ledger: bench.ledger, clock: { now: () => bench.now } };
    for (let round = 0; round < 2; round++)
      expect((await readArchivedLogs(deps, paths, how)).faults).toEqual([]);
    expect((await counted(bench)).length).toBe(200 + 10 + 10);
  });
});
