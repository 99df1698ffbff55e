import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { freezeReport, trustAnchorsOf } from '../../src/days/building.ts';
import type { Ledger, TallyKey } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';

const DAY = '2026-11-22';
const NOON = Date.parse('2026-11-22T12:00:00Z');
const config = configSchema.parse({ organization: 'Example', contact: 'tls@example.com', state: '.' });
const key: TallyKey = {
  hour: NOON,
  host: 'mta1',
  parser: 'postfix',
  recipientDomain: 'example.org',
  outcome: 'success',
  basis: 'tls-line',
};

let directory: string;
let ledger: Ledger;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'building-'));
  ledger = await openLedger(directory);
});
afterEach(async () => {
  await ledger.close();
  await rm(directory, { recursive: true });
});

async function read(count: number): Promise<void> {
  const log = await ledger.log('mta1', 'postfix', '/var/log/mail.log');
  await ledger.commit({
    logId: log.id,
    ingestedAt: NOON,
    sessions: new Map([['a', { key, count }]]),
    openChanged: [],
    openDeleted: [],
    expectedVersion: log.version,
    refuseOverlap: false,
  });
}

it('builds again what a reader added to before it was frozen', async () => {
  await read(2);
  let looks = 0;
  const watched = new Proxy(ledger, {
    get(target, name) {
      if (name !== 'tallies') return Reflect.get(target, name, target).bind(target);
      return async (filter: { day: string; domain: string }) => {
        const found = await target.tallies(filter);
        looks++;
        if (looks === 1) await read(3);
        return found;
      };
    },
  });
  const stored = await freezeReport(
    { ledger: watched, config, honours: { dane: false, mtaSts: false }, clock: { now: () => NOON } },
    await trustAnchorsOf(ledger),
    DAY,
    'example.org',
    1,
    [],
  );
  const [policy] = JSON.parse(stored?.json ?? '{}').policies;
  expect(policy.summary['total-successful-session-count']).toBe(5);
  expect(await ledger.tallies({})).toMatchObject([{ count: 5, revision: 1 }]);
  expect(looks).toBe(2);
});
