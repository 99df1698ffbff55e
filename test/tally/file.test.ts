import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import type { HostDay } from '../../src/ledger/imports.ts';
import type { Ledger, TallyKey } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { exportDays } from '../../src/tally/export.ts';
import { packTallyFile, unpackTallyFile } from '../../src/tally/file.ts';

const DAY = '2026-11-22';
const HOUR = Date.parse('2026-11-22T10:00:00Z');
const NOW = Date.parse('2026-11-23T00:30:00Z');
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const keys = new Map([['mta9', [publicKey]]]);

const success: TallyKey = {
  hour: HOUR,
  host: 'mta9',
  parser: 'postfix',
  recipientDomain: 'example.org',
  outcome: 'success',
  peerTrust: 'verified',
  tlsVersion: 'TLSv1.3',
  resumed: false,
  basis: 'tls-line',
};
const failure: TallyKey = {
  hour: HOUR + 3_600_000,
  host: 'mta9',
  parser: 'exim',
  recipientDomain: 'xn--bcher-kva.example',
  outcome: 'failure',
  resultType: 'certificate-expired',
  failureReasonCode: 'certificate-has-expired',
  receivingMxHostname: 'mx.example.net',
  receivingIp: '2001:db8::25',
  sendingMtaIp: '192.0.2.1',
  policyTypeHint: 'tlsa',
  basis: 'tls-field',
  own: true,
};

const part: HostDay = {
  host: 'mta9',
  day: DAY,
  sequence: 3,
  program: '1.0.0',
  exportedAt: NOW,
  logs: [{ parser: 'postfix', name: '/var/log/mail.log', readToEndAt: NOW, oldestOpen: HOUR }],
  tallies: [
    { key: failure, count: 1 },
    { key: success, count: 7 },
  ],
};

describe('a tally file', () => {
  it('comes back as it went in, and is the same bytes whatever the order', () => {
    const file = packTallyFile(part, privateKey);
    const back = unpackTallyFile(file, keys, 'x');
    expect({ ...back, tallies: new Set(back.tallies) }).toEqual({ ...part, tallies: new Set(part.tallies) });
    expect(packTallyFile({ ...part, tallies: [...part.tallies].reverse() }, privateKey)).toEqual(file);
    expect(file.subarray(0, 50).toString()).toMatch(/^maillog-tlsrpt-tally 1 mta9 2026-11-22 3 /);
    const named = { ...part, instance: '0123456789', sources: ['a', 'b'] };
    const found = unpackTallyFile(packTallyFile(named, privateKey), keys, 'x');
    expect(found).toMatchObject({ instance: '0123456789', sources: ['a', 'b'] });
  });

  it('takes any host name', () => {
    const named = { ...part, host: 'a b\n☃', tallies: [] };
    const file = packTallyFile(named, privateKey);
    expect(unpackTallyFile(file, new Map([['a b\n☃', [publicKey]]]), 'x')).toEqual(named);
  });

  it('is refused when a single bit of it has changed', () => {
    const file = packTallyFile(part, privateKey);
    fc.assert(
      fc.property(fc.nat(file.length * 8 - 1), (bit) => {
        const changed = Buffer.from(file);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => unpackTallyFile(changed, keys, 'x')).toThrow(
          expect.objectContaining({ exitCode: EXIT.data, where: 'x' }),
        );
      }),
    );
  });

  it.each([
    ['by a stranger', packTallyFile(part, stranger.privateKey), /not by the key of mta9/],
    ['of another host', packTallyFile({ ...part, host: 'mta1' }, privateKey), /nobody vouches for mta1/],
    ['that is empty', Buffer.alloc(0), /no tally file/],
    ['that is something else', Buffer.from('hello\nworld\n'), /no tally file/],
    [
      'with a foreign row',
      signed('{"program":"1","exportedAt":1,"logs":[]}\n[99,"postfix"]\n'),
      /content is none/,
    ],
    ['with a foreign head', signed('{"program":1}\n'), /content is none/],
    ['that unpacks to far too much', signed(Buffer.alloc(513 * 1_048_576)), /content is none/],
  ])('%s is refused', (_name, file, reason) => {
    expect(() => unpackTallyFile(file, keys, 'x')).toThrow(reason);
  });
});

/** A file whose signature is right and whose content may be anything. */
function signed(content: string | Buffer, key: KeyObject = privateKey): Buffer {
  const title = `maillog-tlsrpt-tally 1 mta9 ${DAY} 1`;
  const body = gzipSync(content, { level: 1 });
  const signature = sign(null, Buffer.concat([Buffer.from(`${title}\n`), body]), key);
  return Buffer.concat([Buffer.from(`${title} ${signature.toString('base64url')}\n`), body]);
}

