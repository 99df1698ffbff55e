import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { addDays, type Day, dayEnd, dayOf } from '../../src/day.ts';
import { noteBounce } from '../../src/delivery/suppression.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { migrate } from '../../src/ledger/migrations.ts';
import { openPostgres } from '../../src/ledger/postgres.ts';
import type { SqlDatabase } from '../../src/ledger/sql.ts';
import { SqlLedger } from '../../src/ledger/sql-ledger.ts';
import { openSqlite } from '../../src/ledger/sqlite.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import { ChainReading } from '../../src/reading/chain-reading.ts';
import { emptySummary } from '../../src/reading/source.ts';
import { readArchivedLogs } from '../../src/reading.ts';
import { prune } from '../../src/retention.ts';
import { PostgresServer } from '../ledger/postgres-server.ts';
import { numberedParser } from '../reading/numbered-lines.ts';

const DAYS = 400;
const FIRST = '2025-10-20';
const DAY_MS = 86_400_000;
const SESSIONS_A_DAY = 4;
/** Longer than any real one waits for its receiver. */
const SENT_AFTER_DAYS = 25;
const TABLES = [
  'open_session',
  'tally',
  'snapshot',
  'cached',
  'demand',
  'report',
  'outbox',
  'note',
  'trusting',
  'traffic',
  'day_sum',
  'host',
  'imported',
  'lease',
];

const config = configSchema.parse({
  organization: 'Reports Inc.',
  contact: 'tls@reports.example',
  state: 'state',
});

let server: PostgresServer;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'retention-'));
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
});
afterAll(async () => {
  await server.remove();
  await rm(directory, { recursive: true });
});

const SOURCE = {
  host: 'mta1',
  parserName: 'numbered',
  makeParser: numberedParser,
  zone: zoneOf('UTC'),
  overlap: 'count',
} as const;

/** Sessions each of a domain of its own. */
function linesOf(day: Day, words: string): string {
  const number = Math.floor(dayEnd(day) / DAY_MS) * SESSIONS_A_DAY;
  const hours = Array.from({ length: SESSIONS_A_DAY }, (_, hour) => hour);
  return hours
    .map(
      (hour) => `${day}T${String(5 * hour).padStart(2, '0')}:00:00Z mta1 test[1]: ${words}${number + hour}\n`,
    )
    .join('');
}

/** A host whose every day is new: its domains, their policies, its receivers, its own name, a file backfilled. */
class BusyHost {
  readonly #ledger: Ledger;
  readonly #directory: string;
  /** Reports that were not sent yet: their bytes by id. */
  readonly #waiting = new Map<number, { readonly since: Day; readonly json: string }>();
  now = 0;

  constructor(ledger: Ledger, place: string) {
    this.#ledger = ledger;
    this.#directory = place;
  }

