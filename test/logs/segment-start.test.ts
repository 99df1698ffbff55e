import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { lookThrough } from '../../src/logs/edited.ts';
import { findStart } from '../../src/logs/segment-start.ts';
import { Stopped } from '../../src/logs/stopped.ts';
import { abortsAt } from './aborts-at.ts';
import { Committed, readInto, textOf } from './segments-on-disk.ts';
import { temporaryDirectories } from './temporary.ts';

const newDirectory = temporaryDirectories();

async function newArchive(): Promise<string> {
  const path = join(await newDirectory(), 'mail.log.1.gz');
  await writeFile(path, gzipSync(textOf(0, 60_000)));
  return path;
}

describe('when it is to stop', () => {
  test.each([1, 3])('looking for the known place in an archive ends (%i)', async (asks) => {
    const path = await newArchive();
    const committed = new Committed();
    await readInto(committed, path);
    await expect(findStart(path, committed.segments, { signal: abortsAt(asks) })).rejects.toThrow(Stopped);
    const start = await findStart(path, committed.segments, { signal: abortsAt(1000) });
    expect(start.segment).toBeDefined();
    await start.close();
  });

  test('looking through a file that was edited ends', async () => {
    const question = { ends: [], stampOf: () => undefined, covered: 0 };
    const looking = lookThrough(await newArchive(), question, { signal: abortsAt(3) });
    await expect(looking).rejects.toThrow(Stopped);
  });
});
