import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IngestBatch, type Ledger, OverlapError, StalePosition } from '../../src/ledger/ledger.ts';
import { batchOf, failure, HOUR, HOUR_MS, NOON, REPORT, sessions, success } from './batches.ts';

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

    const batch = (change: Partial<IngestBatch> = {}) => batchOf(ledger, change);

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
        await batch({
          segment: segment('s1', 500),
          firstTime: HOUR,
          lastTime: HOUR + 1000,
          covered: { from: HOUR, until: HOUR + 1000 },
        }),
      );
      const extract = await ledger.log('mta1', 'postfix', '/tmp/extract.log');
      const overlapping = await batch({
        logId: extract.id,
        expectedVersion: 0,
        segment: segment('s2', 10),
        covered: { from: HOUR + 500, until: HOUR + 600 },
        refuseOverlap: true,
      });
      await expect(ledger.commit(overlapping)).rejects.toBeInstanceOf(OverlapError);
      expect(await ledger.tallies({})).toMatchObject([{ count: 2 }]);
      await ledger.commit({ ...overlapping, covered: { from: HOUR + 1000, until: HOUR + 2000 } });
      expect(await ledger.tallies({})).toMatchObject([{ count: 4 }]);
    });

    it('refuses what holds other files of its own log, in whatever order they were joined', async () => {
      const day = 24 * HOUR_MS;
      const covering = (from: number, until: number) => ({
        covered: { from: HOUR + from, until: HOUR + until },
      });
      await ledger.commit(await batch({ segment: segment('monday', 500), ...covering(0, day) }));
      await ledger.commit(await batch({ segment: segment('tuesday', 500), ...covering(day, 2 * day) }));
      const joined = { segment: segment('monday', 1000, 1), refuseOverlap: true };
      await expect(
        ledger.commit(await batch({ ...joined, ...covering(day, 3 * day) })),
      ).rejects.toBeInstanceOf(OverlapError);
      await ledger.commit(await batch({ ...joined, ...covering(2 * day, 3 * day) }));
      const again = await batch({ segment: segment('again', 500), refuseOverlap: true });
      const within = { ...again, ...covering(2.5 * day, 2.8 * day) };
      await expect(ledger.commit(within)).rejects.toMatchObject({
        covered: { from: HOUR, until: HOUR + 3 * day },
      });
    });

    it('keeps segments of one identity apart, and refuses that two readers meet one first', async () => {
      const first = { covered: { from: HOUR, until: HOUR + 1000 } };
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
      // That nobody tried it is what a report too old to be mailed is known by.
      expect(row?.firstTriedAt).toBeUndefined();
      const claim = { state: 'sending', attempts: 1, message: new Uint8Array([1, 2, 255]) } as const;
      const id = row?.id ?? 0;
      expect(
        await Promise.all([ledger.moveOutbox(id, 'due', claim), ledger.moveOutbox(id, 'due', claim)]),
      ).toEqual([true, false]);
      ledger = await place.reopen();
      expect(await ledger.dueOutbox(NOON, 10)).toMatchObject([
        { state: 'sending', attempts: 1, message: new Uint8Array([1, 2, 255]) },
      ]);
      const tried = { firstTriedAt: NOON, notBefore: NOON } as const;
      expect(await ledger.moveOutbox(id, 'sending', tried, 1)).toBe(true);
      expect((await ledger.dueOutbox(NOON, 10))[0]?.firstTriedAt).toBe(NOON);
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
