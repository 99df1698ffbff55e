import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { attributeFromTimeline } from '../../src/policy/attribute-past.ts';
import { type AttributeDeps, attributeTallies } from '../../src/policy/attribute-tallies.ts';
import { createResolver } from '../../src/policy/dns-client.ts';
import { snapshotId, snapshotSchema } from '../../src/policy/snapshot.ts';
import { readTimeline } from '../../src/policy/timeline.ts';
import { TallyCounter } from '../../src/reading/batch.ts';
import type { Session } from '../../src/session.ts';
import { FLAGS, replyTo, type Script, type ScriptedDns, type Seen, scriptedDns } from './scripted-dns.ts';
import { FILE, MIDNIGHT, withHost } from './timeline-lines.ts';

const HOUR = 3_600_000;
const CONFIG = configSchema.parse({ organization: 'o', contact: 'a@b.example', state: '/nowhere' });

let directory: string;
let ledger: Ledger;
const servers: ScriptedDns[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'maillog-tlsrpt-policy-'));
  ledger = await openLedger(directory);
});

afterEach(async () => {
  await ledger.close();
  rmSync(directory, { recursive: true, force: true });
  for (const server of servers.splice(0)) await server.close();
});

/** Reads sessions into the ledger as a pass over a log does. */
async function ingest(...sessions: readonly (Partial<Session> & { readonly at: number })[]): Promise<void> {
  const counter = new TallyCounter('mail', 'postfix');
  for (const { at, ...session } of sessions) {
    counter.add({
      time: MIDNIGHT + at,
      recipientDomain: 'a.example',
      receivingMxHostname: 'mx.a.example',
      outcome: 'success',
      peerTrust: 'verified',
      basis: 'tls-line',
      ...session,
    });
  }
  const log = await ledger.log('mail', 'postfix', '/var/log/mail.log');
  await ledger.commit({
    logId: log.id,
    ingestedAt: MIDNIGHT,
    sessions: counter.take(),
    openChanged: [],
    openDeleted: [],
    expectedVersion: log.version,
    refuseOverlap: false,
  });
}

/** A resolver with a scripted server behind it, and the clock of the test. */
async function deps(
  time: number,
  script: Script,
  changes: Partial<AttributeDeps> = {},
  timeoutMs = 5000,
): Promise<AttributeDeps> {
  const server = await scriptedDns(script);
  servers.push(server);
  const clock = { now: () => MIDNIGHT + time };
  const resolver = createResolver({
    servers: [{ address: server.address, port: server.port, trusted: true }],
    clock,
    timeoutMs,
  });
  const honours = { dane: true, mtaSts: true };
  return { ledger, clock, config: CONFIG, resolver, honours, ...changes };
}

/** Every domain has one MX host with one TLSA record, all of it signed. */
function signedZone(digest: string): Script {
  return (seen) => [replyTo(seen, { flags: FLAGS.authentic, answers: records(seen, digest) })];
}

function records({ name, type }: Seen, digest: string): Answer[] {
  switch (type) {
    case 'MX':
      return [{ type: 'MX', name, ttl: 60, data: { preference: 10, exchange: `mx.${name}` } }];
    case 'A':
      return [{ type: 'A', name, ttl: 60, data: '192.0.2.1' }];
    case 'TLSA':
      return [
        {
          type: 'TLSA',
          name,
          ttl: 60,
          data: {
            usage: 3,
            selector: 1,
            matchingType: 1,
            certificate: Buffer.from(digest.repeat(32), 'hex'),
          },
        },
      ];
    default:
      return [];
  }
}

/** Sessions by the TLSA digest their snapshot holds, `?` for those not attributed. */
async function given(): Promise<Record<string, number>> {
  const tallies = await ledger.tallies({ domain: 'a.example' });
  const snapshots = await ledger.snapshots(tallies.flatMap(({ snapshot }) => snapshot ?? []));
  const result: Record<string, number> = {};
  for (const { snapshot, count } of tallies) {
    const content = snapshot === null ? undefined : snapshotSchema.parse(snapshots.get(snapshot)?.content);
    const dane = content?.mx.hosts[0]?.dane;
    const digest = dane?.state === 'secure' ? (dane.records[0]?.slice(6, 8) ?? '') : '-';
    const key = snapshot === null ? '?' : digest;
    result[key] = (result[key] ?? 0) + count;
  }
  return result;
}

