import { rmSync } from 'node:fs';
import { appendFile, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { type Ledger, StalePosition } from '../../../src/ledger/ledger.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import { Stitching } from '../../../src/reading/ahead/stitching.ts';
import type { Threads } from '../../../src/reading/ahead/worker-entry.ts';
import { type ReadSummary, readArchivedLogs } from '../../../src/reading.ts';
import { createParser, loadParser } from '../../../src/registry.ts';
import { sparseDay } from './sparse-log.ts';
import { dyingHere, threadsHere } from './threads-here.ts';

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2026, 10, 12);
const NOW = FIRST_DAY + 10 * DAY_MS;
/** A part is a quarter of a day of the log. */
const SIZES = { part: 250_000, seen: 50_000 };

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'read-ahead-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(place, { recursive: true });
});

/** Files of these contents, each last changed when its day was over. */
async function files(contents: Readonly<Record<string, string | Buffer>>): Promise<string[]> {
  const paths: string[] = [];
  for (const [at, [name, content]] of Object.entries(contents).entries()) {
    const path = join(place, name);
    await writeFile(path, content);
    const changed = new Date(FIRST_DAY + (at + 1) * DAY_MS);
    await utimes(path, changed, changed);
    paths.push(path);
  }
  return paths;
}

async function backfill(
  state: string,
  paths: readonly string[],
  threads?: Threads,
  prepare: (ledger: Ledger) => void = () => {},
): Promise<ReadSummary> {
  const module = await loadParser('postfix', place);
  const options = { midStream: true, ownSender: 'tlsrpt@here.example' };
  const ledger = await openLedger(join(place, state));
  prepare(ledger);
  try {
    const how = {
      parserName: 'postfix',
      makeParser: () => createParser(module, options),
      parserSpec: { name: 'postfix', options },
      zone: zoneOf('UTC'),
      host: 'mail7',
      overlap: 'count',
    } as const;
    const deps = { ledger, clock: { now: () => NOW }, batchTallies: 300 };
    return await readArchivedLogs({ ...deps, ...(threads !== undefined && { threads }) }, paths, how);
  } finally {
    await ledger.close();
  }
}

/** What a ledger holds of the logs, but for numbers that are given in the order of writing. */
async function held(state: string): Promise<unknown> {
  const ledger = await openLedger(join(place, state));
  try {
    const logs = await ledger.logs();
    const open = (await Promise.all(logs.map(({ id }) => ledger.openRows(id)))).flat();
    const tallies = (await ledger.tallies({})).map(({ id: _, ...tally }) => JSON.stringify(tally)).sort();
    const segments = (await ledger.segments('mail7', 'postfix')).map(({ id: _, ...segment }) => segment);
    return { tallies, segments, open: open.map(withoutSequence).sort() };
  } finally {
    await ledger.close();
  }
}

function withoutSequence(row: unknown): string {
  return JSON.stringify(row, (name, value: unknown) => (name === 'sequence' ? undefined : value));
}

/** How many batches the reader took of what was told. */
function taken({ mock }: MockInstance<Stitching['take']>): number {
  return mock.results.filter(({ value }) => value === true).length;
}

/** Reads files with and without threads, and expects the very same of both. */
async function expectAlike(paths: readonly string[], threads: Threads): Promise<ReadSummary> {
  const alone = await backfill('alone', paths);
  const ahead = await backfill('ahead', paths, threads);
  expect(ahead).toEqual(alone);
  expect(await held('ahead')).toEqual(await held('alone'));
  return ahead;
}

const days = (...numbers: number[]): string[] => numbers.map((day) => sparseDay(FIRST_DAY + day * DAY_MS));

describe.each([1, 3])('with %i threads beside the reader', (most) => {
  it('a plain log leaves what it leaves alone, though most of it is read elsewhere', async () => {
    const [path = ''] = await files({ 'mail.log': days(0, 1, 2).join('') });
    await utimes(path, NOW / 1000, NOW / 1000);
    const take = vi.spyOn(Stitching.prototype, 'take');
    const threads = threadsHere(most, SIZES);
    expect(await expectAlike([path], threads)).toMatchObject({ faults: [], sessions: 8208 });
    expect(taken(take)).toBeGreaterThan(3);
  });

  it('so do archives, each read elsewhere but for its beginning', async () => {
    const packed = days(0, 1, 2, 3, 4).map((text) => gzipSync(text));
    const paths = await files(
      Object.fromEntries(packed.map((bytes, at) => [`mail.log.${9 - at}.gz`, bytes])),
    );
    const take = vi.spyOn(Stitching.prototype, 'take');
    expect(await expectAlike(paths, threadsHere(most, SIZES))).toMatchObject({
      faults: [],
      files: 5,
      sessions: 13_680,
    });
    expect(taken(take)).toBe(most === 1 ? 2 : 3);
  });

  it('so do logs that are damaged, cut off, empty, misnamed, or go on behind their last newline', async () => {
    const [first = '', second = '', third = '', fourth = '', fifth = '', sixth = ''] = days(0, 1, 2, 3, 4, 5);
    const damaged = gzipSync(third);
    damaged.fill(0x55, Math.floor(damaged.length * 0.8), Math.floor(damaged.length * 0.8) + 30);
    const cut = gzipSync(fourth);
    const paths = await files({
      'mail.log.9.gz': gzipSync(first.slice(0, -1)),
      'mail.log.8': gzipSync(second),
      'mail.log.7.gz': damaged,
      'mail.log.6.gz': cut.subarray(0, Math.floor(cut.length * 0.6)),
      'mail.log.5.gz': Buffer.concat([
        gzipSync(fifth.slice(0, 1000)),
        gzipSync(fifth.slice(1000)),
        Buffer.from('garbage'),
      ]),
      'mail.log.4.gz': gzipSync(''),
      'mail.log.3.gz': sixth.slice(0, -20),
    });
    const { faults, notices } = await expectAlike(paths, threadsHere(most, SIZES));
    expect(faults.map(({ path }) => path.slice(place.length + 1))).toEqual([
      'mail.log.7.gz',
      'mail.log.6.gz',
    ]);
    expect(notices).toMatchObject([{ id: 'garbage' }]);
  });

  it('a log is read on from where it was read before', async () => {
    const [text = ''] = [days(0, 1, 2).join('')];
    for (const [state, threads] of [
      ['alone', undefined],
      ['ahead', threadsHere(most, SIZES)],
    ] as const) {
      const [path = ''] = await files({ 'mail.log': text.slice(0, 700_000) });
      await backfill(state, [path]);
      await appendFile(path, text.slice(700_000));
      await utimes(path, NOW / 1000, NOW / 1000);
      expect(await backfill(state, [path], threads)).toMatchObject({ faults: [], files: 1 });
      expect(await backfill(state, [path], threads)).toMatchObject({ known: 1, lines: 0 });
    }
    expect(await held('ahead')).toEqual(await held('alone'));
  });

  it('what a thread was at when it died is read without it', async () => {
    const [path = ''] = await files({ 'mail.log': days(0, 1, 2).join('') });
    await utimes(path, NOW / 1000, NOW / 1000);
    await expectAlike([path], dyingHere(most, SIZES));
  });
});

