import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Inflation } from '../../src/logs/inflation.ts';

const MIB = 1_048_576;
/** Eight mebibytes of lines, every piece of which is another. */
const text = Buffer.from(
  Array.from({ length: 400_000 }, (_, at) => `line ${String(at).padStart(16)}\n`).join(''),
);
const packed = gzipSync(text);

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Takes all pieces, and lets zlib run as far ahead as it may before each. */
async function drain(inflation: Inflation, turns = 0) {
  const pieces: Buffer[] = [];
  const rooms = new Set<ArrayBufferLike>();
  let error: unknown;
  try {
    for (let piece = await inflation.next(); piece !== undefined; piece = await inflation.next()) {
      const before = Buffer.from(piece);
      for (let count = 0; count < turns; count++) await turn();
      expect(piece.equals(before)).toBe(true);
      rooms.add(piece.buffer);
      pieces.push(before);
    }
  } catch (caught) {
    error = caught;
  }
  return { bytes: Buffer.concat(pieces), rooms: rooms.size, error };
}

describe('what was packed', () => {
  test.each([
    [1000, 0],
    [1000, 30],
    [131_072, 0],
    [131_072, 30],
    [packed.length, 100],
  ])('comes out whole, fed in pieces of %i bytes, taken after %i turns', async (size, turns) => {
    const inflation = new Inflation();
    const feeding = inflation.feed(inPieces(packed, size));
    const { bytes, error } = await drain(inflation, turns);
    expect(error).toBeUndefined();
    expect(bytes.equals(text)).toBe(true);
    inflation.close();
    await feeding;
  });

  test('uses a few buffers again and again, whatever it grows to', async () => {
    const bomb = gzipSync(Buffer.alloc(300 * MIB, 'x\n'));
    const inflation = new Inflation();
    const feeding = inflation.feed(inPieces(bomb, bomb.length));
    let total = 0;
    const rooms = new Set<ArrayBufferLike>();
    for (let piece = await inflation.next(); piece !== undefined; piece = await inflation.next()) {
      total += piece.length;
      rooms.add(piece.buffer);
      for (let count = 0; count < 3; count++) await turn();
    }
    await feeding;
    expect(total).toBe(300 * MIB);
    expect(rooms.size).toBeLessThanOrEqual(3);
  });

  test('in thousands of tiny members comes out whole', async () => {
    const lines = text.subarray(0, 22 * 5000);
    const members = Buffer.concat(
      Array.from({ length: 5000 }, (_, at) => gzipSync(lines.subarray(at * 22, (at + 1) * 22))),
    );
    const inflation = new Inflation();
    const feeding = inflation.feed(inPieces(members, 4096));
    const { bytes, rooms } = await drain(inflation, 2);
    expect(bytes.equals(lines)).toBe(true);
    expect(rooms).toBeLessThanOrEqual(3);
    await feeding;
  });
});

describe('what goes wrong', () => {
  test('is told after all pieces before it, however late they are taken', async () => {
    const inflation = new Inflation();
    const feeding = inflation.feed(inPieces(packed.subarray(0, packed.length - 4), 100_000));
    const { bytes, error } = await drain(inflation, 50);
    expect(error).toMatchObject({ code: 'Z_BUF_ERROR' });
    expect(bytes.equals(text)).toBe(true);
    await feeding;
  });

  test('in the input is told as it is', async () => {
    async function* failing(): AsyncGenerator<Buffer, void> {
      yield packed.subarray(0, 50_000);
      throw new Error('the disk is gone');
    }
    const inflation = new Inflation();
    const feeding = inflation.feed(failing());
    const { bytes, error } = await drain(inflation);
    expect(error).toMatchObject({ message: 'the disk is gone' });
    expect(bytes.equals(text.subarray(0, bytes.length))).toBe(true);
    expect(bytes.length).toBeGreaterThan(0);
    inflation.close();
    await feeding;
  });

  test('bytes that are no gzip are an error of zlib', async () => {
    const inflation = new Inflation();
    const feeding = inflation.feed(inPieces(text.subarray(0, 5000), 1000));
    expect((await drain(inflation)).error).toMatchObject({ code: 'Z_DATA_ERROR' });
    await feeding;
  });
});

test.each([0, 1, 4])('given up after %i pieces, the feeding ends', async (wanted) => {
  const inflation = new Inflation();
  let asked = 0;
  async function* endless(): AsyncGenerator<Buffer, void> {
    for (;;) {
      asked += 1;
      yield packed;
    }
  }
  const feeding = inflation.feed(endless());
  for (let count = 0; count < wanted; count++) expect((await inflation.next())?.length).toBeGreaterThan(0);
  for (let count = 0; count < 20; count++) await turn();
  inflation.close();
  await feeding;
  expect(asked).toBeLessThan(5);
});
