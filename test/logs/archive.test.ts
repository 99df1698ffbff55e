import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { EXIT, Problem } from '../../src/errors.ts';
import { modifiedAt, type OpenLogOptions, openLog } from '../../src/logs/archive.ts';
import { TruncatedArchive } from '../../src/logs/truncated-archive.ts';
import { temporaryDirectories } from './temporary.ts';

const newDirectory = temporaryDirectories();

/** Lines that compress as badly as a log's: every one holds what no other does. */
function logText(lines: number): Buffer {
  const digest = (at: number) => createHash('sha256').update(String(at)).digest('hex');
  const line = (_: unknown, at: number) =>
    `Nov  2 10:00:01 mail postfix/smtp[${at}]: ${digest(at)}: status=sent\n`;
  return Buffer.from(Array.from({ length: lines }, line).join(''));
}

async function read(path: string, options?: OpenLogOptions) {
  const pieces: Buffer[] = [];
  let error: unknown;
  try {
    for await (const piece of openLog(path, options)) pieces.push(Buffer.from(piece));
  } catch (caught) {
    error = caught;
  }
  return { bytes: Buffer.concat(pieces), pieces: pieces.length, error };
}

async function fileOf(bytes: Buffer, name = 'mail.log'): Promise<string> {
  const path = join(await newDirectory(), name);
  await writeFile(path, bytes);
  return path;
}

/** Runs a program of the packages that CI installs; undefined where it is missing. */
function pack(program: string, text: Buffer): Buffer | undefined {
  const { status, stdout } = spawnSync(program, ['-c'], { input: text, maxBuffer: 1 << 28 });
  return status === 0 ? stdout : undefined;
}

const text = logText(30_000);
const archives = [
  ['gzip', gzipSync(text), [gzipSync(text.subarray(0, 1_000_000)), gzipSync(text.subarray(1_000_000))]],
  ...['xz', 'zstd', 'bzip2'].map((program) => {
    const [first, second] = [
      pack(program, text.subarray(0, 1_000_000)),
      pack(program, text.subarray(1_000_000)),
    ];
    return [program, pack(program, text), first && second ? [first, second] : undefined] as const;
  }),
] as const;

describe('a plain log', () => {
  test('is read whole, in pieces of a mebibyte', async () => {
    const { bytes, pieces, error } = await read(await fileOf(text));
    expect(error).toBeUndefined();
    expect(bytes.equals(text)).toBe(true);
    expect(pieces).toBe(Math.ceil(text.length / 1_048_576));
  });

  test('is read from any byte on', async () => {
    const path = await fileOf(text);
    for (const from of [1, 4096, 1_048_576, text.length - 1, text.length, text.length + 10]) {
      expect((await read(path, { from })).bytes.equals(text.subarray(from))).toBe(true);
    }
  });

  test('that is empty has no bytes and no fault', async () => {
    expect(await read(await fileOf(Buffer.alloc(0)))).toEqual({
      bytes: Buffer.alloc(0),
      pieces: 0,
      error: undefined,
    });
  });

  test('may begin with the hole of a truncation', async () => {
    const holed = Buffer.concat([Buffer.alloc(10_000), text.subarray(0, 1000)]);
    expect((await read(await fileOf(holed))).bytes.equals(holed)).toBe(true);
  });

  test('that is truncated and written anew while it is read ends before what is new', async () => {
    const path = await fileOf(text);
    const pieces = openLog(path);
    const first = await pieces.next();
    const kept = Buffer.from(first.value ?? '');
    await truncate(path, 0);
    await writeFile(path, Buffer.alloc(text.length, 'new line\n'));
    for await (const piece of pieces) expect(piece.includes('new line')).toBe(false);
    expect(kept.equals(text.subarray(0, kept.length))).toBe(true);
  });

  test('may be given up early', async () => {
    const path = await fileOf(text);
    for (let round = 0; round < 50; round++) {
      for await (const piece of openLog(path)) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
    }
  });
});