it('lines that only the other files of their log date are dated alike', async () => {
  const [older = '', newer = ''] = [
    sparseDay(Date.UTC(2025, 11, 31)) + sparseDay(Date.UTC(2026, 0, 1)),
    sparseDay(Date.UTC(2026, 0, 2)) + sparseDay(Date.UTC(2026, 0, 3)),
  ];
  const paths = await files({
    'mail.log.2.gz': gzipSync(older),
    'mail.log.1.gz': gzipSync(newer),
    'mail.log': days(0, 1).join(''),
  });
  for (const path of paths) await utimes(path, NOW / 1000, NOW / 1000);
  const take = vi.spyOn(Stitching.prototype, 'take');
  await expectAlike(paths, threadsHere(1, SIZES));
  expect(taken(take)).toBeGreaterThan(1);
});

it('rotations that are no larger than a part are read elsewhere but for their beginning', async () => {
  const contents = Object.fromEntries(days(0, 1, 2, 3, 4).map((text, at) => [`mail.log.${9 - at}`, text]));
  const take = vi.spyOn(Stitching.prototype, 'take');
  await expectAlike(await files(contents), threadsHere(1, { ...SIZES, part: 10_000_000 }));
  expect(taken(take)).toBe(2);
});

it('a log whose name is gone is read on where it was opened, though a stretch of it was taken', async () => {
  const text = days(0, 1, 2).join('');
  const path = join(place, 'mail.log');
  await files({ 'mail.log': text });
  const alone = await backfill('alone', [path]);
  let calls = 0;
  const real = Stitching.prototype.take;
  vi.spyOn(Stitching.prototype, 'take').mockImplementation(function (this: Stitching, ...given) {
    calls += 1;
    if (calls < 2) return real.apply(this, given);
    rmSync(path, { force: true });
    return false;
  });
  expect(await backfill('ahead', [path], threadsHere(1, SIZES))).toEqual(alone);
  expect(calls).toBeGreaterThan(1);
  expect(await held('ahead')).toEqual(await held('alone'));
});

it('a later file that is gone before its turn is no fault of the one being read', async () => {
  const [first = '', second = ''] = await files({
    'mail.log.2': days(0, 1).join(''),
    'mail.log.1': days(2).join(''),
  });
  const threads = threadsHere(1, SIZES);
  const connect = () => {
    rmSync(second, { force: true });
    return threads.connect();
  };
  const gone = { ...threads, connect };
  const { faults, files: read } = await backfill('ahead', [first, second], gone);
  expect(faults.map(({ path }) => path)).toEqual([second]);
  expect(read).toBe(2);
});

it('all is read without threads where none can be started', async () => {
  const paths = await files({ 'mail.log': days(0, 1).join('') });
  const none = () => {
    throw new Error('Worker initialization failure: EAGAIN');
  };
  await expectAlike(paths, { most: 2, ...SIZES, connect: none });
});

it('a file that is come back to, for somebody else has read on, counts once', async () => {
  const [path = ''] = await files({ 'mail.log': days(0, 1, 2).join('') });
  await utimes(path, NOW / 1000, NOW / 1000);
  await backfill('alone', [path]);
  const commits = vi.spyOn(Stitching.prototype, 'take');
  let stale = 0;
  const once = (ledger: Ledger) => {
    const { commit } = ledger;
    vi.spyOn(ledger, 'commit').mockImplementation(async (batch) => {
      if (taken(commits) > 0 && stale++ === 0) throw new StalePosition('somebody else has read on');
      return commit.call(ledger, batch);
    });
  };
  await backfill('ahead', [path], threadsHere(1, SIZES), once);
  expect(stale).toBeGreaterThan(1);
  expect(await held('ahead')).toEqual(await held('alone'));
});
