import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dayOf, dayStart } from '../../src/day.ts';
import { addTallies, partOf } from '../../src/ledger/add-tallies.ts';
import type { TallyKey } from '../../src/ledger/ledger.ts';
import { migrate } from '../../src/ledger/migrations.ts';
import type { SqlDatabase } from '../../src/ledger/sql.ts';
import { openSqlite } from '../../src/ledger/sqlite.ts';
import { kindDigest, kindValues, type TallyPart, tallyName } from '../../src/ledger/tally-kinds.ts';
import { HOUR, HOUR_MS, NOON } from './batches.ts';

/** What each field of a key may be; absent is not the same as empty to a reader, and the same to the ledger. */
const VALUES: Readonly<Record<Exclude<keyof TallyKey, 'hour'>, readonly unknown[]>> = {
  host: ['mta1', 'mta 1', 'mta2'],
  parser: ['postfix', 'exim'],
  recipientDomain: ['a.example', 'b.example'],
  outcome: ['success', 'failure'],
  resultType: [undefined, '', 'validation-failure', 'certificate-expired'],
  failureReasonCode: [undefined, '', 'a', 'a b'],
  receivingMxHostname: [undefined, 'mx', 'mx 192.0.2.1'],
  receivingIp: [undefined, '192.0.2.1', '2001:db8::1'],
  sendingMtaIp: [undefined, '', '192.0.2.1'],
  peerTrust: [undefined, 'trusted', 'verified'],
  tlsVersion: [undefined, 'TLSv1.2', 'TLSv1.3'],
  policyTypeHint: [undefined, 'sts', 'tlsa'],
  basis: ['tls-line', 'tls-field'],
  resumed: [undefined, true, false],
  own: [undefined, true, false],
};

let directory: string;
let database: SqlDatabase;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tallies-'));
  database = openSqlite(directory);
  await migrate(database);
});
afterEach(async () => {
  await database.close();
  await rm(directory, { recursive: true });
});

/** Whole numbers below a bound, the same ones every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Parts whose keys are one another's but for a few fields. */
function makeParts(below: (bound: number) => number): TallyPart[] {
  const one = <T>(values: readonly T[]) => values[below(values.length)] as T;
  const fields = Object.keys(VALUES) as (keyof typeof VALUES)[];
  const base = Object.fromEntries(fields.map((name) => [name, one(VALUES[name])]));
  return Array.from({ length: 1000 }, () => {
    const changed = Array.from({ length: below(4) }, () => one(fields));
    const key = { ...base, ...Object.fromEntries(changed.map((name) => [name, one(VALUES[name])])) };
    const hour = HOUR + below(40) * HOUR_MS;
    const rest = { snapshot: one(['', '', 'p1']), revision: one([0, 0, 1]) };
    return { key: { ...key, hour } as unknown as TallyKey, count: 1 + below(9), ingestedAt: NOON, ...rest };
  });
}

function nameOf({ key, snapshot = '', revision = 0 }: TallyPart): string {
  return JSON.stringify([dayOf(key.hour), key.hour, ...kindValues(key), snapshot, revision]);
}

it.each([1, 2, 3])('keeps exactly what was added, each under its own name (%i)', async (seed) => {
  const below = numbers(seed);
  const wanted = new Map<string, number>();
  for (let batch = 0; batch < 5; batch++) {
    const parts = makeParts(below);
    for (const part of parts) wanted.set(nameOf(part), (wanted.get(nameOf(part)) ?? 0) + part.count);
    const half = database.transaction(async (connection) => {
      await addTallies(connection, parts);
      await connection.query('INSERT INTO nothing VALUES (1)');
    });
    await expect(half).rejects.toThrow(/nothing/);
    await database.transaction((connection) => addTallies(connection, parts));
  }
  const rows = await database.query('SELECT * FROM tally');
  for (const row of rows) {
    const { key } = partOf(row);
    const since = key.hour - dayStart(dayOf(key.hour));
    expect(row['tally_key']).toBe(tallyName(kindDigest(kindValues(key)), since));
    expect(row['day']).toBe(dayOf(key.hour));
  }
  const kept = rows.map((row) => [nameOf(partOf(row)), Number(row['sessions'])]);
  expect(kept.sort()).toEqual([...wanted].sort());
});
