import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ArchiveJob } from '../../../src/logs/ahead/archive-job.ts';
import { fromFault } from '../../../src/logs/ahead/fault.ts';
import type { Answer } from '../../../src/logs/ahead/messages.ts';
import { describeFile } from '../../../src/logs/chain.ts';
import { TruncatedArchive } from '../../../src/logs/truncated-archive.ts';
import { temporaryDirectories } from '../temporary.ts';

const newDirectory = temporaryDirectories();
const NEEDLES = ['/smtp['];

function logText(lines: number): Buffer {
  const digest = (at: number) => createHash('sha256').update(String(at)).digest('hex');
  const line = (_: unknown, at: number) =>
    `Nov  2 10:00:01 mail postfix/smtp${at % 5 === 0 ? '' : 'd'}[${at}]: ${digest(at)}\n`;
  return Buffer.from(Array.from({ length: lines }, line).join(''));
}

async function fileOf(bytes: Buffer): Promise<string> {
  const path = join(await newDirectory(), 'mail.log.1.gz');
  await writeFile(path, bytes);
  return path;
}

interface Ran {
  readonly opened: Extract<Answer, { kind: 'opened' }> | undefined;
  readonly matching: string;
  readonly lineBytes: number;
  readonly bytes: number;
  readonly fault: Error | undefined;
  readonly garbage: boolean;
  readonly rooms: number;
}

/** Unpacks into rooms as many as are asked for; `dropAfter` of them no more is wanted. */
async function run(path: string, dropAfter = Number.POSITIVE_INFINITY): Promise<Ran> {
  const answers: Answer[] = [];
  let rooms = 0;
  let matching = '';
  await new ArchiveJob({
    job: 7,
    path,
    needles: NEEDLES,
    answer(answer, transfer = []) {
      expect(answer.job).toBe(7);
      if (answer.kind === 'sifted') {
        expect(transfer).toEqual([answer.room]);
        matching += Buffer.from(answer.room, 0, answer.siftings.matchingBytes).toString();
      }
      answers.push(answer);
    },
    async room() {
      if (rooms >= dropAfter) return undefined;
      rooms += 1;
      return new ArrayBuffer(262_144);
    },
    isDropped: () => rooms > dropAfter,
  }).run();
  const end = answers.at(-1);
  const sifted = answers.flatMap((answer) => (answer.kind === 'sifted' ? [answer.siftings] : []));
  return {
    opened: answers.find((answer) => answer.kind === 'opened'),
    matching,
    lineBytes: sifted.reduce((sum, { lineBytes }) => sum + lineBytes, 0),
    bytes: sifted.reduce((sum, { bytes }) => sum + bytes, 0),
    fault: end?.kind === 'end' && end.fault !== undefined ? fromFault(end.fault) : undefined,
    garbage: end?.kind === 'end' && end.garbage === true,
    rooms,
  };
}

const text = logText(30_000);
const wanted = (bytes: Buffer) =>
  bytes
    .toString()
    .split(/(?<=\n)/)
    .filter((line) => line.includes('/smtp['))
    .join('');

test('a log: its beginning as it is, to the end of a line, then only what matters', async () => {
  const path = await fileOf(gzipSync(text));
  const { opened, matching, lineBytes, bytes, fault } = await run(path);
  const head = Buffer.from(opened?.head ?? []);
  expect(opened?.print).toBe((await describeFile(path))?.print);
  expect(head.length).toBeGreaterThanOrEqual(4096);
  expect(head.length).toBeLessThan(5000);
  expect(head.equals(text.subarray(0, head.length))).toBe(true);
  expect(head.at(-1)).toBe(10);
  expect([lineBytes, bytes, fault]).toEqual([
    text.length - head.length,
    text.length - head.length,
    undefined,
  ]);
  expect(matching).toBe(wanted(text.subarray(head.length)));
});

test('a log cut short: the whole lines before, then the fault that the reader knows', async () => {
  const packed = gzipSync(text);
  const { matching, fault } = await run(await fileOf(packed.subarray(0, packed.length * 0.7)));
  expect(fault).toBeInstanceOf(TruncatedArchive);
  expect(fault).toMatchObject({ message: expect.stringContaining('ends before its time') });
  expect(matching.length).toBeGreaterThan(wanted(text).length * 0.6);
  expect(wanted(text).endsWith(matching) || wanted(text).includes(matching)).toBe(true);
});

test('a log behind which something else stands is read whole, and that is told', async () => {
  const packed = gzipSync(text);
  expect(await run(await fileOf(packed))).toMatchObject({ garbage: false });
  expect(await run(await fileOf(Buffer.concat([packed, Buffer.from('garbage')])))).toMatchObject({
    fault: undefined,
    garbage: true,
    opened: { kind: 'opened' },
  });
});

test('a damaged log: the fault that the reader knows', async () => {
  const packed = gzipSync(text);
  const middle = Math.floor(packed.length / 2);
  packed.fill(0x55, middle, middle + 5000);
  expect((await run(await fileOf(packed))).fault).toMatchObject({
    name: 'Problem',
    message: 'the archive is damaged',
    exitCode: 65,
  });
});

test.each([
  ['what is smaller than an identity', gzipSync(text.subarray(0, 3000))],
  ['what is cut off in its beginning', gzipSync(text).subarray(0, 900)],
  [
    'what is damaged in its beginning',
    Buffer.concat([gzipSync(text).subarray(0, 12), Buffer.alloc(5000, 'x')]),
  ],
  ['what has no lines', gzipSync(Buffer.alloc(3_000_000, 'x'))],
  ['what is no text', gzipSync(Buffer.concat([Buffer.from('PK\x03\x04\0\0'), text]))],
])('%s is left to the reader', async (_, bytes) => {
  const { opened, rooms } = await run(await fileOf(bytes));
  expect(opened).toEqual({ kind: 'opened', job: 7 });
  expect(rooms).toBe(0);
});

test('a missing file is left to the reader', async () => {
  const { opened } = await run(join(await newDirectory(), 'none.gz'));
  expect(opened).toEqual({ kind: 'opened', job: 7 });
});

test('what is no longer wanted is not unpacked to its end', async () => {
  const { rooms, fault, lineBytes } = await run(await fileOf(gzipSync(text)), 1);
  expect([rooms, fault]).toEqual([1, undefined]);
  expect(lineBytes).toBeLessThan(text.length);
});

test('a hole of zeros in front does not hide the beginning', async () => {
  const holed = Buffer.concat([Buffer.alloc(20_000), text]);
  const { opened, matching } = await run(await fileOf(gzipSync(holed)));
  const head = Buffer.from(opened?.head ?? []);
  expect(head.length).toBeGreaterThanOrEqual(24_096);
  expect(head.equals(holed.subarray(0, head.length))).toBe(true);
  expect(matching).toBe(wanted(text.subarray(head.length - 20_000)));
});
