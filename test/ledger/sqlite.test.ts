import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { openSqlite } from '../../src/ledger/sqlite.ts';
import { describeLedger } from './ledger-contract.ts';

describeLedger('SQLite', async () => {
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
});

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
