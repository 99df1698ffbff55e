import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { TruncatedArchive } from '../../src/logs/truncated-archive.ts';
import { Committed, linesOf, readInto, textOf } from './segments-on-disk.ts';
import { temporaryDirectories } from './temporary.ts';

const newDirectory = temporaryDirectories();

describe('an archive cut short', () => {
  test('gives its whole lines, is marked, and is read on when it is whole', async () => {
    const directory = await newDirectory();
    const committed = new Committed();
    const whole = gzipSync(textOf(0, 30_000));
    const path = join(directory, 'mail.log.2.gz');
    await writeFile(path, whole.subarray(0, whole.length / 2));
    for (const _ of ['first', 'again']) {
      await expect(readInto(committed, path, { finished: true })).rejects.toBeInstanceOf(TruncatedArchive);
      expect(committed.segments).toMatchObject([{ incomplete: true }]);
    }
    const read = committed.lines.length;
    expect(read).toBeGreaterThan(10_000);
    expect(committed.lines).toEqual(linesOf(0, read));
    await writeFile(path, whole);
    await readInto(committed, path, { finished: true });
    expect(committed.lines).toEqual(linesOf(0, 30_000));
    expect(committed.segments).toMatchObject([{ incomplete: false }]);
  });

  test('within its first lines gives those', async () => {
    const directory = await newDirectory();
    const committed = new Committed();
    const path = join(directory, 'mail.log.2.gz');
    const text = textOf(0, 20);
    const packed = gzipSync(text);
    await writeFile(path, packed.subarray(0, packed.length - 8));
    await expect(readInto(committed, path, { finished: true })).rejects.toBeInstanceOf(TruncatedArchive);
    expect(committed.lines).toEqual(linesOf(0, 20));
  });

  test('that is damaged instead commits nothing more', async () => {
    const directory = await newDirectory();
    const committed = new Committed();
    const damaged = gzipSync(textOf(0, 30_000));
    damaged.fill(0x55, 300_000, 310_000);
    await writeFile(join(directory, 'x.gz'), damaged);
    await expect(readInto(committed, join(directory, 'x.gz'), { finished: true })).rejects.toThrow(
      'the archive is damaged',
    );
    expect([committed.lines, committed.segments]).toEqual([[], []]);
  });
});
