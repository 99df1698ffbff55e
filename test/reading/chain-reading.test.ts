import {
  appendFile,
  copyFile,
  mkdir,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { emptySummary } from '../../src/reading/source.ts';
import { counted, gapsIn, TICK_MS } from './edits.ts';
import { BEGIN, type Bench, benches, linesOf, numbers } from './numbered-lines.ts';

const newBench = benches();

async function newLog(lines: number): Promise<{ bench: Bench; live: string }> {
  const bench = await newBench();
  const live = bench.at('mail.log');
  await writeFile(live, linesOf(0, lines));
  return { bench, live };
}

async function age(path: string, seconds: number, bench: Bench): Promise<void> {
  const time = new Date(bench.now - seconds * 1000);
  await utimes(path, time, time);
}

describe('a log that is rotated between two passes', () => {
  test('by rename is read on, its rest first', async () => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await appendFile(live, linesOf(50, 60));
    await rename(live, `${live}.1`);
    await writeFile(live, linesOf(60, 70));
    const summary = await bench.read();
    expect(summary).toMatchObject({ files: 2, lines: 20, sessions: 20, notices: [] });
    expect(await bench.counted()).toEqual(numbers(0, 70));
    expect(await gapsIn(bench)).toEqual([]);
  });

  test('and compressed, is read on in the archive', async () => {
    const { bench, live } = await newLog(500);
    await bench.read();
    await writeFile(`${live}.1.gz`, gzipSync(linesOf(0, 510)));
    await rm(live);
    await writeFile(live, linesOf(510, 520));
    await bench.read();
    expect(await bench.counted()).toEqual(numbers(0, 520));
    expect(await gapsIn(bench)).toEqual([]);
  });

  test('twice, is read in its order', async () => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await rename(live, `${live}.2`);
    await writeFile(`${live}.1`, linesOf(50, 60));
    await writeFile(live, linesOf(60, 70));
    await bench.read();
    expect(await bench.counted()).toEqual(numbers(0, 70));
  });

  test('by copytruncate is read on in the copy, and the hole is said', async () => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await appendFile(live, linesOf(50, 60));
    await copyFile(live, `${live}.1`);
    await appendFile(live, linesOf(60, 63));
    await truncate(live);
    await appendFile(live, linesOf(63, 70));
    const { notices } = await bench.read();
    expect((await bench.counted()).filter((number) => typeof number === 'number')).toEqual([
      ...numbers(0, 60),
      ...numbers(63, 70),
    ]);
    const gap = { kind: 'copied', after: BEGIN + 59_000, before: BEGIN + 63_000, noticedAt: bench.now };
    expect(await gapsIn(bench)).toEqual([gap]);
    expect(notices).toMatchObject([
      {
        id: 'gap-copied',
        text: expect.stringContaining('between 2026-11-20T10:00:59Z and 2026-11-20T10:01:03Z'),
      },
    ]);
    expect((await bench.read()).notices).toEqual([]);
    expect(await gapsIn(bench)).toEqual([gap]);
  });

  test('by copytruncate, and by renaming right after, has a hole', async () => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await copyFile(live, `${live}.2`);
    await truncate(live);
    await appendFile(live, linesOf(53, 60));
    await rename(live, `${live}.1`);
    await writeFile(live, linesOf(60, 70));
    await bench.read();
    expect(await gapsIn(bench)).toMatchObject([{ kind: 'copied', after: BEGIN + 49_000 }]);
    await rm(`${live}.1`);
    await rename(live, `${live}.1`);
    await writeFile(live, linesOf(70, 80));
    await bench.read();
    expect(await gapsIn(bench)).toHaveLength(1);
  });

  test('by copytruncate while it was empty is bounded by its next line', async () => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await copyFile(live, `${live}.1`);
    await truncate(live);
    await bench.read();
    expect(await gapsIn(bench)).toMatchObject([{ kind: 'copied', after: BEGIN + 49_000 }]);
    await bench.read();
    await appendFile(live, linesOf(52, 60));
    await bench.read();
    expect(await gapsIn(bench)).toMatchObject([{ after: BEGIN + 49_000, before: BEGIN + 52_000 }]);
  });

  test('and emptied without a copy has a hole', async () => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await truncate(live);
    await appendFile(live, linesOf(55, 60));
    await bench.read();
    expect(await gapsIn(bench)).toMatchObject([
      { kind: 'emptied', after: BEGIN + 49_000, before: BEGIN + 55_000 },
    ]);
  });

  test('and gone before its end was read has a hole', async () => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await rename(live, `${live}.1`);
    await writeFile(live, linesOf(60, 61));
    await rm(`${live}.1`);
    await bench.read();
    expect(await gapsIn(bench)).toMatchObject([
      { kind: 'vanished', after: BEGIN + 49_000, before: BEGIN + 60_000 },
    ]);
  });

  test.each([
    ['beside the log', 'mail.log.2', (text: string) => text],
    ['compressed', 'mail.log.2.gz', gzipSync],
  ])('and gone has a hole until it is put back and read: %s', async (_, name, pack) => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await rm(live);
    await writeFile(live, linesOf(60, 61));
    await bench.read();
    // A backup that was made before it was read to that place.
    await writeFile(bench.at(name), pack(linesOf(0, 40)));
    await bench.read();
    expect(await gapsIn(bench)).toMatchObject([{ kind: 'vanished' }]);
    await wait(TICK_MS);
    await writeFile(bench.at(name), pack(linesOf(0, 60)));
    await bench.read();
    expect(await counted(bench)).toEqual(numbers(0, 61));
    expect(await gapsIn(bench)).toEqual([]);
  });

  test('and has lost a rotation that was never read has a hole, which is said once', async () => {
    const bench = await newBench();
    const live = bench.at('mail.log');
    const begin = Math.floor(bench.now / 1000) * 1000 - 3_600_000;
    const lines = (from: number, to: number) =>
      numbers(from, to)
        .map((number) => `${new Date(begin + number * 1000).toISOString()} mta1 test[1]: line ${number}\n`)
        .join('');
    await writeFile(`${live}.3`, lines(0, 50));
    await writeFile(`${live}.1.gz`, gzipSync(lines(70, 80)));
    await writeFile(live, lines(80, 90));
    // Just now they may be on the move from number to number.
    expect((await bench.read()).notices).toEqual([]);
    bench.now += 120_000;
    expect((await bench.read()).notices).toMatchObject([{ id: 'gap-missing' }]);
    const gap = { kind: 'missing', after: begin + 49_000, before: begin + 70_000, noticedAt: bench.now };
    expect(await gapsIn(bench)).toEqual([gap]);
    await rename(`${live}.3`, `${live}.4`);
    await rename(`${live}.1.gz`, `${live}.2.gz`);
    await rename(live, `${live}.1`);
    await writeFile(live, lines(90, 91));
    bench.now += 120_000;
    expect((await bench.read()).notices).toEqual([]);
    // One that was read before it went leaves no hole.
    await rm(`${live}.1`);
    expect((await bench.read()).notices).toEqual([]);
    expect(await gapsIn(bench)).toEqual([gap]);
    bench.now += 31 * 86_400_000;
    expect((await bench.read()).notices).toEqual([]);
    expect(await gapsIn(bench)).toEqual([]);
  });

  test('and has lost one of those that are moved away has a hole, and where their numbers begin tells of none', async () => {
    const bench = await newBench();
    const begin = Math.floor(bench.now / 1000) * 1000 - 3_600_000;
    const line = (number: number) =>
      `${new Date(begin + number * 1000).toISOString()} mta1 test[1]: line ${number}\n`;
    await mkdir(bench.at('old'));
    await writeFile(bench.at('old/mail.log.4'), line(0));
    await writeFile(bench.at('old/mail.log.2'), line(1));
    await writeFile(bench.at('mail.log'), line(2));
    bench.now += 120_000;
    expect((await bench.read('mail.log', 'old')).notices).toMatchObject([{ id: 'gap-missing' }]);
    expect(await gapsIn(bench)).toMatchObject([{ after: begin, before: begin + 1000 }]);
  });

  test('is not said to have a hole while a file of it cannot be read', async () => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await writeFile(
      `${live}.1.gz`,
      Buffer.concat([gzipSync(linesOf(0, 50)).subarray(0, 40), Buffer.alloc(40)]),
    );
    await rm(live);
    await writeFile(live, linesOf(50, 60));
    expect((await bench.read()).faults).toHaveLength(1);
    expect(await gapsIn(bench)).toEqual([]);
    await writeFile(`${live}.1.gz`, gzipSync(linesOf(0, 50)));
    expect((await bench.read()).faults).toEqual([]);
    expect(await gapsIn(bench)).toEqual([]);
  });

  test('forgets a hole after `keep`', async () => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await writeFile(live, linesOf(55, 60));
    await bench.read();
    expect(await gapsIn(bench)).toHaveLength(1);
    bench.now += 31 * 86_400_000;
    await bench.read();
    expect(await gapsIn(bench)).toEqual([]);
  });
});

