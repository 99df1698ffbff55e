import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostDay } from '../../src/ledger/imports.ts';
import {
  type DomainDay,
  type IngestBatch,
  type Ledger,
  StaleReport,
  type TallyKey,
} from '../../src/ledger/ledger.ts';
import { batchOf, failure, HOUR, HOUR_MS, NOON, REPORT, sessions, success } from './batches.ts';

/** How sessions become tallies, days and sums: the same on every engine. */
export function describeTallies(
  engine: string,
  open: () => Promise<{ ledger: Ledger; clean(): Promise<void> }>,
) {
  describe(`the tallies of a ledger on ${engine}`, () => {
    let place: Awaited<ReturnType<typeof open>>;
    let ledger: Ledger;
    beforeEach(async () => {
      place = await open();
      ledger = place.ledger;
    });
    afterEach(() => place.clean());

    const batch = (change: Partial<IngestBatch> = {}) => batchOf(ledger, change);

    it('keeps each of thousands of tallies as it is, whatever those before it were like', async () => {
      const { resumed: _resumed, ...unknownResumption } = success;
      const counted = Array.from({ length: 400 }, (_, index) => {
        const alike = [success, failure, unknownResumption][index % 3] ?? success;
        const own = index % 7 === 0 ? { own: true as const } : {};
        const kind = { ...alike, ...own, recipientDomain: `d${index % 50}.example`, parser: `p${index}` };
        return Array.from({ length: 24 - (index % 5) * 5 }, (_, hour): [TallyKey, number] => [
          { ...kind, hour: HOUR + hour * HOUR_MS },
          index + hour + 1,
        ]);
      }).flat();
      for (const times of [1, 2]) {
        await ledger.commit(await batch({ sessions: sessions(...counted) }));
        const kept = await ledger.tallies({});
        const place = ({ parser, hour }: TallyKey) => Number(parser.slice(1)) * 1e13 + hour;
        expect(kept.sort((a, b) => place(a) - place(b))).toEqual(
          counted.map(([key, count]) => ({
            ...key,
            id: expect.any(Number),
            count: count * times,
            snapshot: null,
            revision: 0,
          })),
        );
      }
    });

    it('counts on after a batch that could not be written, of which nothing stays', async () => {
      await ledger.commit(await batch());
      const broken = { ...failure, host: null as unknown as string };
      const rejected = batch({ sessions: sessions([success, 1], [broken, 1]) });
      await expect(ledger.commit(await rejected)).rejects.toThrow(/null/i);
      await ledger.commit(await batch({ sessions: sessions([success, 5]) }));
      expect(await ledger.tallies({})).toMatchObject([{ ...success, count: 7 }]);
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
  });
}
