import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LineScanner } from '../../src/logs/line-scanner.ts';
import type { Pieces, ReadElsewhere } from '../../src/logs/pieces.ts';
import { readFrom, type SegmentBatch } from '../../src/logs/read-segment.ts';
import { findStart } from '../../src/logs/segment-start.ts';
import { textOf } from './segments-on-disk.ts';
import { temporaryDirectories } from './temporary.ts';

const newDirectory = temporaryDirectories();

/** Reads a log of which lines from one offset on, up to another, were read elsewhere; `zeros` stand before all of it. */
async function read(
  from: number,
  until: number,
  zeros = 0,
): Promise<{ last?: SegmentBatch; taken: boolean }> {
  const path = join(await newDirectory(), 'mail.log');
  const text = Buffer.concat([Buffer.alloc(zeros), Buffer.from(textOf(0, 200))]);
  await writeFile(path, text);
  const ends = [from, until].map((offset) => text.indexOf('\n', offset) + 1);
  const [begin = 0, end = 0] = ends;
  const told: ReadElsewhere = { bytes: end - begin, tail: text.subarray(end - 256, end), taken: false };
  async function* pieces(): Pieces {
    yield text.subarray(0, begin);
    yield told;
    yield text.subarray(told.taken ? end : begin);
  }
  const start = await findStart(path, []);
  const scanner = new LineScanner([], () => {});
  const sink = {
    elsewhere: () => true,
    bytes: (piece: Buffer) => scanner.push(piece),
    finish: () => scanner.finish(),
    discard: () => scanner.discard(),
  };
  let last: SegmentBatch | undefined;
  try {
    for await (const batch of readFrom(path, start, { known: [], sink, pieces: pieces(), finished: true }))
      last = batch;
  } finally {
    await start.close();
  }
  return { ...(last !== undefined && { last }), taken: told.taken };
}

test('lines that were read elsewhere leave the position and the identity that reading them leaves', async () => {
  const [{ last: alone }, { last, taken }] = [await read(100, 101), await read(5000, 9000)];
  expect(taken).toBe(true);
  expect({ ...last, segment: { ...last?.segment, path: '' } }).toEqual({
    ...alone,
    segment: { ...alone?.segment, path: '' },
  });
});

test('none are taken before all went by that the segment is known by', async () => {
  expect((await read(4000, 9000)).taken).toBe(false);
  expect((await read(4000, 9000, 5000)).taken).toBe(false);
  expect((await read(9500, 9900, 5000)).taken).toBe(true);
  expect((await read(4000, 9000)).last?.segment).toMatchObject({ prefixLength: 4096 });
});
