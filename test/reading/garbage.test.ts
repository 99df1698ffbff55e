import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { spareThreads } from '../../src/reading/ahead/worker-entry.ts';
import { readArchivedLogs } from '../../src/reading.ts';
import { benches, linesOf, numbers } from './numbered-lines.ts';

const newBench = benches();

test('an archive behind which something else stands is read whole, and that is said once', async () => {
  const bench = await newBench();
  const live = bench.at('mail.log');
  await writeFile(`${live}.1.gz`, Buffer.concat([gzipSync(linesOf(0, 200)), Buffer.from('garbage\n')]));
  await writeFile(live, linesOf(200, 210));
  bench.now += 3_600_000;
  expect(await bench.read()).toMatchObject({
    faults: [],
    notices: [{ id: 'garbage', text: expect.stringContaining(`${live}.1.gz holds more than an archive`) }],
  });
  expect(await bench.counted()).toEqual(numbers(0, 210));
  expect(await bench.read()).toMatchObject({ faults: [], notices: [] });
});

test('archives that are backfilled are no other', async () => {
  const bench = await newBench();
  const paths = [2, 1].map((number) => bench.at(`mail.log.${number}.gz`));
  for (const [at, path] of paths.entries())
    await writeFile(
      path,
      Buffer.concat([gzipSync(linesOf(at * 200, at * 200 + 200)), Buffer.from('garbage')]),
    );
  const { name: _, ...how } = bench.source();
  const deps = { ledger: bench.ledger, clock: { now: () => bench.now }, ...spareThreads() };
  const { notices, faults } = await readArchivedLogs(deps, paths, how);
  expect([notices.length, faults]).toEqual([2, []]);
  expect(await bench.counted()).toEqual(numbers(0, 400));
});
