import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { closeDays } from '../../src/days/closing.ts';
import type { Demand, Ledger, TallyKey } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');
const MORNING = Date.parse('2026-11-23T06:00:00Z');
const config = configSchema.parse({ organization: 'Example', contact: 'tls@example.com', state: '.' });

let directory: string;
let ledger: Ledger;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'settled-'));
  ledger = await openLedger(directory);
});
afterEach(async () => {
  await ledger.close();
  await rm(directory, { recursive: true });
});

async function read(recipientDomain: string): Promise<void> {
  const log = await ledger.log('mta1', 'postfix', '/var/log/mail.log');
  const key: TallyKey = {
    hour: NOON,
    host: 'mta1',
    parser: 'postfix',
    recipientDomain,
    outcome: 'success',
    basis: 'tls-line',
  };
  await ledger.commit({
    logId: log.id,
    ingestedAt: NOON,
    sessions: new Map([['a', { key, count: 1 }]]),
    openChanged: [],
    openDeleted: [],
    readToEndAt: MORNING,
    expectedVersion: log.version,
    refuseOverlap: false,
  });
  await ledger.attribute({ id: recipientDomain, domain: recipientDomain, content: {} }, NOON, NOON, NOON);
}

/** Closes what is over; gives the domains asked, and how often the day's tallies were looked at. */
async function close(answer: (domain: string) => Demand, released?: string, now = MORNING) {
  const asked: string[] = [];
  let looks = 0;
  const watched = new Proxy(ledger, {
    get(target, name) {
      if (name === 'domainDays') looks++;
      return Reflect.get(target, name, target).bind(target);
    },
  });
  const demand = async (domain: string) => {
    asked.push(domain);
    return answer(domain);
  };
  const deps = {
    ledger: watched,
    config,
    clock: { now: () => now },
    honours: { dane: false, mtaSts: false },
  };
  const { waiting, held } = await closeDays({ ...deps, demand }, released);
  if (held.size > 0) return { held: [...held.keys()] };
  return { asked, looks, waiting };
}

const none = (): Demand => ({ kind: 'none' });

it('looks at a day again only when sessions have come', async () => {
  await read('a.example');
  expect(await close(none)).toEqual({ asked: ['a.example'], looks: 1, waiting: 0 });
  expect(await close(none)).toEqual({ asked: [], looks: 0, waiting: 0 });
  await read('b.example');
  expect(await close(none)).toEqual({ asked: ['b.example'], looks: 1, waiting: 0 });
  expect(await close(none)).toEqual({ asked: [], looks: 0, waiting: 0 });
});

it('looks again as long as a domain waits for a resolver, and when the day is released', async () => {
  await read('a.example');
  const away = (): Demand => ({ kind: 'temporary', reason: 'time-out' });
  expect(await close(away)).toEqual({ asked: ['a.example'], looks: 1, waiting: 1 });
  expect(await close(away)).toEqual({ asked: ['a.example'], looks: 1, waiting: 1 });
  expect(await close(none)).toEqual({ asked: ['a.example'], looks: 1, waiting: 0 });
  expect(await close(none, '2026-11-22')).toEqual({ asked: [], looks: 1, waiting: 0 });
  expect(await close(none)).toEqual({ asked: [], looks: 0, waiting: 0 });
});

it('does not say of a day that it is held, years after it was closed, unless sessions have come', async () => {
  const years = MORNING + 1000 * 86_400_000;
  await read('a.example');
  await close(none);
  expect(await close(none, undefined, years)).toEqual({ asked: [], looks: 0, waiting: 0 });
  await read('b.example');
  expect(await close(none, undefined, years)).toEqual({ held: ['2026-11-22'] });
});
