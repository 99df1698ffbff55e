import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EXIT, Problem } from '../../src/errors.ts';
import { backupLedger } from '../../src/ledger/care.ts';
import { closingAfter } from '../../src/ledger/closing.ts';
import { openLedger } from '../../src/ledger/open.ts';
import type { SqlDatabase } from '../../src/ledger/sql.ts';
import { openSqliteToLook } from '../../src/ledger/sqlite-look.ts';

let directory: string;
let file: string;
let database: SqlDatabase;
let told: Problem[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'closing-'));
  const [busy, alone] = [join(directory, 'busy'), join(directory, 'alone')];
  await (await openLedger(busy)).close();
  await mkdir(alone);
  file = join(alone, 'ledger.sqlite');
  await backupLedger(busy, file);
  database = openSqliteToLook(alone, false);
  told = [];
});
afterEach(() => rm(directory, { recursive: true }));

const CHANGED = { exitCode: EXIT.tryAgain, message: 'the ledger was written while it was looked at' };

/** What is done while another writes. */
function disturbed<T>(work: () => Promise<T>): Promise<T> {
  const disturb = async () => {
    await utimes(file, new Date(), new Date(0));
    return work();
  };
  return closingAfter(database, disturb, (problem) => told.push(problem));
}

it('gives what was found, and tells nothing where nobody wrote', async () => {
  expect(
    await closingAfter(
      database,
      async () => 'found',
      (problem) => told.push(problem),
    ),
  ).toBe('found');
  expect(told).toEqual([]);
});

it('gives what was found though another wrote meanwhile, and tells that', async () => {
  expect(await disturbed(async () => 'found')).toBe('found');
  expect(told).toMatchObject([CHANGED]);
});

it('does not hide what is wrong with the work behind what others wrote', async () => {
  const wrong = new Problem(EXIT.usage, 'wrong');
  await expect(disturbed(() => Promise.reject(wrong))).rejects.toBe(wrong);
  expect(told).toEqual([]);
});

it('takes no file for damaged that was written while it was read', async () => {
  await writeFile(file, Buffer.alloc(400_000, 0xff));
  await expect(disturbed(() => database.query('SELECT * FROM note'))).rejects.toMatchObject(CHANGED);
});

it('gives what was found though the file was moved away meanwhile, and tells that', async () => {
  const moved = async () => {
    await rename(file, `${file}.old`);
    return 'found';
  };
  expect(await closingAfter(database, moved, (problem) => told.push(problem))).toBe('found');
  expect(told).toMatchObject([
    { exitCode: EXIT.tryAgain, message: 'the ledger was taken away while it was looked at' },
  ]);
});