describe.each(archives)('an archive of %s', (program, packed, members) => {
  const there = packed !== undefined && members !== undefined;

  test.runIf(there)('gives the text, whatever its name', async () => {
    const { bytes, error } = await read(await fileOf(packed ?? Buffer.alloc(0), 'mail.log.2'));
    expect(error).toBeUndefined();
    expect(bytes.equals(text)).toBe(true);
  });

  test.runIf(there)('gives the text of several members', async () => {
    const { bytes, error } = await read(await fileOf(Buffer.concat(members ?? [])));
    expect(error).toBeUndefined();
    expect(bytes.equals(text)).toBe(true);
  });

  test.runIf(there)('is read from any byte on, and may be given up early', async () => {
    const path = await fileOf(packed ?? Buffer.alloc(0));
    expect((await read(path, { from: 1_234_567 })).bytes.equals(text.subarray(1_234_567))).toBe(true);
    for await (const piece of openLog(path)) {
      expect(piece.equals(text.subarray(0, piece.length))).toBe(true);
      break;
    }
  });

  test.runIf(there)('comes through standard input too', async () => {
    const stdin = Readable.from([
      packed?.subarray(0, 3),
      packed?.subarray(3, 70_000),
      packed?.subarray(70_000),
    ]);
    const { bytes, error } = await read('-', { stdin });
    expect(error).toBeUndefined();
    expect(bytes.equals(text)).toBe(true);
  });

  test.runIf(there)('cut short gives what came before, then says so', async () => {
    const cut = packed?.subarray(0, Math.floor(packed.length * 0.8)) ?? Buffer.alloc(0);
    const { bytes, error } = await read(await fileOf(cut));
    expect(error).toBeInstanceOf(TruncatedArchive);
    expect(error).toMatchObject({ exitCode: EXIT.data, where: expect.stringContaining('mail.log') });
    expect(bytes.equals(text.subarray(0, bytes.length))).toBe(true);
    // bzip2 unpacks blocks of 900 kB, so that much may be missing beside the fifth that was cut off.
    expect(bytes.length).toBeGreaterThan(program === 'bzip2' ? 1_500_000 : text.length * 0.7);
  });

  test.runIf(there)('that is damaged is no log', async () => {
    const damaged = Buffer.from(packed ?? '');
    const middle = Math.floor(damaged.length / 2);
    damaged.fill(0x55, middle, middle + 5000);
    const { error } = await read(await fileOf(damaged));
    expect(error).toBeInstanceOf(Problem);
    expect(error).not.toBeInstanceOf(TruncatedArchive);
    expect(error).toMatchObject({ exitCode: EXIT.data, message: 'the archive is damaged' });
  });

  test.runIf(there)('of something that is no text is refused', async () => {
    const binary = Buffer.concat([Buffer.from('ustar'), Buffer.alloc(500), text.subarray(0, 100)]);
    const archive = program === 'gzip' ? gzipSync(binary) : pack(program, binary);
    const { error } = await read(await fileOf(archive ?? Buffer.alloc(0)));
    expect(error).toMatchObject({ exitCode: EXIT.data, message: 'this is no log: it holds binary data' });
  });
});

