import { copyFile, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { expect, it } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { lookingLedger } from '../../src/ledger/looking.ts';
import { migrate } from '../../src/ledger/migrations.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { SqlLedger } from '../../src/ledger/sql-ledger.ts';
import { openSqlite } from '../../src/ledger/sqlite.ts';
import { openSqliteToLook } from '../../src/ledger/sqlite-look.ts';
import { describeKeeping } from './keeping-contract.ts';
import { describeLedger } from './ledger-contract.ts';
import { describeTallies } from './tallies-contract.ts';

async function openPlace() {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  let ledger = await openLedger(directory);
  return {
    ledger,
    async reopen() {
      await ledger.close();
      ledger = await openLedger(directory);
      return ledger;
    },
    async clean() {
      await ledger.close();
      await rm(directory, { recursive: true });
    },
  };
}

describeLedger('SQLite', openPlace);
describeTallies('SQLite', openPlace);
describeKeeping('SQLite', openPlace);

it('refuses a ledger newer than the program', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  await (await openLedger(directory)).close();
  const database = openSqlite(directory);
  await database.query("UPDATE meta SET content = '99' WHERE name = 'schema'");
  await database.close();
  await expect(openLedger(directory)).rejects.toMatchObject({ exitCode: EXIT.config, where: directory });
  await rm(directory, { recursive: true });
});

it('says so when the state directory cannot be made', async () => {
  await expect(openLedger('/dev/null/state')).rejects.toMatchObject({
    exitCode: EXIT.cannotWrite,
    where: '/dev/null/state',
  });
});

it('gives the space back that has come free, but for a part that the next days need again', async () => {
  const { ledger, clean } = await openPlace();
  const size = async () => (await ledger.size()) ?? 0;
  const empty = await size();
  for (let name = 0; name < 200; name++) await ledger.cache('kind', String(name), 'x'.repeat(20_000), name);
  const full = await size();
  expect(full).toBeGreaterThan(empty + 4_000_000);
  await ledger.tidy('2026-11-20', 0, 100);
  const half = await size();
  expect(half).toBeGreaterThan(empty + 2_000_000);
  expect(half).toBeLessThan(empty + 3_000_000);
  await ledger.tidy('2026-11-20', 0, 200);
  expect(await size()).toBeLessThan(empty * 1.5);
  await clean();
});

it('is read by who may not write it, while others have it open', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ledger # %?'));
  const writer = await openLedger(directory);
  await writer.setNote('a', 1);
  const beside = openSqliteToLook(directory, false);
  expect(await beside.query("SELECT content FROM note WHERE name = 'a'")).toMatchObject([{ content: '1' }]);
  await expect(beside.query("DELETE FROM note WHERE name = 'a'")).rejects.toMatchObject({
    exitCode: EXIT.cannotWrite,
  });
  await beside.close();
  await writer.close();
  await rm(directory, { recursive: true });
});

it('is read where it lies while nobody has it open, and says so when it was written meanwhile', async () => {
  const busy = await mkdtemp(join(tmpdir(), 'ledger-'));
  const writer = await openLedger(busy);
  await writer.setNote('a', 1);
  await writer.close();
  const database = openSqlite(busy);
  await database.query('PRAGMA wal_checkpoint(TRUNCATE)');
  await database.close();
  const directory = await mkdtemp(join(tmpdir(), 'ledger # %?'));
  const path = join(directory, 'ledger.sqlite');
  await copyFile(join(busy, 'ledger.sqlite'), path);
  const alone = openSqliteToLook(directory, false);
  expect(await alone.query("SELECT content FROM note WHERE name = 'a'")).toMatchObject([{ content: '1' }]);
  await alone.close();
  expect(await readdir(directory)).toEqual(['ledger.sqlite']);
  const surprised = openSqliteToLook(directory, false);
  await utimes(path, new Date(), new Date(0));
  await expect(surprised.close()).rejects.toMatchObject({ exitCode: EXIT.tryAgain });
  await rm(directory, { recursive: true });
  await rm(busy, { recursive: true });
});

it('is looked at as if what is noted by the way were kept, and refuses what is there to be written', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  const writer = await openLedger(directory);
  const database = openSqliteToLook(directory, false);
  const looking = lookingLedger(new SqlLedger(database), database);
  const made = await looking.instance();
  expect(made).toMatch(/^[0-9a-f]{10}$/);
  expect(await looking.instance()).toBe(made);
  await looking.setNote('a', 1);
  await looking.cache('kind', 'a', 1, 1);
  expect(await looking.noteNames()).toEqual([]);
  await expect(looking.dropNotes(['a'])).rejects.toMatchObject({ exitCode: EXIT.cannotWrite });
  const kept = await writer.instance();
  expect(kept).not.toBe(made);
  expect(await lookingLedger(new SqlLedger(database), database).instance()).toBe(kept);
  await looking.close();
  await writer.close();
  await rm(directory, { recursive: true });
});

it.each([
  ['of an older version', "UPDATE meta SET content = '1' WHERE name = 'schema'"],
  ['that holds nothing yet', 'DROP TABLE meta'],
])('says to who may only read a file %s who brings it up to date', async (_what, sql) => {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  await (await openLedger(directory)).close();
  const writer = openSqlite(directory);
  await writer.query(sql);
  const looking = openSqliteToLook(directory, false);
  await expect(migrate(looking)).rejects.toMatchObject({
    exitCode: EXIT.config,
    message: 'the ledger is of an older version, and this user may not bring it up to date',
    help: 'the next `run` does, or ask as one who may write',
    where: directory,
  });
  await looking.close();
  await writer.close();
  await rm(directory, { recursive: true });
});

it('says to who may only read it that the file is damaged', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  await writeFile(join(directory, 'ledger.sqlite'), 'no database'.repeat(1000));
  expect(() => openSqliteToLook(directory, false)).toThrow(
    expect.objectContaining({
      exitCode: EXIT.config,
      message: expect.stringMatching(/^the ledger is damaged: /),
    }),
  );
  await rm(directory, { recursive: true });
});

it('says to who may only read it that a file is not there, or none, and blames no user', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  const unreadable = (words: string) =>
    expect.objectContaining({ exitCode: EXIT.cannotWrite, message: `the ledger cannot be read: ${words}` });
  expect(() => openSqliteToLook(join(directory, 'none'), false)).toThrow(unreadable('it does not exist'));
  await mkdir(join(directory, 'ledger.sqlite'));
  expect(() => openSqliteToLook(directory, false)).toThrow(unreadable('SQLite cannot open it'));
  await rm(directory, { recursive: true });
});

it('asks who may only read it to come again while another keeps it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  const keeper = new Database(join(directory, 'ledger.sqlite'));
  keeper.exec('CREATE TABLE note (name TEXT)');
  keeper.exec('BEGIN EXCLUSIVE');
  // While somebody has it open there is a journal.
  await writeFile(join(directory, 'ledger.sqlite-wal'), '');
  expect(() => openSqliteToLook(directory, false, 10)).toThrow(
    expect.objectContaining({
      exitCode: EXIT.tryAgain,
      message: 'the ledger is in use by another process',
    }),
  );
  keeper.close();
  await rm(directory, { recursive: true });
});
