import { appendFile, mkdir, readdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { FileWaker } from '../../src/follow/file-waker.ts';
import { temporaryDirectories } from '../logs/temporary.ts';

const newDirectory = temporaryDirectories();
const wakers: FileWaker[] = [];
afterEach(async () => {
  for (const waker of wakers.splice(0)) await waker.close();
});

/** @param rotated the directory that rotations are moved to, beside the file */
async function newWaker(name = 'mail.log', onTrouble: (error: unknown) => void = () => {}, rotated?: string) {
  const path = join(await newDirectory(), name);
  const waker = new FileWaker(
    { name: path, ...(rotated !== undefined && { rotated: join(path, '..', rotated) }) },
    onTrouble,
  );
  wakers.push(waker);
  return { path, waker };
}

/** Whether the waker wakes within two looks after `change` was made. */
async function isWoken(waker: FileWaker, change: () => Promise<void>): Promise<boolean> {
  return Promise.race([woken(waker, change).then(() => true), wait(2500).then(() => false)]);
}

/** Resolves when the waker wakes after `change` was made. */
async function woken(waker: FileWaker, change: () => Promise<void>): Promise<void> {
  await waker.passBegins();
  const woke = new Promise<void>((resolve) => void waker.arm(resolve));
  await change();
  await woke;
}

describe('a file', () => {
  test('that grows, is emptied, rotated by renaming, and appears again wakes', async () => {
    const { path, waker } = await newWaker();
    await writeFile(path, 'one\n');
    await woken(waker, () => appendFile(path, 'two\n'));
    await woken(waker, () => appendFile(path, 'no newline'));
    await woken(waker, () => truncate(path));
    await woken(waker, async () => {
      await rename(path, `${path}.1`);
      await writeFile(path, 'three\n');
    });
    await woken(waker, () => rm(path));
    await woken(waker, () => writeFile(path, 'four\n'));
  });

  test('that is not there yet wakes when it appears, its directory too', async () => {
    const { path, waker } = await newWaker(join('later', 'mail.log'));
    await woken(waker, async () => {
      await mkdir(join(path, '..'));
      await writeFile(path, 'one\n');
    });
  });

  test('that was rotated wakes for lines that come late to the old one, wherever that is by then', async () => {
    const { path, waker } = await newWaker();
    await writeFile(path, 'one\n');
    for (const kept of [1, 2]) {
      await woken(waker, async () => {
        if (kept > 1) await rename(`${path}.1`, `${path}.2`);
        await rename(path, `${path}.1`);
        await writeFile(path, 'two\n');
      });
      for (let late = 0; late < 2; late++) await woken(waker, () => appendFile(`${path}.1`, 'late\n'));
    }
  });

  test('that was rotated before anybody looked wakes for late lines too', async () => {
    const { path, waker } = await newWaker();
    await writeFile(`${path}.1`, 'one\n');
    await writeFile(path, 'two\n');
    await woken(waker, () => appendFile(`${path}.1`, 'late\n'));
  });

  test('that was rotated into a directory of its own wakes for late lines there', async () => {
    const { path, waker } = await newWaker('mail.log', undefined, 'old');
    const old = join(path, '..', 'old');
    await mkdir(old);
    await writeFile(path, 'one\n');
    await woken(waker, async () => {
      await rename(path, join(old, 'mail.log.1'));
      await writeFile(path, 'two\n');
    });
    expect(await isWoken(waker, () => appendFile(join(old, 'mail.log.1'), 'late\n'))).toBe(true);
  });

  test('that a link leads to wakes for late lines in the one it led to before', async () => {
    const { path, waker } = await newWaker();
    const day = (number: number) => join(path, '..', `day-${number}`);
    await writeFile(day(1), 'one\n');
    await symlink('day-1', path);
    await woken(waker, async () => {
      await writeFile(day(2), 'two\n');
      await symlink('day-2', `${path}.new`);
      await rename(`${path}.new`, path);
    });
    expect(await isWoken(waker, () => appendFile(day(1), 'late\n'))).toBe(true);
  });

  test('that changed during the pass wakes at once', async () => {
    const { path, waker } = await newWaker();
    await writeFile(path, 'one\n');
    await waker.passBegins();
    await appendFile(path, 'two\n');
    await new Promise<void>((resolve) => void waker.arm(resolve));
  });
});

test('wakes once for each time it is armed, and leaves no descriptor behind', async () => {
  const { path, waker } = await newWaker();
  await writeFile(path, 'one\n');
  const open = async () => (await readdir('/proc/self/fd')).length;
  const before = await open();
  let wakes = 0;
  for (let round = 0; round < 50; round++) {
    await woken(waker, async () => {
      for (let line = 0; line < 5; line++) await appendFile(path, 'line\n');
    });
    wakes++;
  }
  await waker.close();
  expect(wakes).toBe(50);
  await expect.poll(open).toBeLessThan(before + 5);
});

test('where the directory cannot be watched, it is looked at every second, and that is said', async () => {
  const troubles: unknown[] = [];
  const { path, waker } = await newWaker(join('later', 'mail.log'), (error) => troubles.push(error));
  await woken(waker, async () => {
    await mkdir(join(path, '..'));
    await writeFile(path, 'one\n');
  });
  await waker.close();
  expect(troubles).toEqual([]);
});