describe('carrying tallies', () => {
  let directory: string;
  let host: Ledger;
  let fleet: Ledger;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tally-'));
    host = await openLedger(join(directory, 'host'));
    fleet = await openLedger(join(directory, 'fleet'));
  });
  afterEach(async () => {
    await Promise.all([host.close(), fleet.close()]);
    await rm(directory, { recursive: true });
  });

  async function read(
    ledger: Ledger,
    counts: readonly (readonly [TallyKey, number])[],
    readToEndAt?: number,
  ) {
    const log = await ledger.log('mta9', 'postfix', '/var/log/mail.log');
    await ledger.commit({
      logId: log.id,
      ingestedAt: NOW,
      sessions: new Map(counts.map(([key, count], index) => [String(index), { key, count }])),
      openChanged: [],
      openDeleted: [],
      expectedVersion: log.version,
      refuseOverlap: false,
      ...(readToEndAt !== undefined && { readToEndAt }),
    });
  }

  async function exported(now = NOW, only?: string): Promise<HostDay[]> {
    const parts: HostDay[] = [];
    const deps = { ledger: host, clock: { now: () => now }, program: '1.0.0' };
    await exportDays(deps, only, async (one) => {
      parts.push(one);
    });
    return parts;
  }

  async function counts(ledger: Ledger): Promise<unknown[]> {
    const found = await ledger.tallies({});
    return found.map(({ id: _, ...tally }) => JSON.stringify(tally)).sort();
  }

  it('brings every session once, in any order and as often as one likes', async () => {
    const states: HostDay[] = [];
    const domains = ['a.example', 'b.example', 'c.example'];
    for (let step = 1; step <= 6; step++) {
      const grown = domains
        .slice(0, 1 + (step % 3))
        .map((recipientDomain) => [{ ...success, recipientDomain }, step] as const);
      await read(host, grown, NOW + step);
      states.push(...(await exported(NOW + step)));
    }
    const days = new Set(states.map(({ day }) => day));
    expect(days).toEqual(new Set([DAY, '2026-11-23']));
    const expected = await counts(host);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(states.length - 1), { maxLength: 8 }),
        fc.shuffledSubarray(states, { minLength: states.length }),
        async (again, order) => {
          const target = await openLedger(join(directory, `fleet${++run}`));
          const all = [...again.map((index) => states[index] as HostDay), ...order];
          for (const one of all) await target.importHostDay(one, NOW);
          const found = await counts(target);
          const logs = await target.logs();
          await target.close();
          expect(found).toEqual(expected);
          expect(logs).toMatchObject([{ host: 'mta9', readToEndAt: NOW + 6 }]);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('exports only what has changed, and the last two days whenever a log was read on', async () => {
    const old = { ...success, hour: HOUR - 5 * 86_400_000 };
    await read(
      host,
      [
        [old, 1],
        [success, 1],
      ],
      NOW,
    );
    const brief = (parts: HostDay[]) =>
      parts.map(({ day, sequence, tallies }) => [day, sequence, tallies.length]);
    expect(brief(await exported())).toEqual([
      ['2026-11-17', 1, 1],
      [DAY, 1, 1],
      ['2026-11-23', 1, 0],
    ]);
    expect(await exported()).toEqual([]);
    await read(host, [], NOW + 1);
    expect(brief(await exported())).toEqual([
      [DAY, 2, 1],
      ['2026-11-23', 2, 0],
    ]);
    await read(host, [[old, 1]]);
    expect(brief(await exported())).toEqual([['2026-11-17', 2, 1]]);
    expect(brief(await exported(NOW, DAY))).toEqual([[DAY, 3, 1]]);
  });

  it('says again what was not written, should the export die', async () => {
    await read(host, [[success, 1]], NOW);
    const deps = { ledger: host, clock: { now: () => NOW }, program: '1.0.0' };
    await expect(exportDays(deps, undefined, () => Promise.reject(new Error('disk full')))).rejects.toThrow();
    expect((await exported()).map(({ sequence }) => sequence)).toEqual([1, 1]);
  });

  it('refuses to export what is reported here', async () => {
    await read(host, [[success, 1]], NOW);
    await host.attribute({ id: 'p', domain: 'example.org', content: {} }, NOW, HOUR, HOUR);
    await expect(exported()).rejects.toMatchObject({
      exitCode: EXIT.config,
      message: expect.stringContaining(DAY),
    });
  });

  it('counts as late what comes after the report, and only that', async () => {
    await fleet.importHostDay(part, NOW);
    await fleet.attribute({ id: 'p', domain: 'example.org', content: {} }, NOW, HOUR, HOUR);
    const ids = (await fleet.tallies({ domain: 'example.org' })).map(({ id }) => id);
    const report = { day: DAY, domain: 'example.org', revision: 1, reportId: 'r', json: '{}', builtAt: NOW };
    await fleet.freeze(report, ids, [], 7);
    expect(await fleet.importHostDay(part, NOW)).toEqual({ sessions: 0, sequence: 3 });
    const grown = { ...part, sequence: 4, tallies: [{ key: success, count: 9 }] };
    expect(await fleet.importHostDay(grown, NOW)).toEqual({ sessions: 2, sequence: 4 });
    expect(await fleet.domainDays({ domain: 'example.org' })).toMatchObject([{ sessions: 9, late: 2 }]);
    expect(await fleet.hosts()).toEqual([{ host: 'mta9', program: '1.0.0', seenAt: NOW }]);
  });

  it('lets two imports of one host and day run at a time', async () => {
    const grown = { ...part, sequence: 4, tallies: [{ key: success, count: 9 }] };
    await Promise.all([fleet.importHostDay(part, NOW), fleet.importHostDay(grown, NOW)]);
    expect((await fleet.tallies({ domain: 'example.org' })).map(({ count }) => count)).toEqual([9]);
  });

  it('a day that was closed and dropped does not come back', async () => {
    await fleet.importHostDay(part, NOW);
    await fleet.prune('2026-11-23', NOW + 1);
    expect(await fleet.importHostDay({ ...part, sequence: 4 }, NOW + 1)).toMatchObject({
      sessions: 0,
      pruned: true,
    });
    expect(await fleet.days()).toEqual([]);
    expect(await fleet.importHostDay({ ...part, day: '2026-11-23', tallies: [] }, NOW + 1)).toEqual({
      sessions: 0,
      sequence: 3,
    });
  });

  it('a day that the host has read into the ledger itself is refused', async () => {
    await read(fleet, [[success, 7]], NOW);
    await expect(fleet.importHostDay(part, NOW)).rejects.toMatchObject({
      exitCode: EXIT.data,
      message: `mta9 has read sessions of ${DAY} into this ledger itself`,
    });
    expect((await fleet.tallies({})).map(({ count }) => count)).toEqual([7]);
    // That nothing happened on a day does no harm, and neither does another host.
    expect(await fleet.importHostDay({ ...part, tallies: [] }, NOW)).toMatchObject({ sessions: 0 });
    const other = part.tallies.map(({ key, count }) => ({ key: { ...key, host: 'mta8' }, count }));
    expect(await fleet.importHostDay({ ...part, host: 'mta8', tallies: other }, NOW)).toMatchObject({
      sessions: 8,
    });
  });

  it('a day that came by file is left out where the host reads its log into the ledger, and only that', async () => {
    await read(host, [[success, 7]], NOW);
    for (const one of await exported()) await fleet.importHostDay(one, NOW);
    const next = { ...success, hour: HOUR + 86_400_000 };
    await read(
      fleet,
      [
        [success, 9],
        [next, 2],
      ],
      NOW,
    );
    await read(fleet, [[{ ...success, recipientDomain: 'b.example' }, 1]], NOW);
    const counted = async () => (await fleet.hostSums('')).map(({ day, sessions }) => [day, sessions]);
    expect(await counted()).toEqual([
      [DAY, 7],
      ['2026-11-23', 2],
    ]);
    expect(await fleet.leftOut()).toEqual([{ host: 'mta9', day: DAY, sessions: 10 }]);
    await read(host, [[success, 2]], NOW + 1);
    for (const one of await exported(NOW + 1, DAY)) await fleet.importHostDay(one, NOW);
    expect(await counted()).toEqual([
      [DAY, 9],
      ['2026-11-23', 2],
    ]);
  });

  it('a host that lost its ledger goes on with its next log', async () => {
    const segment = (identity: string) => ({
      identity,
      prefixLength: 1,
      position: { offset: 1, tailHash: '' },
      path: 'x',
      incomplete: false,
    });
    const count = async (ledger: Ledger, identity: string, sessions: number) => {
      const log = await ledger.log('mta9', 'postfix', '/var/log/mail.log');
      await ledger.commit({
        logId: log.id,
        ingestedAt: NOW,
        segment: segment(identity),
        firstTime: HOUR,
        lastTime: HOUR + 1,
        sessions: new Map([['x', { key: success, count: sessions }]]),
        openChanged: [],
        openDeleted: [],
        expectedVersion: log.version,
        refuseOverlap: false,
      });
    };
    const bring = async () => {
      for (const one of await exported(NOW, DAY)) await fleet.importHostDay(one, NOW);
      return (await fleet.hostSums('')).map(({ sessions }) => sessions);
    };
    await count(host, 'first', 20);
    expect(await bring()).toEqual([20]);
    await host.close();
    host = await openLedger(join(directory, 'second life'));
    await count(host, 'second', 10);
    expect(await bring()).toEqual([30]);
    await count(host, 'first', 20);
    expect(await bring()).toEqual([30]);
  });
});
