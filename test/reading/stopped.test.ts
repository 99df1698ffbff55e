import { appendFile, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { emptySummary } from '../../src/reading/source.ts';
import { gapsOf } from '../../src/reading/trail.ts';
import { abortsAt } from '../logs/aborts-at.ts';
import { edit } from './edits.ts';
import { benches, linesOf, numbers } from './numbered-lines.ts';

const newBench = benches();
const LINES = 30_000;

test('a pass that is stopped anywhere in a known archive or an edited log says and loses nothing', async () => {
  const bench = await newBench();
  const live = bench.at('mail.log');
  await writeFile(live, linesOf(0, LINES));
  await bench.read();
  await writeFile(`${live}.1.gz`, gzipSync(linesOf(0, LINES + 5)));
  await rm(live);
  await writeFile(live, linesOf(LINES + 5, LINES + 30));
  const stopped = async (asks: number) => {
    const summary = emptySummary();
    await bench.chain('mail.log', { signal: abortsAt(asks) }).pass(summary);
    expect(summary).toMatchObject({ faults: [], notices: [] });
  };
  for (let asks = 2; asks < 6; asks++) await stopped(asks);
  expect(await bench.counted()).toEqual(numbers(0, LINES));
  await bench.read();
  expect(await bench.counted()).toEqual(numbers(0, LINES + 30));
  await edit(live, (text) => text.slice(text.indexOf('\n') + 1));
  await appendFile(live, linesOf(LINES + 30, LINES + 31));
  await stopped(3);
  await bench.read();
  expect(await bench.counted()).toEqual(numbers(0, LINES + 31));
  const { id } = await bench.ledger.log('mta1', 'numbered', live);
  expect(await gapsOf(bench.ledger, id)).toEqual([]);
});
