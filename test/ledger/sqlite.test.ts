import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { openSqlite } from '../../src/ledger/sqlite.ts';
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
