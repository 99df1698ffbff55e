import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostDay } from '../../src/ledger/imports.ts';
import type { DomainDay, IngestBatch, Ledger, TallyKey } from '../../src/ledger/ledger.ts';
import { OverlapError, StalePosition, StaleReport } from '../../src/ledger/ledger.ts';

const HOUR = Date.parse('2026-11-20T10:00:00Z');
const HOUR_MS = 3_600_000;
const NOON = Date.parse('2026-11-21T12:00:00Z');

const success: TallyKey = {
  hour: HOUR,
  host: 'mta1',
  parser: 'postfix',
  recipientDomain: 'example.org',
  outcome: 'success',
  receivingMxHostname: 'mx.example.org',
  peerTrust: 'trusted',
  tlsVersion: 'TLSv1.3',
  resumed: false,
  basis: 'tls-line',
};
const failure: TallyKey = {
  ...success,
  outcome: 'failure',
  resultType: 'validation-failure',
  failureReasonCode: 'tls-handshake-failure',
  receivingIp: '192.0.2.25',
};

const REPORT = {
  day: '2026-11-20',
  domain: 'example.org',
  revision: 1,
  reportId: 'r1',
  json: '{}',
  builtAt: NOON,
};

function sessions(...entries: [TallyKey, number][]): IngestBatch['sessions'] {
  return new Map(entries.map(([key, count]) => [JSON.stringify(key), { key, count }]));
}

