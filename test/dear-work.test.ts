import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isTooSoon } from '../src/dear-work.ts';
import type { TallyKey } from '../src/ledger/ledger.ts';
import { migrate } from '../src/ledger/migrations.ts';
import { SqlLedger } from '../src/ledger/sql-ledger.ts';
import { openSqlite } from '../src/ledger/sqlite.ts';

it('dear work is done again after thirty times as long, cheap work whenever it is asked for', () => {
  expect(isTooSoon({ at: 1000, took: 1999 }, 1000)).toBe(false);
  expect(isTooSoon({ at: 1000, took: 2000 }, 60_999)).toBe(true);
  expect(isTooSoon({ at: 1000, took: 2000 }, 61_000)).toBe(false);
  // A clock that was set back must not keep anything from being done.
  expect(isTooSoon({ at: 1000, took: 2000 }, 999)).toBe(false);
});

it('a day whose summing up is dear is told as it was, for a while', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'dear-'));
  const database = openSqlite(directory);
  await migrate(database);
  const ledger = new SqlLedger(database);
  const key: TallyKey = {
    hour: Date.parse('2026-11-20T10:00:00Z'),
    host: 'mta1',
    parser: 'postfix',
    recipientDomain: 'example.org',
    outcome: 'success',
    basis: 'tls-line',
  };
  const log = await ledger.log('mta1', 'postfix', 'x');
  await ledger.commit({
    logId: log.id,
    ingestedAt: 0,
    sessions: new Map([['a', { key, count: 2 }]]),
    openChanged: [],
    openDeleted: [],
    expectedVersion: log.version,
    refuseOverlap: false,
  });
  const [fresh] = await ledger.daySums();
  expect(fresh).toMatchObject({ sessions: 2, unattributed: 2 });
  const keep = (at: number) =>
    database.query(
      'INSERT INTO day_sum (day, state, content) VALUES ($1, $2, $3) ON CONFLICT (day) DO UPDATE SET content = $3',
      ['2026-11-20', '', JSON.stringify({ ...fresh, sessions: 1, at, took: 3_600_000 })],
    );
  await keep(Date.now());
  expect(await ledger.daySums()).toEqual([{ ...fresh, sessions: 1 }]);
  await keep(0);
  expect(await ledger.daySums()).toEqual([fresh]);
  await ledger.close();
  await rm(directory, { recursive: true });
});
