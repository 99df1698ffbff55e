import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { backupLedger, checkLedger, restoreLedger } from '../../src/ledger/care.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { openSqlite } from '../../src/ledger/sqlite.ts';
import { batchOf, NOON, sessions, success } from './batches.ts';
import { fillOlder, makeOlder } from './older-contract.ts';

let directory: string;
let state: string;
let backup: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'care-'));
  state = join(directory, 'state');
  backup = join(directory, 'backup.sqlite');
});
afterEach(() => rm(directory, { recursive: true }));

async function makeBackup(sql?: string): Promise<void> {
  const ledger = await openLedger(state);
  await ledger.commit(await batchOf(ledger));
  await ledger.close();
  await backupLedger(state, backup);
  if (sql === undefined) return;
  const place = join(directory, 'changed');
  await restoreLedger(place, backup, NOON);
  const database = openSqlite(place);
  await database.query(sql);
  await rm(backup);
  await database.query('VACUUM INTO $1', [backup]);
  await database.close();
}

it('restores a backup that an older program has made, and counts on upon it', async () => {
  const older = openSqlite(join(directory, 'older'));
  await makeOlder(older);
  await fillOlder(older);
  await older.query('VACUUM INTO $1', [backup]);
  await older.close();
  await restoreLedger(state, backup, NOON);
  expect(await checkLedger(state)).toMatchObject({ faults: [], rows: { tally: 3 } });
  const ledger = await openLedger(state);
  await ledger.commit(await batchOf(ledger, { sessions: sessions([success, 3]) }));
  expect(await ledger.domainDays({ day: '2026-11-20' })).toMatchObject([{ sessions: 6, failures: 1 }]);
  await ledger.close();
});

it('names the backup, and not its copy, when a newer program has made it', async () => {
  await makeBackup("UPDATE meta SET content = '99' WHERE name = 'schema'");
  await expect(restoreLedger(state, backup, NOON)).rejects.toMatchObject({
    exitCode: EXIT.config,
    message: expect.stringContaining('newer maillog-tlsrpt (schema 99)'),
    where: backup,
  });
  expect(await readdir(state)).not.toContainEqual(expect.stringContaining('.tmp'));
});

it('names the backup, and says to take another, when it is so damaged that nothing can be read of it', async () => {
  await makeBackup();
  const bytes = await readFile(backup);
  await writeFile(backup, bytes.fill(0xff, 100, 20_000));
  await expect(restoreLedger(state, backup, NOON)).rejects.toMatchObject({
    exitCode: EXIT.data,
    message: expect.stringMatching(/^the backup is damaged: /),
    where: backup,
    help: expect.stringContaining('take an older one'),
  });
});
