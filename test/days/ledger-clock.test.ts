import { afterAll, beforeAll, expect, it } from 'vitest';
import { configSchema } from '../../src/config.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { runPass } from '../../src/pipeline.ts';
import { NOON, success } from '../ledger/batches.ts';
import { temporaryDirectories } from '../logs/temporary.ts';
import { startTxtServer, type TxtServer } from '../receivers/dns.ts';

const AHEAD = 40 * 60_000;
const temporary = temporaryDirectories();

let dns: TxtServer;
beforeAll(async () => {
  dns = await startTxtServer(() => undefined);
});
afterAll(() => dns.close());

/** A ledger whose clock this machine's is ahead of. */
function slower(ledger: Ledger): Ledger {
  return new Proxy(ledger, {
    get(target, name) {
      if (name === 'clockAhead') return async () => AHEAD;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

it('a host whose clock is fast closes days by the clock of the ledger', async () => {
  const state = await temporary();
  const ledger = await openLedger(state);
  const log = await ledger.log('mta1', 'postfix', '/var/log/mail.log');
  await ledger.commit({
    logId: log.id,
    ingestedAt: NOON,
    sessions: new Map([['x', { key: { ...success, hour: NOON }, count: 1 }]]),
    openChanged: [],
    openDeleted: [],
    readToEndAt: NOON + 86_400_000,
    expectedVersion: log.version,
    refuseOverlap: false,
  });
  const config = configSchema.parse({
    organization: 'Example',
    contact: 'tls@example.com',
    state,
    mta: { honours: [] },
    dns: { servers: [dns.address] },
  });
  const closed = async (time: string, of: Ledger) => {
    const clock = { now: () => Date.parse(time) };
    const done = await runPass(
      { ledger: of, clock, config, directory: '/', host: 'mta1' },
      { offline: false },
    );
    return done.closed?.unasked;
  };
  // Five minutes to midnight in truth.
  expect(await closed('2026-11-22T00:35:00Z', slower(ledger))).toBe(0);
  expect(await closed('2026-11-22T00:35:00Z', ledger)).toBe(1);
  await ledger.close();
});