/** What every engine must do alike: run against SQLite and PostgreSQL. */
export function describeLedger(
  engine: string,
  open: () => Promise<{ ledger: Ledger; reopen(): Promise<Ledger>; clean(): Promise<void> }>,
) {
  describe(`ledger on ${engine}`, () => {
    let place: Awaited<ReturnType<typeof open>>;
    let ledger: Ledger;
    beforeEach(async () => {
      place = await open();
      ledger = place.ledger;
    });
    afterEach(() => place.clean());

    async function batch(change: Partial<IngestBatch> = {}): Promise<IngestBatch> {
      const log = await ledger.log('mta1', 'postfix', '/var/log/mail.log');
      return {
        logId: log.id,
        ingestedAt: NOON,
        sessions: sessions([success, 2]),
        openChanged: [],
        openDeleted: [],
        expectedVersion: log.version,
        refuseOverlap: false,
        ...change,
      };
    }

    const segment = (identity: string, offset: number, id?: number): NonNullable<IngestBatch['segment']> => ({
      identity,
      prefixLength: 100,
      position: { offset, tailHash: 'aa' },
      path: '/var/log/mail.log',
      incomplete: false,
      ...(id !== undefined && { id }),
    });

    it('keeps its instance for ever', async () => {
      const first = await ledger.instance();
      expect(first).toMatch(/^[0-9a-f]{10}$/);
      ledger = await place.reopen();
      expect(await ledger.instance()).toBe(first);
    });

    it('commits position, open sessions and tallies together', async () => {
      const row = { key: 'a', value: { x: [1, null] }, time: HOUR + 5, since: HOUR, idleSeconds: 60 };
      const { segmentId } = await ledger.commit(
        await batch({
          segment: segment('s1', 500),
          openChanged: [row],
          firstTime: HOUR,
          lastTime: HOUR + 9,
          oldestOpen: HOUR,
        }),
      );
      ledger = await place.reopen();
      const log = await ledger.log('mta1', 'postfix', '/var/log/mail.log');
      expect(log).toMatchObject({ version: 1, oldestOpen: HOUR });
      expect(log.segments).toMatchObject([
        { id: segmentId, identity: 's1', position: { offset: 500 }, firstTime: HOUR, lastTime: HOUR + 9 },
      ]);
      expect(await ledger.openRows(log.id)).toEqual([row]);
      expect(await ledger.tallies({ day: '2026-11-20' })).toMatchObject([
        { ...success, count: 2, snapshot: null, revision: 0 },
      ]);
    });

    it('refuses a batch made upon an older version and changes nothing', async () => {
      const stale = await batch({ segment: segment('s1', 900) });
      await ledger.commit(await batch({ segment: segment('s1', 500) }));
      await expect(ledger.commit(stale)).rejects.toBeInstanceOf(StalePosition);
      expect(await ledger.tallies({})).toMatchObject([{ count: 2 }]);
      expect(await ledger.segments('mta1', 'postfix')).toMatchObject([{ position: { offset: 500 } }]);
    });

    it('counts the commits to the logs of a host and parser, and no other', async () => {
      expect(await ledger.commits('mta1', 'postfix')).toBe(0);
      await ledger.commit(await batch());
      await ledger.commit(await batch({ segment: segment('s1', 500) }));
      const { id, version } = await ledger.log('mta1', 'postfix', '/var/log/other.log');
      await ledger.commit(await batch({ logId: id, expectedVersion: version }));
      expect(await ledger.commits('mta1', 'postfix')).toBe(3);
      expect(await ledger.commits('mta1', 'exim')).toBe(0);
      expect(await ledger.commits('mta2', 'postfix')).toBe(0);
      await expect(ledger.commit(await batch({ expectedVersion: 0 }))).rejects.toThrow(StalePosition);
      expect(await ledger.commits('mta1', 'postfix')).toBe(3);
    });

    it('adds equal sessions up and keeps unequal ones apart', async () => {
      await ledger.commit(await batch({ sessions: sessions([success, 2], [failure, 1]) }));
      await ledger.commit(
        await batch({ sessions: sessions([success, 3], [{ ...success, resumed: true }, 1]) }),
      );
      const found = await ledger.tallies({ domain: 'example.org' });
      expect(found.map((tally) => tally.count).sort()).toEqual([1, 1, 5]);
      expect(await ledger.domainDays()).toMatchObject([
        { day: '2026-11-20', domain: 'example.org', sessions: 7, failures: 1, late: 0 },
      ]);
    });

    it('leaves sessions of our own reports out of the days', async () => {
      await ledger.commit(await batch({ sessions: sessions([{ ...success, own: true }, 2]) }));
      expect(await ledger.domainDays()).toEqual([]);
    });

    it('refuses what overlaps another log in time, and rolls it back', async () => {
      await ledger.commit(
        await batch({ segment: segment('s1', 500), firstTime: HOUR, lastTime: HOUR + 1000 }),
      );
      const extract = await ledger.log('mta1', 'postfix', '/tmp/extract.log');
      const overlapping = await batch({
        logId: extract.id,
        expectedVersion: 0,
        segment: segment('s2', 10),
        firstTime: HOUR + 500,
        lastTime: HOUR + 600,
        refuseOverlap: true,
      });
      await expect(ledger.commit(overlapping)).rejects.toBeInstanceOf(OverlapError);
      expect(await ledger.tallies({})).toMatchObject([{ count: 2 }]);
      await ledger.commit({ ...overlapping, firstTime: HOUR + 1000, lastTime: HOUR + 2000 });
      expect(await ledger.tallies({})).toMatchObject([{ count: 4 }]);
    });

    it('keeps segments of one identity apart, and refuses that two readers meet one first', async () => {
      const first = { firstTime: HOUR, lastTime: HOUR + 1000 };
      await ledger.commit(await batch({ segment: segment('s1', 500), ...first }));
      await expect(ledger.commit(await batch({ segment: segment('s1', 700) }))).rejects.toBeInstanceOf(
        StalePosition,
      );
      const twin = { ...segment('s1', 700), tie: 1, firstLine: 'ff' };
      const edited = await batch({ segment: twin, ...first, refuseOverlap: true });
      await expect(ledger.commit(edited)).rejects.toBeInstanceOf(OverlapError);
      await ledger.commit({ ...edited, refuseOverlap: false });
      const { segmentId } = await ledger.commit(await batch({ segment: segment('short', 20) }));
      await ledger.commit(await batch({ segment: segment('s1', 800, segmentId) }));
      expect(await ledger.segments('mta1', 'postfix')).toMatchObject([
        { identity: 's1', tie: 0, position: { offset: 500 } },
        { identity: 's1', tie: 1, firstLine: 'ff', position: { offset: 700 } },
        { identity: 's1', tie: 2, position: { offset: 800 } },
      ]);
    });

    it('lets one process read at a time, and names it to others', async () => {
      const first = { pid: process.pid, command: 'run', host: 'mta1' };
      const second = { ...first, command: 'follow' };
      for (const [reader, other] of [
        [first, second],
        [second, first],
      ] as const) {
        const hold = await ledger.holdReading(reader);
        expect(await ledger.holdReading(other)).toEqual({ holder: reader });
        if ('release' in hold) await hold.release();
      }
    });

    it('attributes tallies and merges what then is equal', async () => {
      const policy = { id: 'p1', domain: 'example.org', content: { found: true } };
      await ledger.commit(await batch());
      expect(await ledger.unattributed(10)).toEqual([
        { domain: 'example.org', fromHour: HOUR, toHour: HOUR },
      ]);
      await ledger.attribute(policy, NOON, HOUR, HOUR);
      await ledger.commit(await batch({ sessions: sessions([success, 5], [failure, 1]) }));
      await ledger.attribute(policy, NOON + 1, HOUR, HOUR);
      expect(await ledger.unattributed(10)).toEqual([]);
      expect((await ledger.tallies({})).map((t) => [t.outcome, t.count, t.snapshot])).toEqual(
        expect.arrayContaining([
          ['success', 7, 'p1'],
          ['failure', 1, 'p1'],
        ]),
      );
      expect((await ledger.snapshots(['p1', 'none'])).get('p1')).toMatchObject({
        firstSeen: NOON,
        lastSeen: NOON + 1,
        content: { found: true },
      });
    });

    it('folds hours into the day once the policies are known, and the last hour stays', async () => {
      const policy = { id: 'p1', domain: 'example.org', content: {} };
      const later = { ...success, hour: HOUR + 3 * HOUR_MS };
      const nextDay = { ...success, hour: HOUR + 24 * HOUR_MS };
      await ledger.commit(await batch({ sessions: sessions([success, 2], [later, 3], [nextDay, 4]) }));
      expect(await ledger.tallies({})).toHaveLength(3);
      await ledger.attribute(policy, NOON, HOUR, HOUR);
      expect((await ledger.tallies({})).map(({ count, snapshot }) => [count, snapshot])).toEqual([
        [2, 'p1'],
        [3, null],
        [4, null],
      ]);
      await ledger.attribute(policy, NOON, HOUR, nextDay.hour);
      const [first, second, ...none] = await ledger.tallies({});
      expect(first).toMatchObject({ hour: Date.parse('2026-11-20'), count: 5, snapshot: 'p1' });
      expect(second).toMatchObject({ hour: Date.parse('2026-11-21'), count: 4, snapshot: 'p1' });
      expect(none).toEqual([]);
      expect((await ledger.sessionSums()).map(({ hour }) => hour)).toEqual([later.hour, nextDay.hour]);
    });

    it('loses no session that is counted while policies are given', async () => {
      const policy = { id: 'p1', domain: 'example.org', content: {} };
      let version = (await ledger.log('mta1', 'postfix', '/var/log/mail.log')).version;
      const reading = (async () => {
        for (let pass = 0; pass < 40; pass++) {
          ({ version } = await ledger.commit({ ...(await batch()), expectedVersion: version }));
        }
      })();
      const attributing = (async () => {
        for (let pass = 0; pass < 40; pass++) await ledger.attribute(policy, NOON + pass, HOUR, HOUR);
      })();
      await Promise.all([reading, attributing]);
      expect((await ledger.tallies({})).reduce((sum, { count }) => sum + count, 0)).toBe(80);
    });

    it('refuses to freeze what has grown since it was built', async () => {
      await ledger.commit(await batch());
      const [tally] = await ledger.tallies({});
      await ledger.commit(await batch());
      const report = { ...REPORT, json: '{}' };
      const ids = [tally?.id ?? 0];
      await expect(ledger.freeze(report, ids, [], 2)).rejects.toBeInstanceOf(StaleReport);
      expect(await ledger.report('2026-11-20', 'example.org')).toBeUndefined();
      expect(await ledger.tallies({})).toMatchObject([{ count: 4, revision: 0 }]);
      expect(await ledger.freeze(report, ids, [], 4)).toMatchObject(report);
      expect(await ledger.tallies({})).toMatchObject([{ count: 4, revision: 1 }]);
    });

    it('knows which hosts have trust anchors as long as it has tallies of theirs', async () => {
      await ledger.commit(await batch({ sessions: sessions([{ ...success, peerTrust: 'untrusted' }, 1]) }));
      expect(await ledger.trustingHosts()).toEqual([]);
      await ledger.commit(
        await batch({ sessions: sessions([{ ...success, host: 'mta2', peerTrust: 'verified' }, 1]) }),
      );
      expect(await ledger.trustingHosts()).toEqual([{ host: 'mta2', parser: 'postfix' }]);
      await ledger.prune('2026-11-21', NOON + 1);
      expect(await ledger.trustingHosts()).toEqual([]);
    });

    it('keeps the sums of each day, whatever happens to it', async () => {
      // All of this test's sessions are of one host.
      const lateByHost = (entries: readonly DomainDay[]) => {
        const late = entries.reduce((all, entry) => all + entry.late, 0);
        return late === 0 ? {} : { [success.host]: late };
      };
      const check = async () => {
        const entries = await ledger.domainDays();
        const days = [...new Set(entries.map(({ day }) => day))];
        const expected = days.map((day) => {
          const own = entries.filter((entry) => entry.day === day);
          const sum = (pick: (entry: DomainDay) => number) =>
            own.reduce((all, entry) => all + pick(entry), 0);
          return {
            day,
            domains: own.length,
            sessions: sum((entry) => entry.sessions),
            failures: sum((entry) => entry.failures),
            late: sum((entry) => entry.late),
            lateByHost: lateByHost(own),
            unattributed: sum((entry) => entry.unattributed),
            reports: sum((entry) => (entry.revision > 0 ? 1 : 0)),
            settled: own.every(({ revision, demand }) => revision > 0 || demand?.kind === 'none'),
          };
        });
        for (let look = 0; look < 2; look++) expect(await ledger.daySums()).toEqual(expected);
        return expected;
      };
      const other = { ...success, recipientDomain: 'example.net', hour: HOUR + 24 * HOUR_MS };
      await check();
      await ledger.commit(await batch({ sessions: sessions([{ ...success, own: true }, 4]) }));
      expect(await check()).toEqual([]);
      await ledger.commit(await batch({ sessions: sessions([success, 2], [failure, 1], [other, 1]) }));
      await check();
      for (const domain of ['example.org', 'example.net']) {
        await ledger.attribute({ id: domain, domain, content: 1 }, NOON, HOUR, other.hour);
        await check();
      }
      await ledger.rememberDemand('2026-11-21', 'example.net', { kind: 'temporary', reason: 'x' }, NOON);
      await check();
      await ledger.rememberDemand('2026-11-21', 'example.net', { kind: 'none' }, NOON + 1);
      await check();
      const ids = (await ledger.tallies({ domain: 'example.org' })).map(({ id }) => id);
      await ledger.freeze(REPORT, ids, []);
      expect((await check()).map(({ settled, late }) => [settled, late])).toEqual([
        [true, 0],
        [true, 0],
      ]);
      await ledger.commit(await batch({ sessions: sessions([success, 5]) }));
      await ledger.attribute({ id: 'example.org', domain: 'example.org', content: 1 }, NOON, HOUR, HOUR);
      expect((await check()).map(({ late }) => late)).toEqual([5, 0]);
      const all = (await ledger.tallies({ domain: 'example.org' })).map(({ id }) => id);
      await ledger.freeze({ ...REPORT, revision: 2, reportId: 'r2' }, all, []);
      expect((await check()).map(({ late }) => late)).toEqual([0, 0]);
      await ledger.prune('2026-11-21', NOON + 1);
      expect(await check()).toHaveLength(1);
    });

    it('merges what a host brings by file, once', async () => {
      const part: HostDay = {
        host: 'mta9',
        day: '2026-11-20',
        sequence: 1,
        program: '1.0.0',
        exportedAt: NOON,
        logs: [{ parser: 'postfix', name: 'mail.log', readToEndAt: NOON }],
        tallies: [{ key: { ...success, host: 'mta9' }, count: 2 }],
      };
      const grown = { ...part, sequence: 2, tallies: [{ key: { ...success, host: 'mta9' }, count: 5 }] };
      const results = await Promise.all(
        [part, grown, part, grown].map((one) => ledger.importHostDay(one, NOON)),
      );
      expect(results.reduce((sum, { sessions }) => sum + sessions, 0)).toBe(5);
      expect(await ledger.tallies({})).toMatchObject([{ host: 'mta9', count: 5 }]);
      expect(await ledger.importHostDay(part, NOON)).toEqual({ sessions: 0, sequence: 2 });
      expect(await ledger.logs()).toMatchObject([{ host: 'mta9', readToEndAt: NOON }]);
      expect(await ledger.hostSums('2026-11-20')).toMatchObject([{ host: 'mta9', sessions: 5 }]);
    });

    it('sums up the sessions of each host and day', async () => {
      const nextDay = { ...success, hour: HOUR + 24 * HOUR_MS, host: 'mta2' };
      await ledger.commit(await batch({ sessions: sessions([success, 2], [failure, 1], [nextDay, 4]) }));
      await ledger.commit(await batch({ sessions: sessions([success, 1]) }));
      expect(await ledger.hostSums('2026-11-20')).toEqual([
        { host: 'mta1', day: '2026-11-20', sessions: 4 },
        { host: 'mta2', day: '2026-11-21', sessions: 4 },
      ]);
      expect(await ledger.hostSums('2026-11-21')).toHaveLength(1);
      await ledger.prune('2026-11-21', NOON + 1);
      expect(await ledger.hostSums('2026-11-20')).toHaveLength(1);
    });

    it('knows its hosts, and lets one at a time lead', async () => {
      await ledger.checkIn('mta2', '1.0.0', NOON);
      await ledger.checkIn('mta1', '1.0.0', NOON);
      await ledger.checkIn('mta2', '1.1.0', NOON + 1);
      expect(await ledger.hosts()).toEqual([
        { host: 'mta1', program: '1.0.0', seenAt: NOON },
        { host: 'mta2', program: '1.1.0', seenAt: NOON + 1 },
      ]);
      expect(await ledger.lead(async (signal) => signal.aborted)).toBe(false);
      await expect(ledger.lead(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
      expect(await ledger.lead(async () => 2)).toBe(2);
    });

    it('freezes a report once; what comes later is late and never changes it', async () => {
      await ledger.commit(await batch());
      const ids = (await ledger.tallies({})).map((tally) => tally.id);
      const report = REPORT;
      const rua = [{ rua: 'mailto:a@example.org', state: 'due' as const, notBefore: NOON }];
      const stored = await ledger.freeze(report, ids, rua);
      expect(await ledger.freeze({ ...report, json: '{"other":1}' }, ids, rua)).toEqual(stored);
      await ledger.commit(await batch({ sessions: sessions([success, 3]) }));
      expect(await ledger.domainDays()).toMatchObject([{ sessions: 5, late: 3, revision: 1 }]);
      expect(await ledger.outbox()).toHaveLength(1);
      const all = (await ledger.tallies({})).map((tally) => tally.id);
      await ledger.freeze({ ...report, revision: 2, reportId: 'r2' }, all, []);
      expect(await ledger.tallies({})).toMatchObject([{ count: 5, revision: 2 }]);
    });

    it('gives an outbox row to one sender only', async () => {
      await ledger.commit(await batch());
      const report = REPORT;
      await ledger.freeze(report, [], [{ rua: 'mailto:a@example.org', state: 'due', notBefore: NOON }]);
      expect(await ledger.dueOutbox(NOON - 1, 10)).toEqual([]);
      const [row] = await ledger.dueOutbox(NOON, 10);
      const claim = { state: 'sending', attempts: 1, message: new Uint8Array([1, 2, 255]) } as const;
      const id = row?.id ?? 0;
      expect(
        await Promise.all([ledger.moveOutbox(id, 'due', claim), ledger.moveOutbox(id, 'due', claim)]),
      ).toEqual([true, false]);
      ledger = await place.reopen();
      expect(await ledger.dueOutbox(NOON, 10)).toMatchObject([
        { state: 'sending', attempts: 1, message: new Uint8Array([1, 2, 255]) },
      ]);
      const again = { state: 'sending', attempts: 2 } as const;
      expect([
        await ledger.moveOutbox(id, 'sending', again, 1),
        await ledger.moveOutbox(id, 'sending', again, 1),
      ]).toEqual([true, false]);
    });

    it('remembers demands, notes and cached values', async () => {
      await ledger.commit(await batch());
      await ledger.rememberDemand(
        '2026-11-20',
        'example.org',
        { kind: 'temporary', reason: 'time-out' },
        NOON,
      );
      await ledger.rememberDemand('2026-11-20', 'example.org', { kind: 'none' }, NOON);
      expect(await ledger.domainDays()).toMatchObject([{ demand: { kind: 'none' } }]);
      await ledger.setNote('n', { a: 1 });
      await ledger.setNote('n', [2]);
      expect(await ledger.note('n')).toEqual([2]);
      expect(await ledger.exchangeNote('n', [1], 'late')).toBe(false);
      expect(await ledger.exchangeNote('n', undefined, 'late')).toBe(false);
      expect(await ledger.exchangeNote('n', [2], { b: 1, a: [] })).toBe(true);
      expect(await ledger.exchangeNote('n', await ledger.note('n'), 3)).toBe(true);
      expect(await ledger.exchangeNote('new', undefined, 1)).toBe(true);
      expect([await ledger.note('n'), await ledger.note('new')]).toEqual([3, 1]);
      await ledger.cache('sts', 'example.org', 'v', 5);
      expect(await ledger.cached('sts', 'example.org')).toEqual({ value: 'v', until: 5 });
      expect(await ledger.cached('sts', 'other')).toBeUndefined();
    });

    it('prunes by the time of ingestion, and keeps positions', async () => {
      await ledger.commit(await batch({ segment: segment('s1', 500) }));
      expect(await ledger.prune('2026-11-21', NOON)).toEqual({ tallies: 0, reports: 0 });
      expect(await ledger.prune('2026-11-20', NOON + 1)).toEqual({ tallies: 0, reports: 0 });
      await ledger.attribute({ id: 'p1', domain: 'example.org', content: 1 }, NOON, HOUR, HOUR);
      await ledger.freeze(REPORT, [], [{ rua: 'mailto:a@example.org', state: 'due', notBefore: NOON }]);
      expect(await ledger.prune('2026-11-21', NOON + 1)).toEqual({ tallies: 1, reports: 1 });
      expect([await ledger.days(), await ledger.outbox(), await ledger.snapshotsOf('example.org')]).toEqual([
        [],
        [],
        [],
      ]);
      await ledger.commit(await batch({ sessions: sessions([success, 2]) }));
      expect(await ledger.days()).toEqual(['2026-11-20']);
      expect(await ledger.segments('mta1', 'postfix')).toHaveLength(1);
    });
  });
}