describe('a rotated file that the daemon still writes to', () => {
  test('is read line by line, and its last line without newline only after a minute of silence', async () => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await rename(live, `${live}.1`);
    const half = linesOf(50, 51);
    await appendFile(`${live}.1`, half.slice(0, 20));
    await bench.read();
    await appendFile(`${live}.1`, half.slice(20));
    await bench.read();
    expect(await bench.counted()).toEqual(numbers(0, 51));
    await appendFile(`${live}.1`, linesOf(51, 52).trimEnd());
    await age(`${live}.1`, 59, bench);
    await bench.read();
    expect(await bench.counted()).toEqual(numbers(0, 51));
    await age(`${live}.1`, 60, bench);
    await bench.read();
    await bench.read();
    expect(await bench.counted()).toEqual(numbers(0, 52));
  });

  test('is looked into again when it changes after that', async () => {
    const { bench, live } = await newLog(50);
    await rename(live, `${live}.1`);
    await age(`${live}.1`, 300, bench);
    await bench.read();
    expect((await bench.read()).known).toBe(1);
    await appendFile(`${live}.1`, linesOf(50, 55));
    await age(`${live}.1`, 200, bench);
    await bench.read();
    expect(await bench.counted()).toEqual(numbers(0, 55));
  });

  test('an archive that is still being written is no fault until it is silent', async () => {
    const { bench, live } = await newLog(0);
    const whole = gzipSync(linesOf(0, 500));
    await writeFile(`${live}.1.gz`, whole.subarray(0, whole.length / 2));
    expect((await bench.read()).faults).toEqual([]);
    await age(`${live}.1.gz`, 100, bench);
    expect((await bench.read()).faults).toHaveLength(1);
    await writeFile(`${live}.1.gz`, whole);
    expect((await bench.read()).faults).toEqual([]);
    expect(await bench.counted()).toEqual(numbers(0, 500));
  });
});