describe('giving tallies their policies', () => {
  test('every domain is looked up once, whatever the number of its tallies', async () => {
    await ingest({ at: 0 }, { at: HOUR }, { at: HOUR, recipientDomain: 'b.example' });
    const all = await deps(2 * HOUR, signedZone('aa'));
    expect(await attributeTallies(all, 0)).toEqual({ attributed: 2, temporary: 0, left: 0 });
    expect(await given()).toEqual({ AA: 2 });
    expect(await ledger.unattributed(10)).toEqual([]);
    expect(await attributeTallies(all, 0)).toEqual({ attributed: 0, temporary: 0, left: 0 });
    const asked = servers[0]?.seen.filter(({ type, name }) => type === 'MX' && name === 'a.example');
    expect(asked).toHaveLength(1);
  });

  test('a policy that changed counts from the hour the former was last seen in', async () => {
    await ingest({ at: 13 * HOUR });
    await attributeTallies(await deps(14 * HOUR, signedZone('aa')), 0);
    await ingest(
      { at: 13 * HOUR + 59 * 60_000, peerTrust: 'trusted' },
      { at: 14 * HOUR + 6 * 60_000 },
      { at: 15 * HOUR },
      { at: 15 * HOUR + 1 },
    );
    await attributeTallies(await deps(15 * HOUR + 60_000, signedZone('bb')), 0);
    expect(await given()).toEqual({ AA: 2, BB: 3 });
    const [newest, oldest, ...more] = await ledger.snapshotsOf('a.example');
    expect(more).toEqual([]);
    expect(newest).toMatchObject({ firstSeen: MIDNIGHT + 15 * HOUR + 60_000 });
    expect(oldest).toMatchObject({ firstSeen: MIDNIGHT + 14 * HOUR, lastSeen: MIDNIGHT + 14 * HOUR });
  });

  test('the same policies again make no second snapshot; they were seen last now', async () => {
    for (const hour of [1, 2, 3]) {
      await ingest({ at: hour * HOUR });
      await attributeTallies(await deps(hour * HOUR, signedZone('aa')), 0);
    }
    expect(await ledger.snapshotsOf('a.example')).toMatchObject([
      { firstSeen: MIDNIGHT + HOUR, lastSeen: MIDNIGHT + 3 * HOUR },
    ]);
  });

  test('hours before the given one are left alone', async () => {
    await ingest({ at: 0 }, { at: 5 * HOUR });
    await attributeTallies(await deps(6 * HOUR, signedZone('aa')), MIDNIGHT + 5 * HOUR);
    expect(await given()).toEqual({ '?': 1, AA: 1 });
  });

  test('a fault drops nothing: the next pass asks again', async () => {
    await ingest({ at: 0 });
    const failing: Script = (seen) =>
      seen.type === 'TLSA' ? [] : [replyTo(seen, { answers: records(seen, 'aa'), flags: FLAGS.authentic })];
    expect(await attributeTallies(await deps(HOUR, failing, {}, 50), 0)).toMatchObject({
      attributed: 0,
      temporary: 1,
      left: 0,
    });
    expect(await given()).toEqual({ '?': 1 });
    expect(await attributeTallies(await deps(2 * HOUR, signedZone('aa')), 0)).toMatchObject({
      attributed: 1,
    });
    expect(await given()).toEqual({ AA: 1 });
  });

  test('a name the resolver keeps failing at counts as broken after six hours; silence never does', async () => {
    await ingest({ at: 0 });
    const failing = (rcode: number | undefined): Script => {
      return (seen) => {
        if (seen.type !== 'TLSA')
          return [replyTo(seen, { answers: records(seen, 'aa'), flags: FLAGS.authentic })];
        return rcode === undefined ? [] : [replyTo(seen, { rcode })];
      };
    };
    expect(await attributeTallies(await deps(5 * HOUR, failing(2)), 0)).toMatchObject({ temporary: 1 });
    expect(await attributeTallies(await deps(9 * HOUR, failing(undefined), {}, 50), 0)).toMatchObject({
      temporary: 1,
    });
    expect(await attributeTallies(await deps(9 * HOUR, failing(2)), 0)).toMatchObject({
      attributed: 1,
      temporary: 0,
    });
    const [snapshot] = await ledger.snapshotsOf('a.example');
    expect(snapshot?.content).toMatchObject({ mx: { hosts: [{ dane: { state: 'bogus' } }] } });
  });

  test('where nobody answers the pass ends early, and all are there for the next', async () => {
    await ingest(
      ...Array.from({ length: 400 }, (_, index) => ({ at: 0, recipientDomain: `d${index}.example` })),
    );
    const dead = await deps(HOUR, () => [], {}, 50);
    const summary = await attributeTallies(dead, 0);
    expect(summary.attributed).toBe(0);
    expect(summary.temporary).toBeGreaterThanOrEqual(50);
    expect(summary.temporary + summary.left).toBe(400);
    expect(summary.left).toBeGreaterThan(200);
    expect(summary.reason).toContain('did not answer');
    expect(await attributeTallies(await deps(2 * HOUR, signedZone('aa')), 0)).toMatchObject({
      attributed: 400,
    });
  });

  test('a hundred dead domains in front keep nobody waiting', async () => {
    const dead = Array.from({ length: 120 }, (_, index) => ({
      at: 0,
      recipientDomain: `dead${index}.example`,
    }));
    await ingest(...dead, { at: HOUR }, { at: HOUR, recipientDomain: 'b.example' });
    const some: Script = (seen) => (/dead\d/.test(seen.name) ? [] : signedZone('aa')(seen));
    const summary = await attributeTallies(await deps(2 * HOUR, some, {}, 50), 0);
    expect(summary).toMatchObject({ attributed: 2, temporary: 120, left: 0 });
  });

  test('what nobody honours is not asked for, unless the log proves it', async () => {
    await ingest({ at: 0 }, { at: 0, recipientDomain: 'b.example', policyTypeHint: 'tlsa' });
    const honours = { dane: false, mtaSts: false };
    await attributeTallies(await deps(HOUR, signedZone('aa'), { honours }), 0);
    const names = servers[0]?.seen.map(({ name, type }) => `${type} ${name}`) ?? [];
    expect(names).toContain('TLSA _25._tcp.mx.b.example');
    expect(names.filter((name) => name.includes('_mta-sts') || name.includes('_tcp.mx.a'))).toEqual([]);
  });

  test('a smart host: its own TLSA records at its own port, no MX, no MTA-STS', async () => {
    await ingest({ at: 0, recipientDomain: 'smtp.isp.example', receivingMxHostname: 'smtp.isp.example' });
    const logs = [{ path: '/var/log/mail.log', relayhosts: ['[smtp.isp.example]:587'] }];
    const config = configSchema.parse({ ...CONFIG, logs, mta: {}, dns: {}, keep: '30d', delivery: {} });
    await attributeTallies(await deps(HOUR, signedZone('aa'), { config }), 0);
    const asked = servers[0]?.seen.map(({ name, type }) => `${type} ${name}`).sort();
    expect(asked).toEqual(['A smtp.isp.example', 'AAAA smtp.isp.example', 'TLSA _587._tcp.smtp.isp.example']);
  });
});

describe('a recorded timeline', () => {
  test('attributes a backfill hour by hour; what it does not reach stays open', async () => {
    await ingest({ at: 2 * HOUR }, { at: 3 * HOUR }, { at: 13 * HOUR }, { at: 14 * HOUR });
    expect(await attributeFromTimeline(ledger, readTimeline(FILE, 'f'))).toBe(1);
    const tallies = await ledger.tallies({ domain: 'a.example' });
    expect(Object.fromEntries(tallies.map(({ snapshot, count }) => [snapshot, count]))).toEqual({
      null: 1,
      [snapshotId(withHost('old.a.example'))]: 2,
      [snapshotId(withHost('new.a.example'))]: 1,
    });
  });
});
