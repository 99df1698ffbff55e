import { symlink, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { EXIT, Problem } from '../../src/errors.ts';
import type { Holding } from '../../src/reading/files-reading.ts';
import { isReadToEnd } from '../../src/reading/read-to-end.ts';
import { type Bench, benches, linesOf, numbers } from './numbered-lines.ts';

const newBench = benches();
const onLinux = test.runIf(process.platform === 'linux');
/** A file that is there, and that not even root can read from its begin. */
const UNREADABLE = '/proc/self/mem';

async function readToEndAt(bench: Bench): Promise<(number | undefined)[]> {
  return (await bench.ledger.logs()).map((log) => log.readToEndAt);
}

onLinux(
  'a log whose live file cannot be read is not noted as read to its end, though its rotations are',
  async () => {
    const bench = await newBench();
    await writeFile(bench.at('mail.log.1'), linesOf(0, 10));
    await symlink(UNREADABLE, bench.at('mail.log'));
    const { faults } = await bench.read();
    expect(faults).toMatchObject([{ path: bench.at('mail.log') }]);
    expect(await bench.counted()).toEqual(numbers(0, 10));
    expect(await readToEndAt(bench)).toEqual([undefined]);
  },
);

test('a log whose path leads where nobody may look is not either, though its rotations are read', async () => {
  const bench = await newBench();
  await writeFile(bench.at('mail.log.1'), linesOf(0, 10));
  await symlink('mail.log', bench.at('mail.log'));
  const { faults } = await bench.read();
  expect(faults).toMatchObject([{ path: bench.at('mail.log') }]);
  expect(await bench.counted()).toEqual(numbers(0, 10));
  expect(await readToEndAt(bench)).toEqual([undefined]);
});

test('a log whose live file is no log is not noted as read to its end', async () => {
  const bench = await newBench();
  await writeFile(bench.at('mail.log.1'), linesOf(0, 10));
  await writeFile(bench.at('mail.log'), Buffer.alloc(5000, '\u0000\u0001\u0002'));
  expect((await bench.read()).faults).toHaveLength(1);
  expect(await readToEndAt(bench)).toEqual([undefined]);
});

test('a log that is not there is: nothing of it is left unread', async () => {
  const bench = await newBench();
  expect((await bench.read()).faults).toHaveLength(1);
  expect(await readToEndAt(bench)).toEqual([bench.now]);
});

onLinux(
  'a rotation that cannot be read is waited for as long as days may be open for its lines',
  async () => {
    const bench = await newBench();
    await symlink(UNREADABLE, bench.at('mail.log.1'));
    await writeFile(bench.at('mail.log'), linesOf(0, 10));
    expect((await bench.read()).faults).toHaveLength(1);
    expect(await readToEndAt(bench)).toEqual([undefined]);
    bench.now += 3 * 86_400_000;
    expect((await bench.read()).faults).toHaveLength(1);
    expect(await readToEndAt(bench)).toEqual([bench.now]);
  },
);

test('a damaged rotation is not waited for: it will never be readable', async () => {
  const bench = await newBench();
  const archive = gzipSync(linesOf(0, 50));
  await writeFile(bench.at('mail.log.1.gz'), Buffer.concat([archive.subarray(0, 40), Buffer.alloc(40)]));
  await writeFile(bench.at('mail.log'), linesOf(50, 60));
  expect((await bench.read()).faults).toHaveLength(1);
  expect(await readToEndAt(bench)).toEqual([bench.now]);
});

const NOW = Date.parse('2026-11-24T00:20:00Z');
const DENIED = Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'open' });

function denied(live: boolean, changedAt: string): Holding {
  const found = { key: '1', born: 0, changedAt: Date.parse(changedAt), touchedAt: 0, size: 1, print: '1' };
  const file = { path: 'mail.log', finished: false, live, found, dates: () => Promise.reject(new Error()) };
  return { file, bytes: 0, problem: new Problem(EXIT.data, 'no', { cause: DENIED }) };
}

test.each<[string, boolean, string, string | undefined, boolean]>([
  ['the live file, however long nothing was written to it', true, '2026-11-01T00:00:00Z', undefined, false],
  ['a rotation of yesterday, of a log never read', false, '2026-11-23T00:00:00Z', undefined, false],
  ['one of the day before', false, '2026-11-22T23:59:59Z', undefined, true],
  ['one written to since the log was read', false, '2026-11-23T23:59:00Z', '2026-11-23T23:58:00Z', false],
  ['one that was read before it was rotated', false, '2026-11-23T23:57:00Z', '2026-11-23T23:58:00Z', true],
])('permission denied, days waiting: %s', (_, live, changedAt, before, isRead) => {
  const looked = { now: NOW, before: before === undefined ? undefined : Date.parse(before) };
  expect(isReadToEnd([denied(live, changedAt)], looked)).toBe(isRead);
});