describe('one log under two names', () => {
  test('counts once, is read as one, and that is said', async () => {
    const { bench, live } = await newLog(50);
    await symlink(live, bench.at('other.log'));
    const first = bench.chain();
    const second = bench.chain('other.log');
    await first.pass(emptySummary());
    for (const [from, reader] of [
      [50, second],
      [60, first],
      [70, second],
    ] as const) {
      await appendFile(live, linesOf(from, from + 10));
      await reader.pass(emptySummary());
    }
    expect(await bench.counted()).toEqual(numbers(0, 80));
    expect((await bench.read('other.log')).hints).toMatchObject([{ id: 'same-log' }]);
    expect((await bench.read()).hints).toEqual([]);
  });

  test('whose path was changed in the config goes on with its open sessions', async () => {
    const { bench, live } = await newLog(50);
    await bench.read();
    await appendFile(live, linesOf(50, 60));
    await rename(live, bench.at('maillog'));
    await bench.read('maillog');
    expect(await bench.counted()).toEqual(numbers(0, 60));
  });
});

test('a link that leads to another file every day gives the end of the former one first', async () => {
  const bench = await newBench();
  await writeFile(bench.at('day-1'), linesOf(0, 10));
  await symlink('day-1', bench.at('mail.log'));
  await bench.read();
  await appendFile(bench.at('day-1'), linesOf(10, 20));
  await writeFile(bench.at('day-2'), linesOf(20, 30));
  await rm(bench.at('mail.log'));
  await symlink('day-2', bench.at('mail.log'));
  await bench.read();
  expect(await bench.counted()).toEqual(numbers(0, 30));
  expect(await gapsIn(bench)).toEqual([]);
});

test('a link that leads to another file every day gives lines that come late to the former one, too', async () => {
  const bench = await newBench();
  let from = 0;
  const write = async (name: string) => {
    await appendFile(bench.at(name), linesOf(from, from + 10));
    from += 10;
  };
  for (const day of ['day-1', 'day-2', 'day-3']) {
    const former = from === 0 ? undefined : `day-${Number(day.at(-1)) - 1}`;
    await write(day);
    await rm(bench.at('mail.log'), { force: true });
    await symlink(day, bench.at('mail.log'));
    await bench.read();
    for (let late = 0; former !== undefined && late < 2; late++) {
      await write(former);
      await bench.read();
      await write(day);
      await bench.read();
    }
  }
  expect(await bench.counted()).toEqual(numbers(0, from));
  await rm(bench.at('day-2'));
  await write('day-3');
  await bench.read();
  expect(await bench.counted()).toEqual(numbers(0, from));
  expect(await gapsIn(bench)).toEqual([]);
});

test('a pass that is stopped commits what it has read, and is no hole', async () => {
  const { bench, live } = await newLog(30_000);
  const stop = new AbortController();
  const stopping = bench.chain('mail.log', { signal: stop.signal, onBytes: () => stop.abort() });
  await stopping.pass(emptySummary());
  const { length } = await bench.counted();
  expect(length).toBeGreaterThan(10_000);
  expect(length).toBeLessThan(30_000);
  await rename(live, `${live}.1`);
  await writeFile(live, linesOf(30_000, 30_010));
  await stopping.pass(emptySummary());
  expect(await bench.counted()).toEqual(numbers(0, length));
  await bench.read();
  expect(await bench.counted()).toEqual(numbers(0, 30_010));
  expect(await gapsIn(bench)).toEqual([]);
});