  async live(day: Day): Promise<void> {
    this.now = dayEnd(day) - 1000;
    await this.#readLive(day);
    if (day.endsWith('7')) await this.#readArchive(day);
    await this.#ledger.checkIn(`container-${day}`, '1.0.0', this.now);
    await this.#ledger.setNote(`last-run:container-${day}`, { at: this.now, seconds: 1, exitCode: 0 });
    await this.#ledger.setNote(`metrics:container-${day}`, { past: {}, days: {} });
    await noteBounce(this.#ledger, `mailto:tls@${day}.example`, this.now);
    await this.#close(day);
    await this.#send(day);
    await this.#ledger.daySums();
    await prune({ ledger: this.#ledger, clock: { now: () => this.now }, config });
    for (const [id, { json }] of this.#waiting)
      expect(await this.#ledger.reportById(id)).toMatchObject({ json });
  }

  /** The day's log; that of the day before yesterday is deleted. */
  async #readLive(day: Day): Promise<void> {
    const path = join(this.#directory, 'mail.log');
    await writeFile(path, linesOf(day, 'line '));
    await new ChainReading(this.#deps(), { ...SOURCE, name: path }, config.keep).pass(emptySummary());
    await rename(path, `${path}.1`);
  }

  /** Another log of the same day, read once. */
  async #readArchive(day: Day): Promise<void> {
    const path = join(this.#directory, `archive-${day}-whole.log`);
    await writeFile(path, linesOf(day, 'line 9'));
    expect((await readArchivedLogs(this.#deps(), [path], SOURCE)).faults).toEqual([]);
    await rm(path);
  }

  #deps() {
    return { ledger: this.#ledger, clock: { now: () => this.now } };
  }

  async #close(day: Day): Promise<void> {
    const ledger = this.#ledger;
    for (const { domain, fromHour, toHour } of await ledger.unattributed(1000)) {
      const snapshot = { id: `${day} ${domain}`, domain, content: { seen: day } };
      await ledger.attribute(snapshot, this.now, fromHour, toHour);
    }
    for (const { domain, revision } of await ledger.domainDays({ day })) {
      if (revision > 0) continue;
      await ledger.cache('mta-sts-policy', domain, { id: day, body: 'x' }, this.now + 7 * DAY_MS);
      await ledger.rememberDemand(day, domain, { kind: 'none' }, this.now);
    }
    const [first] = await ledger.domainDays({ day });
    if (first !== undefined) await this.#freeze(day, first.domain, 1);
    // An operator who wants the report of a day again that is nearly forgotten.
    const past = addDays(day, -29);
    const [old] = await ledger.domainDays({ day: past });
    if (old?.revision === 1) await this.#freeze(past, old.domain, 2);
  }

  async #freeze(day: Day, domain: string, revision: number): Promise<void> {
    const json = `{"report-id":"${day}.${revision}"}`;
    const ids = (await this.#ledger.tallies({ day, domain })).map(({ id }) => id);
    const report = { day, domain, revision, reportId: `${day}.${revision}`, json, builtAt: this.now };
    const outbox = [{ rua: `mailto:tls@${domain}`, state: 'due' as const, notBefore: this.now }];
    const { id } = await this.#ledger.freeze(report, ids, outbox);
    this.#waiting.set(id, { since: dayOf(this.now), json });
  }

  async #send(day: Day): Promise<void> {
    for (const { id, reportId, state } of await this.#ledger.outbox({ states: ['due', 'retry'] })) {
      const waiting = this.#waiting.get(reportId);
      if (waiting === undefined || waiting.since > addDays(day, -SENT_AFTER_DAYS)) continue;
      const change = { state: 'sent', attempts: 1, message: new Uint8Array(2000) } as const;
      expect(await this.#ledger.moveOutbox(id, state, change)).toBe(true);
      this.#waiting.delete(reportId);
    }
  }
}

const engines: [string, () => Promise<SqlDatabase>][] = [
  ['SQLite', async () => openSqlite(join(directory, 'state'))],
  ['PostgreSQL', async () => openPostgres(server.url(await server.createDatabase()))],
];

describe.each(engines)('over four hundred days a ledger on %s', (engine, open) => {
  test('grows no more once it holds what is to be kept, and drops no report that is still to be sent', async () => {
    const database = await open();
    await migrate(database);
    const ledger = new SqlLedger(database);
    const place = await mkdtemp(join(directory, 'log-'));
    const host = new BusyHost(ledger, place);
    const rows = async () => {
      const counts: Record<string, number> = {};
      for (const table of TABLES) {
        const [row] = await database.query(`SELECT COUNT(*) AS n FROM ${table}`);
        counts[table] = Number(row?.['n']);
      }
      return counts;
    };
    const most: Record<string, number> = {};
    let size = 0;
    let positions = 0;
    for (let at = 0; at < DAYS; at++) {
      await host.live(addDays(FIRST, at));
      const counts = at < 200 && at % 5 !== 0 ? {} : await rows();
      for (const [table, count] of Object.entries(counts)) {
        if (at < 200) most[table] = Math.max(most[table] ?? 0, count);
        else expect([at, table, count <= (most[table] ?? 0)]).toEqual([at, table, true]);
      }
      if (at === 199)
        [size, positions] = [await sizeOf(ledger), (await ledger.segments('mta1', 'numbered')).length];
    }
    // Positions stay: that is all there is to grow.
    const segments = (await ledger.segments('mta1', 'numbered')).length;
    expect(segments).toBeGreaterThan(DAYS);
    expect((await ledger.logs()).length).toBeGreaterThanOrEqual(DAYS / 10);
    if (engine === 'SQLite') expect(await sizeOf(ledger)).toBeLessThan(size + (segments - positions) * 1500);
    expect(Object.values(most).every((count) => count < 5000)).toBe(true);
    await ledger.close();
  });
});

async function sizeOf(ledger: Ledger): Promise<number> {
  return (await ledger.size()) ?? 0;
}
