import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger, TallyKey } from '../../src/ledger/ledger.ts';
import { readSeen } from '../../src/posture/read.ts';

const HOUR = Date.parse('2026-11-20T10:00:00Z');
const NEXT_DAY = HOUR + 86_400_000;

const success: TallyKey = {
  hour: HOUR,
  host: 'mta1',
  parser: 'postfix',
  recipientDomain: 'example.org',
  outcome: 'success',
  receivingMxHostname: 'mx.example.org',
  peerTrust: 'trusted',
  tlsVersion: 'TLSv1.3',
  basis: 'tls-line',
};
const failure: TallyKey = {
  ...success,
  outcome: 'failure',
  resultType: 'certificate-expired',
  receivingIp: '192.0.2.25',
};

/** The sums every engine must give alike. */
export function describeSums(
  engine: string,
  open: () => Promise<{ ledger: Ledger; clean(): Promise<void> }>,
): void {
  describe(`sums on ${engine}`, () => {
    let place: Awaited<ReturnType<typeof open>>;
    let ledger: Ledger;
    beforeEach(async () => {
      place = await open();
      ledger = place.ledger;
      await ingest([
        [success, 2],
        [{ ...success, hour: HOUR + 3_600_000 }, 3],
        [failure, 1],
        [{ ...failure, receivingIp: '192.0.2.26' }, 1],
        [{ ...success, own: true }, 50],
        [{ ...success, hour: NEXT_DAY, recipientDomain: 'example.net' }, 7],
      ]);
    });
    afterEach(() => place.clean());

    async function ingest(entries: [TallyKey, number][]): Promise<void> {
      const log = await ledger.log('mta1', 'postfix', '/var/log/mail.log');
      await ledger.commit({
        logId: log.id,
        ingestedAt: HOUR,
        sessions: new Map(entries.map(([key, count]) => [JSON.stringify(key), { key, count }])),
        openChanged: [],
        openDeleted: [],
        expectedVersion: log.version,
        refuseOverlap: false,
      });
    }

    it('folds hours and addresses, and leaves own reports out', async () => {
      const { receivingIp: _, ...failed } = failure;
      expect(await ledger.sessionSums()).toEqual([
        { ...failed, day: '2026-11-20', count: 2, snapshot: null },
        { ...success, hour: HOUR + 3_600_000, day: '2026-11-20', count: 5, snapshot: null },
        {
          ...success,
          hour: NEXT_DAY,
          recipientDomain: 'example.net',
          day: '2026-11-21',
          count: 7,
          snapshot: null,
        },
      ]);
    });

    it('keeps to the days and the domain asked for', async () => {
      expect(await ledger.sessionSums({ since: '2026-11-21' })).toHaveLength(1);
      expect(await ledger.sessionSums({ since: '2026-11-22' })).toEqual([]);
      expect(await ledger.sessionSums({ domain: 'example.org' })).toHaveLength(2);
      expect(await ledger.sessionSums({ day: '2026-11-20', domain: 'example.net' })).toEqual([]);
    });

    it('reads a day at a time what it would read at once, and tells how far it is', async () => {
      const told: unknown[] = [];
      const seen = await readSeen(ledger, {}, { step: (...step) => told.push(step) });
      expect(seen.sums).toEqual(await ledger.sessionSums());
      expect(told).toEqual([
        ['sums', 0, 2],
        ['sums', 1, 2],
      ]);
      expect((await readSeen(ledger, { since: '2026-11-21' })).sums).toEqual(seen.sums.slice(2));
    });

    it('sums traffic without domains', async () => {
      const common = { host: 'mta1', parser: 'postfix', peerTrust: 'trusted', tlsVersion: 'TLSv1.3' };
      expect(await ledger.trafficSums()).toEqual([
        {
          ...common,
          day: '2026-11-20',
          outcome: 'failure',
          resultType: 'certificate-expired',
          basis: 'tls-line',
          count: 2,
        },
        { ...common, day: '2026-11-20', outcome: 'success', basis: 'tls-line', count: 5 },
        { ...common, day: '2026-11-21', outcome: 'success', basis: 'tls-line', count: 7 },
      ]);
    });

    it('counts the outbox by day, state and kind of receiver', async () => {
      const report = { day: '2026-11-20', revision: 1, json: '{}', builtAt: HOUR };
      const due = { state: 'due', notBefore: HOUR } as const;
      await ledger.freeze(
        { ...report, domain: 'example.org', reportId: 'a' },
        [],
        [
          { rua: 'mailto:a@example.org', ...due },
          { rua: 'https://example.org/r', ...due },
        ],
      );
      await ledger.freeze(
        { ...report, domain: 'example.net', reportId: 'b' },
        [],
        [
          { rua: 'mailto:b@example.net', ...due },
          { rua: 'directory:/srv/reports', ...due },
        ],
      );
      const day = '2026-11-20';
      expect(await ledger.fates(['due', 'retry'], 2)).toMatchObject([
        { day, domain: 'example.net', rua: 'directory:/srv/reports', state: 'due', attempts: 0 },
        { day, domain: 'example.net', rua: 'mailto:b@example.net', revision: 1 },
      ]);
      expect(await ledger.fates(['sent'], 10)).toEqual([]);
      expect(await ledger.outboxSums()).toEqual([
        { day, state: 'due', scheme: 'directory', count: 1 },
        { day, state: 'due', scheme: 'https', count: 1 },
        { day, state: 'due', scheme: 'mailto', count: 2 },
      ]);
    });

    it('counts what was to be tried long ago, by when it could first be', async () => {
      const due = (rua: string, notBefore: number) => ({ rua, state: 'due', notBefore }) as const;
      const report = { day: '2026-11-20', revision: 1, json: '{}' };
      const first = { ...report, domain: 'example.org', reportId: 'a', builtAt: HOUR };
      await ledger.freeze(first, [], [due('mailto:a@example.org', HOUR + 5), due('mailto:b@example.org', 0)]);
      const second = { ...report, domain: 'example.net', reportId: 'b', builtAt: HOUR + 9 };
      await ledger.freeze(second, [], [due('mailto:a@example.net', 0)]);
      expect(await ledger.unsent(HOUR - 1)).toEqual({ count: 0 });
      expect(await ledger.unsent(HOUR)).toEqual({ count: 1, since: HOUR });
      expect(await ledger.unsent(HOUR + 9)).toEqual({ count: 3, since: HOUR });
      for (const { id, rua } of await ledger.outbox())
        await ledger.moveOutbox(id, 'due', { state: rua.endsWith('.net') ? 'retry' : 'sent' });
      expect(await ledger.unsent(HOUR + 9)).toEqual({ count: 1, since: HOUR + 9 });
    });

    it('tells day by day how it went with domains that failed lately, and with no others', async () => {
      expect(await ledger.failingDomains('2026-11-14', '2026-11-20')).toEqual([
        {
          day: '2026-11-20',
          domain: 'example.org',
          successes: 5,
          failures: 2,
          lastSuccess: HOUR + 3_600_000,
          lastFailure: HOUR,
        },
      ]);
      expect(await ledger.failingDomains('2026-11-14', '2026-11-21')).toEqual([]);
      const also = await ledger.failingDomains('2026-11-14', '2026-11-21', ['example.org', 'other.example']);
      expect(also.map(({ day, domain }) => `${day} ${domain}`)).toContain('2026-11-20 example.org');
    });

    it('counts the sessions of own reports apart', async () => {
      expect(await ledger.ownSessions()).toBe(50);
    });

    it('knows its size', async () => {
      expect(await ledger.size()).toBeGreaterThan(4096);
    });
  });
}
