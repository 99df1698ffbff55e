import { appendFile, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { copyAndEmpty, counted, gapsIn, TICK_MS } from './edits.ts';
import { BEGIN, type Bench, benches, linesOf, numbers } from './numbered-lines.ts';

const newBench = benches();
const MINUTES = 60_000;

describe('a rotation that is missing', () => {
  /** Lines of the last hours: a hole that is older than `keep` is not told. */
  const recent = (bench: Bench) => {
    const begin = Math.floor(bench.now / 1000) * 1000 - 3_600_000;
    return (from: number, to: number) =>
      numbers(from, to)
        .map((number) => `${new Date(begin + number * 1000).toISOString()} mta1 test[1]: line ${number}\n`)
        .join('');
  };

  test.each([
    ['plain', '.2', (text: string) => text],
    ['compressed', '.2.gz', gzipSync],
  ])('and turns up later, %s, is read, and its hole is told no more', async (_, end, pack) => {
    const bench = await newBench();
    const live = bench.at('mail.log');
    const lines = recent(bench);
    await writeFile(`${live}.3`, lines(0, 50));
    await writeFile(`${live}.1`, lines(70, 80));
    await writeFile(live, lines(80, 90));
    await bench.read();
    bench.now += 2 * MINUTES;
    expect((await bench.read()).notices).toMatchObject([{ id: 'gap-missing' }]);
    expect(await gapsIn(bench)).toHaveLength(1);
    await wait(TICK_MS);
    await writeFile(`${live}${end}`, pack(lines(50, 70)));
    expect((await bench.read()).notices).toEqual([]);
    expect(await counted(bench)).toEqual(numbers(0, 90));
    expect(await gapsIn(bench)).toEqual([]);
    bench.now += 2 * MINUTES;
    expect((await bench.read()).notices).toEqual([]);
  });

  test('with another, and turns up alone, leaves the hole of that one', async () => {
    const bench = await newBench();
    const live = bench.at('mail.log');
    const lines = recent(bench);
    await writeFile(`${live}.4`, lines(0, 50));
    await writeFile(`${live}.1`, lines(70, 80));
    await writeFile(live, lines(80, 90));
    await bench.read();
    bench.now += 2 * MINUTES;
    await bench.read();
    const [{ after, before } = {}] = await gapsIn(bench);
    await writeFile(`${live}.3`, lines(50, 60));
    await utimes(`${live}.3`, 0, new Date(bench.now - 5 * MINUTES));
    bench.now += 2 * MINUTES;
    await bench.read();
    expect(await gapsIn(bench)).toMatchObject([{ kind: 'missing', after: Number(after) + 10_000, before }]);
  });
});

describe('a log that is copied and emptied', () => {
  test.each([
    ['and the copies kept as they are', false],
    ['and the copies compressed', true],
  ])('twice between two passes, %s, has two holes', async (_, compress) => {
    const bench = await newBench();
    const live = bench.at('mail.log');
    await writeFile(live, linesOf(0, 50));
    await bench.read();
    await copyAndEmpty(live, 50, compress);
    await appendFile(live, linesOf(51, 60));
    await copyAndEmpty(live, 60, compress);
    await appendFile(live, linesOf(61, 70));
    const { notices } = await bench.read();
    expect(notices.map(({ id }) => id)).toEqual(['gap-copied', 'gap-copied']);
    expect(await gapsIn(bench)).toMatchObject([
      { kind: 'copied', after: BEGIN + 49_000, before: BEGIN + 51_000 },
      { kind: 'copied', after: BEGIN + 59_000, before: BEGIN + 61_000 },
    ]);
    expect((await bench.read()).notices).toEqual([]);
  });

  test('before it is read for the first time has no hole that anybody could know of', async () => {
    const bench = await newBench();
    const live = bench.at('mail.log');
    await writeFile(live, linesOf(0, 50));
    await copyAndEmpty(live, 50);
    await appendFile(live, linesOf(51, 60));
    expect((await bench.read()).notices).toEqual([]);
    expect(await gapsIn(bench)).toEqual([]);
  });
});
