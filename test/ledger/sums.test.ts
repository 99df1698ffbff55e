import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '../../src/ledger/open.ts';
import { describeSums } from './sums-contract.ts';

describeSums('SQLite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  const ledger = await openLedger(directory);
  return {
    ledger,
    async clean() {
      await ledger.close();
      await rm(directory, { recursive: true });
    },
  };
});
