import { appendFile, copyFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { gapsOf } from '../../src/reading/trail.ts';
import { readArchivedLogs } from '../../src/reading.ts';
import { counted, edit, editByRenaming } from './edits.ts';
import { BEGIN, type Bench, benches, linesOf, numbers } from './numbered-lines.ts';

const newBench = benches();

/** A log of which 200 lines (over 4096 bytes) were read. */
async function newLog(lines = 200): Promise<{ bench: Bench; live: string }> {
  const bench = await newBench();
  const live = bench.at('mail.log');
  await writeFile(live, linesOf(0, lines));
  await bench.read();
  return { bench, live };
}

async function gapsIn(bench: Bench) {
  const log = await bench.ledger.log('mta1', 'numbered', bench.at('mail.log'));
  return gapsOf(bench.ledger, log.id);
}

const without = (number: number) => (text: string) => text.replace(linesOf(number, number + 1), '');

describe('a log that is edited between two passes', () => {
  test.each([
    ['its first line', 0],
    ['a line near its beginning', 5],
    ['a line further on', 150],
  ])('by deleting %s is read on where reading had stopped', async (_, number) => {
    for (const change of [edit, editByRenaming]) {
      const { bench, live } = await newLog();
      await appendFile(live, linesOf(200, 210));
      await change(live, without(number));
      const { notices } = await bench.read();
      expect(notices).toMatchObject([{ id: 'edited', text: expect.stringContaining('nothing is lost') }]);
      expect(await bench.counted()).toEqual(numbers(0, 210));
      await appendFile(live, linesOf(210, 220));
      expect((await bench.read()).notices).toEqual([]);
      expect(await bench.counted()).toEqual(numbers(0, 220));
      expect(await gapsIn(bench)).toEqual([]);
    }
  });

  test('is known as such though it begins and ends with lines of other programs', async () => {
    const bench = await newBench();
    const live = bench.at('mail.log');
    const others = (from: number, to: number) =>
      linesOf(from, to).replaceAll('test[1]: line', 'cron[2]: job');
    const before = others(0, 60);
    await writeFile(live, before + linesOf(60, 150) + others(150, 900));
    await bench.read();
    for (const [change, again, end] of [
      [(text: string) => text.replace(before.slice(0, 1000), ''), others(900, 910), 910],
      [without(60), '', 920],
      [(text: string) => text.replace(linesOf(100, 150), ''), '', 930],
    ] as const) {
      await edit(live, change);
      await appendFile(live, again + linesOf(end, end + 5));
      expect((await bench.read()).notices).toMatchObject([{ id: 'edited' }]);
      const rest = [910, 920, 930].filter((number) => number <= end);
      const wanted = [...numbers(60, 150), ...rest.flatMap((number) => numbers(number, number + 5))];
      expect(await counted(bench)).toEqual(wanted);
    }
    await writeFile(live, (await readFile(live, 'utf8')).replaceAll(' mta1 ', ' host1 '));
    await appendFile(live, linesOf(940, 945));
    expect((await bench.read()).notices).toMatchObject([{ id: 'edited' }]);
    expect((await counted(bench)).slice(-5)).toEqual(numbers(940, 945));
    expect(await counted(bench)).toHaveLength(110);
  });

  test('is read on when it is edited again, and when it is rotated then', async () => {
    const { bench, live } = await newLog();
    for (const [number, end] of [
      [20, 210],
      [170, 220],
      [0, 230],
      [205, 240],
    ] as const) {
      await edit(live, without(number));
      await appendFile(live, linesOf(end - 10, end));
      await bench.read();
      expect(await bench.counted()).toEqual(numbers(0, end));
    }
    await appendFile(live, linesOf(240, 250));
    await writeFile(`${live}.1.gz`, gzipSync(await readFile(live)));
    await rm(live);
    await writeFile(live, linesOf(250, 260));
    expect((await bench.read()).notices).toEqual([]);
    expect(await bench.counted()).toEqual(numbers(0, 260));
    expect(await gapsIn(bench)).toEqual([]);
  });

  test('and then at its end does not count again what was read between the two', async () => {
    const { bench, live } = await newLog();
    await edit(live, without(20));
    await appendFile(live, linesOf(200, 210));
    await bench.read();
    await edit(live, without(209));
    await appendFile(live, linesOf(210, 220));
    await bench.read();
    expect(await bench.counted()).toEqual(numbers(0, 220));
  });

  test('and is shorter then than what was read is read on too, also after a rotation', async () => {
    const { bench, live } = await newLog();
    await edit(live, (text) => text.replace(linesOf(100, 190), ''));
    await bench.read();
    await appendFile(live, linesOf(200, 205));
    await rename(live, `${live}.1`);
    await writeFile(live, linesOf(205, 210));
    await bench.read();
    expect(await bench.counted()).toEqual(numbers(0, 210));
  });

  test('at its very end is read on by time, and that is said', async () => {
    const { bench, live } = await newLog();
    await edit(live, (text) => text.replace(linesOf(190, 200), ''));
    await appendFile(live, linesOf(202, 240));
    const { notices } = await bench.read();
    expect(notices).toMatchObject([
      { id: 'edited', text: expect.stringContaining('logged after 2026-11-20T10:03:19Z') },
    ]);
    expect(await counted(bench)).toEqual([...numbers(0, 200), ...numbers(202, 240)]);
    const gap = { kind: 'edited', after: BEGIN + 199_000, before: BEGIN + 202_000, noticedAt: bench.now };
    expect(await gapsIn(bench)).toEqual([gap]);
    expect((await bench.read()).notices).toEqual([]);
    expect(await gapsIn(bench)).toEqual([gap]);
  });

  test('at its end, and short, is read on once it clearly holds something new', async () => {
    const { bench, live } = await newLog(1000);
    await edit(live, (text) => text.replace(linesOf(500, 1000), ''));
    await bench.read();
    expect(await bench.counted()).toEqual(numbers(0, 1000));
    await appendFile(live, linesOf(1301, 1310));
    await bench.read();
    expect(await counted(bench)).toEqual([...numbers(0, 1000), ...numbers(1301, 1310)]);
  });

  test('everywhere, so that no text of it stands any more, is read on by time', async () => {
    const { bench, live } = await newLog();
    await editByRenaming(live, (text) => text.replaceAll(' mta1 ', ' host1 '));
    await appendFile(live, linesOf(200, 210));
    const { notices } = await bench.read();
    expect(notices.map(({ id }) => id)).toEqual(['edited']);
    expect(await counted(bench)).toEqual(numbers(0, 210));
    expect(await gapsIn(bench)).toMatchObject([{ kind: 'edited', after: BEGIN + 199_000 }]);
  });

  test('after its rotation does not count again', async () => {
    const { bench, live } = await newLog();
    await rename(live, `${live}.1`);
    await writeFile(live, linesOf(200, 250));
    await bench.read();
    for (const path of [`${live}.1`, live]) await edit(path, (text) => text.slice(text.indexOf('\n') + 1));
    await appendFile(live, linesOf(250, 260));
    await bench.read();
    expect(await bench.counted()).toEqual(numbers(0, 260));
  });
});

test('a log that was not rotated for years is edited without its years being mixed up', async () => {
  const bench = await newBench();
  const live = bench.at('mail.log');
  const line = (number: number, daysAgo: number) => {
    const [, day = '', month = ''] =
      /, (\d+) (\w+)/.exec(new Date(bench.now - daysAgo * 86_400_000).toUTCString()) ?? [];
    return `${month} ${String(Number(day)).padStart(2)} 12:00:00 mta1 test[1]: line ${number} ${'x'.repeat(100)}\n`;
  };
  const lines = numbers(0, 180).map((number) => line(number, 902 - 5 * number));
  await writeFile(live, lines.join(''));
  await bench.read();
  expect(await bench.counted()).toEqual(numbers(0, 180));
  await writeFile(live, lines.toSpliced(179, 1).join('') + line(180, 1));
  await bench.read();
  expect(await bench.counted()).toEqual(numbers(0, 181));
  expect(await gapsIn(bench)).toMatchObject([{ kind: 'edited' }]);
  await appendFile(live, line(181, 0));
  await bench.read();
  expect(await bench.counted()).toEqual(numbers(0, 182));
  const days = await bench.ledger.days();
  expect(new Date(days[0] ?? '').getTime()).toBeLessThan(bench.now - 900 * 86_400_000);
  expect(days).toHaveLength(182);
});

describe('what looks like an edit and is none', () => {
  test('a log whose clock was set back as it was rotated is read whole', async () => {
    const { bench, live } = await newLog();
    await rename(live, `${live}.1`);
    await writeFile(live, linesOf(50, 60).replaceAll('line ', 'line 9'));
    expect((await bench.read()).notices).toEqual([]);
    expect(await counted(bench)).toHaveLength(210);
  });

  test('a log emptied by a copy, whose clock was set back', async () => {
    const { bench, live } = await newLog();
    await copyFile(live, `${live}.1`);
    await truncate(live);
    await appendFile(live, linesOf(50, 60).replaceAll('line ', 'line 9'));
    expect((await bench.read()).notices).toMatchObject([{ id: 'gap-copied' }]);
    expect(await counted(bench)).toHaveLength(210);
  });

  test('a log that vanished while its clock was years ahead is read whole', async () => {
    const bench = await newBench();
    const live = bench.at('mail.log');
    await writeFile(live, linesOf(0, 200).replaceAll('2026-', '2126-'));
    await bench.read();
    await rm(live);
    await writeFile(live, linesOf(200, 210));
    await bench.read();
    expect(await counted(bench)).toEqual(numbers(0, 210));
  });

  test.each([
    ['of other programs', 'cron[2]: job'],
    ['that do not matter, whatever they hold', 'test[1]: noise line'],
  ])('a copy that is cut short among lines %s holds nothing new', async (_, noise) => {
    const bench = await newBench();
    const live = bench.at('mail.log');
    const others = linesOf(500, 2000).replaceAll('test[1]: line', noise);
    await writeFile(live, linesOf(0, 100) + others);
    await bench.read();
    await rename(live, `${live}.1`);
    await writeFile(live, linesOf(2000, 2010));
    await edit(`${live}.1`, (text) => text.slice(0, 60_000));
    expect((await bench.read()).notices).toEqual([]);
    expect(await counted(bench)).toEqual([...numbers(0, 100), ...numbers(2000, 2010)]);
  });

  test('a copy that is cut short holds nothing new', async () => {
    const { bench, live } = await newLog();
    await rename(live, `${live}.1`);
    await writeFile(live, linesOf(200, 210));
    await bench.read();
    await edit(`${live}.1`, (text) => text.slice(0, 6000));
    expect((await bench.read()).notices).toEqual([]);
    expect(await bench.counted()).toEqual(numbers(0, 210));
  });
});

describe('an archive that was edited after its log was read', () => {
  async function backfill(bench: Bench, overlap: 'refuse' | 'count') {
    const { name: _, ...how } = bench.source();
    const deps = { ledger: bench.ledger, clock: { now: () => bench.now } };
    return readArchivedLogs(deps, [bench.at('mail.log')], { ...how, overlap });
  }

  test.each([0, 5, 150, 199])(
    'by deleting line %i is refused, and counted where somebody insists',
    async (number) => {
      const { bench, live } = await newLog();
      await edit(live, without(number));
      await appendFile(live, linesOf(200, 210));
      const { faults } = await backfill(bench, 'refuse');
      expect(faults).toMatchObject([
        { problem: { exitCode: 65, help: expect.stringContaining('--overlap') } },
      ]);
      expect(await bench.counted()).toEqual(numbers(0, 200));
      expect((await backfill(bench, 'count')).faults).toEqual([]);
      expect(await counted(bench)).toHaveLength(200 + 209);
    },
  );
});
