import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';

/** Debian's nobody; these tests run as root. */
const NOBODY = 65_534;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'owner-'));
  await chown(directory, NOBODY, NOBODY);
});
afterEach(() => rm(directory, { recursive: true }));

async function owners(): Promise<number[]> {
  const files = ['ledger.sqlite', 'ledger.sqlite-wal', 'ledger.sqlite-shm'];
  return Promise.all(files.map(async (file) => (await stat(join(directory, file))).uid));
}

it('a ledger that root opens first belongs to the owner of its directory, journal and all', async () => {
  const ledger = await openLedger(directory);
  await ledger.setNote('a', 1);
  expect(await owners()).toEqual([NOBODY, NOBODY, NOBODY]);
  await ledger.close();
});

it('a ledger that is there already keeps its owner', async () => {
  await writeFile(join(directory, 'ledger.sqlite'), '');
  await chown(join(directory, 'ledger.sqlite'), 1, 1);
  const ledger = await openLedger(directory);
  await ledger.setNote('a', 1);
  expect(await owners()).toEqual([1, 1, 1]);
  await ledger.close();
});
