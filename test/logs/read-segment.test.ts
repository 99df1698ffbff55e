import {
  appendFile,
  copyFile,
  link,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { findStart } from '../../src/logs/segment-start.ts';
import { Committed, line, linesOf, readInto, textOf } from './segments-on-disk.ts';
import { temporaryDirectories } from './temporary.ts';

const newDirectory = temporaryDirectories();

async function newLog(text: string | Buffer = '') {
  const directory = await newDirectory();
  const path = join(directory, 'mail.log');
  await writeFile(path, text);
  return { path, at: (name: string) => join(directory, name), committed: new Committed() };
}

describe('a file', () => {
  test('that grows is read on, from its first lines to thousands', async () => {
    const { path, committed } = await newLog();
    expect(await readInto(committed, path)).toEqual([]);
    let end = 0;
    for (const count of [1, 1, 3, 40, 2, 500, 30_000, 1]) {
      await appendFile(path, textOf(end, end + count));
      end += count;
      await readInto(committed, path);
      expect(committed.lines).toEqual(linesOf(0, end));
    }
    expect(committed.segments).toHaveLength(1);
    expect(committed.segments[0]).toMatchObject({ prefixLength: 4096, path, incomplete: false });
    expect(committed.segments[0]?.position.offset).toBe((await readFile(path)).length);
  });

  test('with nothing new gives one batch of no bytes at the same position', async () => {
    const { path, committed } = await newLog(textOf(0, 100));
    await readInto(committed, path);
    const before = committed.segments[0];
    const batches = await readInto(committed, path);
    expect(batches).toMatchObject([{ bytes: 0, end: true }]);
    expect(committed.segments).toEqual([before]);
  });

  test('keeps a last line without a newline for later, until nothing will be appended any more', async () => {
    const { path, at, committed } = await newLog(`${textOf(0, 10)}${line(10)}`);
    await readInto(committed, path);
    expect(committed.lines).toEqual(linesOf(0, 10));
    await rename(path, at('mail.log.1'));
    await readInto(committed, at('mail.log.1'), { finished: true });
    await readInto(committed, at('mail.log.1'), { finished: true });
    expect(committed.lines).toEqual(linesOf(0, 11));
  });

  test('of one line without a newline has no identity while it may grow', async () => {
    const { path, committed } = await newLog(line(0));
    expect(await readInto(committed, path)).toEqual([]);
    expect(await readInto(committed, path, { finished: true })).toMatchObject([{ bytes: line(0).length }]);
    expect(committed.lines).toEqual([line(0)]);
  });

  test('is committed in batches, and taken up after any of them', async () => {
    const { path, committed } = await newLog(textOf(0, 60_000));
    let kills = 0;
    for (let last = false; !last && kills < 20; kills++) {
      const batches = await readInto(committed, path, { enough: () => true, killAfter: 1 });
      last = batches.at(-1)?.end === true;
    }
    expect(kills).toBeGreaterThan(3);
    expect(committed.lines).toEqual(linesOf(0, 60_000));
  });
});

describe('a rotation', () => {
  test('by rename is read on under the new name, and the new file from its start', async () => {
    const { path, at, committed } = await newLog(textOf(0, 200));
    await readInto(committed, path);
    await appendFile(path, textOf(200, 210));
    await rename(path, at('mail.log.1'));
    await writeFile(path, textOf(210, 230));
    await readInto(committed, at('mail.log.1'), { finished: true });
    await readInto(committed, path);
    expect(committed.lines).toEqual(linesOf(0, 230));
    expect(committed.segments).toHaveLength(2);
  });

  test('by copy and truncate is read on in the copy', async () => {
    const { path, at, committed } = await newLog(textOf(0, 200));
    await readInto(committed, path);
    await appendFile(path, textOf(200, 210));
    await copyFile(path, at('mail.log.1'));
    await truncate(path, 0);
    await appendFile(path, textOf(210, 600));
    await readInto(committed, at('mail.log.1'), { finished: true });
    await readInto(committed, path);
    expect(committed.lines).toEqual(linesOf(0, 600));
  });

  test('by copy and truncate under a writer who does not append leaves a hole, which is passed over', async () => {
    const { path, at, committed } = await newLog(textOf(0, 2000));
    await readInto(committed, path);
    const size = (await readFile(path)).length;
    for (const round of [1, 2]) {
      await copyFile(path, at(`mail.log.${round}`));
      await truncate(path, 0);
      await truncate(path, size * round);
      await appendFile(path, textOf(1000 + round * 1000, 2000 + round * 1000));
      await readInto(committed, at(`mail.log.${round}`), { finished: true });
      await readInto(committed, path);
    }
    expect(committed.lines.slice(0, 2000)).toEqual(linesOf(0, 2000));
    expect(committed.lines.slice(2000)).toEqual(linesOf(2000, 4000));
    expect(committed.segments).toHaveLength(3);
  });

  test('that compressed the file is read on in the archive', async () => {
    const { path, at, committed } = await newLog(textOf(0, 30_000));
    await readInto(committed, path, { enough: () => true, killAfter: 1 });
    const read = committed.lines.length;
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(30_000);
    await writeFile(at('mail.log.2.gz'), gzipSync(await readFile(path)));
    await rm(path);
    await readInto(committed, at('mail.log.2.gz'), { finished: true });
    expect(committed.lines).toEqual(linesOf(0, 30_000));
    expect(committed.segments).toHaveLength(1);
  });
});

describe('content', () => {
  test('under a second name is not read twice', async () => {
    const { path, at, committed } = await newLog(textOf(0, 300));
    await link(path, at('same.log'));
    await readInto(committed, path);
    expect(await readInto(committed, at('same.log'))).toMatchObject([{ bytes: 0 }]);
    expect(committed.lines).toEqual(linesOf(0, 300));
  });

  test('that replaced another under its name is read from its start', async () => {
    const { path, committed } = await newLog(textOf(0, 300));
    await readInto(committed, path);
    await writeFile(path, textOf(0, 200, 'other'));
    await readInto(committed, path);
    expect(committed.lines.slice(300)).toEqual(linesOf(0, 200, 'other'));
  });

  test('of which a shorter copy turns up holds nothing new, and its position stays', async () => {
    const { path, at, committed } = await newLog(textOf(0, 300));
    await readInto(committed, path);
    const before = committed.segments[0];
    await writeFile(at('copy'), textOf(0, 200));
    await writeFile(at('copy.gz'), gzipSync(textOf(0, 100)));
    for (const copy of [at('copy'), at('copy.gz')]) {
      expect(await readInto(committed, copy, { finished: true })).toMatchObject([{ bytes: 0, end: true }]);
    }
    expect(committed.segments).toEqual([before]);
    await readInto(committed, path);
    expect(committed.lines).toHaveLength(300);
  });

  test('that begins like another as far as identity sees and differs later is another segment, read once', async () => {
    const { path, at, committed } = await newLog(textOf(0, 300));
    await readInto(committed, path);
    const twin = textOf(0, 200) + textOf(200, 320, 'else');
    await writeFile(at('twin'), twin);
    for (const _ of ['first', 'again']) await readInto(committed, at('twin'));
    expect(committed.lines.slice(300)).toEqual([...linesOf(0, 200), ...linesOf(200, 320, 'else')]);
    await writeFile(at('third'), twin.replaceAll('else 3', 'more 3'));
    for (const name of ['third', 'twin', 'mail.log', 'third']) await readInto(committed, at(name));
    expect(committed.segments.map(({ tie }) => tie)).toEqual([0, 1, 2]);
    expect(committed.lines).toHaveLength(300 + 2 * 320);
    await appendFile(path, textOf(300, 310));
    await appendFile(at('twin'), textOf(320, 330, 'else'));
    await readInto(committed, path);
    await readInto(committed, at('twin'));
    expect(committed.lines.slice(-20)).toEqual([...linesOf(300, 310), ...linesOf(320, 330, 'else')]);
    expect(committed.segments).toHaveLength(3);
  });

  test('of which a copy too short for its identity turns up is known by its first line', async () => {
    const { path, at, committed } = await newLog(textOf(0, 300));
    await readInto(committed, path);
    const before = [...committed.segments];
    const whole = textOf(0, 20);
    for (const length of [textOf(0, 1).length, 500, textOf(0, 20).length]) {
      await writeFile(at('copy'), whole.slice(0, length));
      for (const finished of [true, false]) {
        expect(await readInto(committed, at('copy'), { finished })).toMatchObject([{ bytes: 0, end: true }]);
      }
    }
    await writeFile(at('copy.gz'), gzipSync(textOf(0, 3)));
    await readInto(committed, at('copy.gz'), { finished: true });
    await readInto(committed, '-', { stdin: Readable.from([Buffer.from(textOf(0, 3))]), finished: true });
    expect(committed.segments).toEqual(before);
    expect(committed.lines).toHaveLength(300);
    await writeFile(at('other'), textOf(1, 4));
    await readInto(committed, at('other'));
    expect(committed.lines).toHaveLength(303);
  });

  test('with the first line of another, which stayed short, is told from it by the tail', async () => {
    const { path, at, committed } = await newLog(textOf(0, 2));
    await readInto(committed, path);
    await writeFile(at('other'), `${line(0)}\n${textOf(50, 60)}`);
    await readInto(committed, at('other'));
    expect(committed.lines).toEqual([...linesOf(0, 2), line(0), ...linesOf(50, 60)]);
    expect(committed.segments).toHaveLength(2);
  });
});

describe('standard input', () => {
  const pipe = (bytes: Buffer) =>
    Readable.from(
      Array.from({ length: Math.ceil(bytes.length / 5000) }, (_, at) =>
        bytes.subarray(at * 5000, at * 5000 + 5000),
      ),
    );

  test('is recognised as a log known from a file, and read on', async () => {
    const { path, committed } = await newLog(textOf(0, 300));
    await readInto(committed, path);
    const stdin = pipe(Buffer.from(textOf(0, 310)));
    await readInto(committed, '-', { stdin, finished: true });
    expect(committed.lines).toEqual(linesOf(0, 310));
    await readInto(committed, '-', { stdin: pipe(gzipSync(textOf(0, 320))), finished: true });
    expect(committed.lines).toEqual(linesOf(0, 320));
  });

  test('that ends before the known position holds nothing new', async () => {
    const { path, committed } = await newLog(textOf(0, 300));
    await readInto(committed, path);
    await readInto(committed, '-', { stdin: pipe(Buffer.from(textOf(0, 200))), finished: true });
    expect(committed.lines).toEqual(linesOf(0, 300));
  });

  test('that differs later is refused', async () => {
    const { path, committed } = await newLog(textOf(0, 300));
    await readInto(committed, path);
    const stdin = pipe(Buffer.from(textOf(0, 200) + textOf(0, 200, 'else')));
    await expect(readInto(committed, '-', { stdin, finished: true })).rejects.toMatchObject({
      exitCode: EXIT.data,
      where: 'standard input',
    });
  });

  test('that is empty has nothing', async () => {
    expect(await readInto(new Committed(), '-', { stdin: pipe(Buffer.alloc(0)), finished: true })).toEqual(
      [],
    );
  });
});

test('a file that is looked into and not read is closed', async () => {
  const { path, at, committed } = await newLog(textOf(0, 300));
  await readInto(committed, path);
  await writeFile(at('new'), textOf(300, 310));
  await writeFile(at('short'), textOf(0, 3));
  const open = async () => (await readdir('/proc/self/fd')).length;
  const before = await open();
  for (let round = 0; round < 20; round++) {
    for (const name of ['mail.log', 'new', 'short'])
      await (await findStart(at(name), committed.segments)).close();
  }
  expect(await open()).toBeLessThan(before + 5);
});
