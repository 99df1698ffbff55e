import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IngestBatch, Ledger, OpenRow } from '../../src/ledger/ledger.ts';

const DAY_MS = 86_400_000;
const NOON = Date.parse('2026-11-20T12:00:00Z');
const DAY = '2026-11-20';
const LATER = NOON + 60 * DAY_MS;
const KEPT_SINCE = LATER - 30 * DAY_MS;
const OLDEST = '2027-01-10';

const REPORT = {
  day: DAY,
  domain: 'example.org',
  revision: 1,
  reportId: 'r1',
  json: '{"report-id":"r1"}',
};

/** What is forgotten, and what is not: the same on every engine. */
export function describeKeeping(
  engine: string,
  open: () => Promise<{ ledger: Ledger; clean(): Promise<void> }>,
) {
  describe(`what a ledger on ${engine} keeps`, () => {
    let place: Awaited<ReturnType<typeof open>>;
    let ledger: Ledger;
    beforeEach(async () => {
      place = await open();
      ledger = place.ledger;
    });
    afterEach(() => place.clean());

    /** Reads two sessions of the day, leaving something open. */
    async function read(
      name: string,
      ingestedAt: number,
      openChanged: readonly OpenRow[] = [],
    ): Promise<number> {
      const log = await ledger.log('mta1', 'postfix', name);
      const key = {
        hour: NOON,
        host: 'mta1',
        parser: 'postfix',
        recipientDomain: 'example.org',
        outcome: 'success',
        basis: 'tls-line',
        peerTrust: 'trusted',
      } as const;
      const batch: IngestBatch = {
        logId: log.id,
        ingestedAt,
        sessions: new Map([['one', { key, count: 2 }]]),
        openChanged,
        openDeleted: [],
        expectedVersion: log.version,
        refuseOverlap: false,
        oldestOpen: NOON,
      };
      await ledger.commit(batch);
      return log.id;
    }

    const row = (key: string, time: number, idleSeconds = 600): OpenRow => ({
      key,
      value: null,
      time,
      since: time,
      idleSeconds,
    });

    it.each([
      ['was built', LATER - DAY_MS, NOON, undefined],
      ['is due', NOON, LATER - DAY_MS, undefined],
      ['was first tried', NOON, NOON, LATER - DAY_MS],
    ])(
      'a day whose report is still to be sent, as long as that %s within `keep`',
      async (_, builtAt, notBefore, firstTriedAt) => {
        await read('mail.log', NOON);
        const ids = (await ledger.tallies({})).map(({ id }) => id);
        const rua = [{ rua: 'mailto:a@example.org', state: 'due' as const, notBefore }];
        const report = await ledger.freeze({ ...REPORT, builtAt }, ids, rua);
        const [outbox] = await ledger.outbox();
        const id = outbox?.id ?? 0;
        await ledger.moveOutbox(id, 'due', {
          state: 'retry',
          ...(firstTriedAt !== undefined && { firstTriedAt }),
        });
        expect(await ledger.prune(OLDEST, KEPT_SINCE)).toEqual({ tallies: 0, reports: 0 });
        await ledger.tidy(OLDEST, KEPT_SINCE, LATER);
        expect(await ledger.reportById(report.id)).toEqual(report);
        expect(await ledger.tallies({})).toMatchObject([{ count: 2, revision: 1 }]);
        await ledger.moveOutbox(id, 'retry', { state: 'sent' });
        expect(await ledger.prune(OLDEST, KEPT_SINCE)).toEqual({ tallies: 1, reports: 1 });
        expect(await ledger.outbox()).toEqual([]);
      },
    );

    it('not a report that could not be sent for as long', async () => {
      await read('mail.log', NOON);
      const rua = [{ rua: 'mailto:a@example.org', state: 'due' as const, notBefore: NOON }];
      await ledger.freeze({ ...REPORT, builtAt: NOON }, [], rua);
      expect(await ledger.prune(OLDEST, KEPT_SINCE)).toEqual({ tallies: 1, reports: 1 });
    });

    it('open sessions of logs that are read, and not of dead logs, whose positions stay', async () => {
      const dead = await read('old.log', NOON, [row('ka', NOON)]);
      const live = await read('mail.log', LATER, [row('kb', LATER - DAY_MS)]);
      await ledger.tidy(OLDEST, KEPT_SINCE, LATER);
      expect([await ledger.openRows(dead), await ledger.openRows(live)]).toEqual([
        [],
        [row('kb', LATER - DAY_MS)],
      ]);
      const [mail, old] = await ledger.logs();
      expect(mail).toMatchObject({ name: 'mail.log', version: 1, oldestOpen: NOON, readAt: LATER });
      expect(old).toMatchObject({ name: 'old.log', version: 2, readAt: NOON });
      expect(old).not.toHaveProperty('oldestOpen');
    });

    it('not what a host left open that is gone from a file of many', async () => {
      const rows = [
        row('cgone', NOON, 0),
        row('kgone', NOON),
        // A fact that is still one of a host that lives.
        row('kfact', NOON, 61 * 86_400),
        row('clive', LATER - 60_000, 0),
        row('klive', LATER - 120_000),
        // A clock that is years ahead is no measure.
        row('cahead', LATER + 900 * DAY_MS, 0),
      ];
      const id = await read('mail.log', LATER, rows);
      await ledger.tidy(OLDEST, KEPT_SINCE, LATER);
      expect((await ledger.openRows(id)).map(({ key }) => key).sort()).toEqual([
        'cahead',
        'clive',
        'kfact',
        'klive',
      ]);
      expect(await ledger.log('mta1', 'postfix', 'mail.log')).toMatchObject({ version: 2 });
      await ledger.tidy(OLDEST, KEPT_SINCE, LATER);
      expect(await ledger.log('mta1', 'postfix', 'mail.log')).toMatchObject({ version: 2 });
    });

    it('an archive that is read now, however old its lines are', async () => {
      const past = NOON - 900 * DAY_MS;
      const id = await read('archive', LATER, [row('ka', past)]);
      await ledger.tidy(OLDEST, KEPT_SINCE, LATER);
      expect(await ledger.openRows(id)).toHaveLength(1);
    });

    it('cached values while they are valid', async () => {
      await ledger.cache('sts', 'a.example', 1, LATER - 1);
      await ledger.cache('sts', 'b.example', 2, LATER);
      await ledger.tidy(OLDEST, KEPT_SINCE, LATER);
      expect([await ledger.cached('sts', 'a.example'), await ledger.cached('sts', 'b.example')]).toEqual([
        undefined,
        { value: 2, until: LATER },
      ]);
    });

    it('snapshots that a tally has, or that were seen of late', async () => {
      await read('mail.log', LATER);
      const snapshot = (id: string, domain: string) => ({ id, domain, content: id });
      await ledger.attribute(snapshot('held', 'example.org'), NOON, NOON, NOON);
      await ledger.attribute(snapshot('unused', 'example.net'), NOON, NOON, NOON);
      await ledger.attribute(snapshot('new', 'example.com'), LATER, NOON, NOON);
      await ledger.tidy(OLDEST, KEPT_SINCE, LATER);
      expect([...(await ledger.snapshots(['held', 'unused', 'new'])).keys()].sort()).toEqual(['held', 'new']);
    });

    it('hosts and their trust anchors while they have sessions, and notes until they are dropped', async () => {
      await ledger.checkIn('gone', '1.0.0', NOON);
      await ledger.checkIn('here', '1.0.0', LATER);
      await read('mail.log', NOON);
      await ledger.tidy(OLDEST, KEPT_SINCE, LATER);
      expect((await ledger.hosts()).map(({ host }) => host)).toEqual(['here']);
      expect(await ledger.trustingHosts()).toHaveLength(1);
      await ledger.prune(OLDEST, KEPT_SINCE);
      await ledger.tidy(OLDEST, KEPT_SINCE, LATER);
      expect(await ledger.trustingHosts()).toEqual([]);
      await ledger.setNote('b', 1);
      await ledger.setNote('a', 2);
      await ledger.dropNotes(['b', 'none']);
      expect(await ledger.noteNames()).toEqual(['a']);
    });

    it('nothing of a past day that came in after the day was dropped', async () => {
      await read('mail.log', LATER);
      await ledger.rememberDemand(DAY, 'example.org', { kind: 'none' }, LATER);
      await ledger.rememberDemand('2026-11-19', 'example.org', { kind: 'none' }, LATER);
      await ledger.freeze({ ...REPORT, day: '2026-11-19', builtAt: LATER }, [], []);
      await ledger.tidy(OLDEST, KEPT_SINCE, LATER);
      expect(await ledger.report('2026-11-19', 'example.org')).toBeUndefined();
      expect(await ledger.domainDays()).toMatchObject([{ day: DAY, demand: { kind: 'none' } }]);
    });
  });
}