describe('gzip', () => {
  test('in many members of odd sizes is read whole', async () => {
    const members: Buffer[] = [];
    for (let at = 0, size = 1; at < text.length; at += size, size = (size * 7 + 13) % 99_991) {
      members.push(gzipSync(text.subarray(at, at + size)));
    }
    expect((await read(await fileOf(Buffer.concat(members)))).bytes.equals(text)).toBe(true);
  });

  test('that was cut anywhere gives all that stood before', async () => {
    const small = text.subarray(0, 20_000);
    const packed = gzipSync(small);
    for (const length of [3, 10, 11, 500, packed.length - 9, packed.length - 8, packed.length - 1]) {
      const { bytes, error } = await read(await fileOf(packed.subarray(0, length)));
      expect(error).toBeInstanceOf(TruncatedArchive);
      expect(bytes.equals(small.subarray(0, bytes.length))).toBe(true);
      if (length >= packed.length - 9) expect(bytes.length).toBe(small.length);
    }
  });

  test.each([
    ['a newline', '\n'],
    ['a word', 'garbage'],
    ['much that is none', 'x'.repeat(300_000)],
    ['the beginning of a text', text.subarray(0, 5000)],
  ])('behind which %s stands gives all, and that is told', async (_, garbage) => {
    for (const members of [[text], [text.subarray(0, 1_000_000), text.subarray(1_000_000)]]) {
      if (members.length > 1 && garbage.length === 1) continue;
      const packed = Buffer.concat([...members.map((member) => gzipSync(member)), Buffer.from(garbage)]);
      let told = 0;
      const { bytes, error } = await read(await fileOf(packed), { onGarbage: () => told++ });
      expect([error, told]).toEqual([undefined, 1]);
      expect(bytes.equals(text)).toBe(true);
    }
  });

  test('behind which something stands is refused from a pipe, which says what to do', async () => {
    const packed = Buffer.concat([gzipSync(text), Buffer.from('garbage')]);
    expect((await read('-', { stdin: Readable.from([packed]) })).error).toMatchObject({
      exitCode: EXIT.data,
      message: 'something else stands behind the archive',
      where: 'standard input',
      help: expect.stringContaining('give the archive as a file'),
    });
  });

  test.each([
    ['zeros, as a tape fills them up', Buffer.concat([gzipSync(text), Buffer.alloc(5000)]), undefined],
    [
      'the beginning of one more',
      Buffer.concat([gzipSync(text), gzipSync(text).subarray(0, 1)]),
      TruncatedArchive,
    ],
    ['one more that is damaged', Buffer.concat([gzipSync(text), Buffer.from([0x1f, 0x8b, 9, 9])]), Problem],
  ])('behind which %s stand is not said to have garbage', async (_, packed, fault) => {
    let told = 0;
    const { bytes, error } = await read(await fileOf(packed), { onGarbage: () => told++ });
    expect(told).toBe(0);
    expect(error?.constructor).toBe(fault);
    if (fault !== Problem) expect(bytes.equals(text)).toBe(true);
  });

  test('of a bomb is handed on in pieces', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000, '\n'));
    let total = 0;
    let largest = 0;
    for await (const piece of openLog(await fileOf(bomb))) {
      total += piece.length;
      largest = Math.max(largest, piece.length);
    }
    expect([total, largest]).toEqual([200_000_000, 1_048_576]);
  });
});

describe('what cannot be read', () => {
  test.each([
    [
      'a missing file',
      async () => join(await newDirectory(), 'none'),
      'cannot read the log: it does not exist',
    ],
    ['a directory', async () => newDirectory(), 'this is a directory, not a log'],
    [
      'a binary file',
      async () => fileOf(Buffer.from('\x7fELF\x02\0\0\0')),
      'this is no log: it holds binary data',
    ],
    [
      'a path through a file',
      async () => join(await fileOf(text), 'x'),
      'cannot read the log: a part of the path is not a directory',
    ],
  ])('%s: its path and what is wrong with it', async (_, make, message) => {
    const path = await make();
    const { bytes, error } = await read(path);
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({ exitCode: EXIT.data, message, where: path });
    expect(bytes.length).toBe(0);
  });

  test('binary data on standard input, by its name in words', async () => {
    const stdin = Readable.from([Buffer.from('\u007fELF\u0000\u0000\u0001')]);
    expect((await read('-', { stdin })).error).toMatchObject({ where: 'standard input' });
  });

  test.runIf(process.getuid?.() !== 0)('a file without permission', async () => {
    const path = await fileOf(text);
    await chmod(path, 0);
    expect((await read(path)).error).toMatchObject({ message: 'cannot read the log: permission denied' });
  });

  test('an archive whose program is missing: its name and package', async () => {
    const path = await fileOf(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0]));
    const before = process.env.PATH;
    process.env.PATH = await newDirectory();
    try {
      const { error } = await read(path);
      expect(error).toMatchObject({
        exitCode: EXIT.unavailable,
        message: 'to read this, the program xz is needed, and it is not installed',
        help: expect.stringContaining('xz-utils'),
      });
    } finally {
      process.env.PATH = before;
    }
  });
});

test('the time of the last change is that of a file only', async () => {
  const path = await fileOf(text);
  expect(await modifiedAt(path)).toBeGreaterThan(0);
  expect(await modifiedAt('-')).toBeUndefined();
  expect(await modifiedAt(join(path, 'none'))).toBeUndefined();
  await mkdir(`${path}.d`);
  expect(await modifiedAt(`${path}.d`)).toBeUndefined();
});
