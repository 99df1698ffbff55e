import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configSchema } from '../src/config.ts';
import { noteBounce, suppressions } from '../src/delivery/suppression.ts';
import type { Ledger } from '../src/ledger/ledger.ts';
import { openLedger } from '../src/ledger/open.ts';
import { gapsOf, Trail } from '../src/reading/trail.ts';
import { noteUnknown, unknownOf } from '../src/reading/unknown-lines.ts';
import { prune } from '../src/retention.ts';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './cli/place.ts';
import { runCli } from './cli/run-cli.ts';

const DAY_MS = 86_400_000;
const NOON = Date.parse('2026-11-20T12:00:00Z');
const config = configSchema.parse({ organization: 'X', contact: 'tls@x.example', state: 'state' });

let place: Place;
let ledger: Ledger;
beforeEach(async () => {
  place = await makePlace('mta: {honours: []}\n');
  ledger = await openLedger(place.path('state'));
});
afterEach(async () => {
  await ledger.close();
  await place.remove();
});

function pruneAfter(days: number): Promise<void> {
  return prune({ ledger, clock: { now: () => NOON + days * DAY_MS }, config });
}

async function readLog(name: string, at: number): Promise<number> {
  const { id, version } = await ledger.log('mta1', 'postfix', name);
  await ledger.commit({
    logId: id,
    ingestedAt: at,
    readToEndAt: at,
    sessions: new Map(),
    openChanged: [],
    openDeleted: [],
    expectedVersion: version,
    refuseOverlap: false,
  });
  return id;
}

describe('what was noted', () => {
  test('of a log goes when it was not read for `keep`, but for what its path led to', async () => {
    const dead = await readLog('old.log', NOON);
    const live = await readLog('mail.log', NOON + 40 * DAY_MS);
    const file = { key: '1:2', born: 1, newest: 1, target: '/old.log' };
    for (const id of [dead, live]) {
      for (const kind of ['seen', 'hints']) await ledger.setNote(`${kind}:${id}`, []);
      const gap = { kind: 'emptied', noticedAt: NOON };
      await ledger.setNote(`trail:${id}`, { live: file, gaps: [gap] });
    }
    await pruneAfter(40);
    expect(await ledger.noteNames()).toEqual(
      ['tidied', `trail:${dead}`, ...['hints', 'seen', 'trail'].map((kind) => `${kind}:${live}`)].sort(),
    );
    expect(await gapsOf(ledger, dead)).toEqual([]);
    const trail = new Trail(ledger, dead);
    await trail.load();
    expect(trail.targets).toEqual(['/old.log']);
  });

  test('of lines that no rule knows goes when none came for `keep`, of a log that is read too', async () => {
    const id = await readLog('mail.log', NOON + 31 * DAY_MS);
    const news = { count: 2, samples: ['smtp: what'], faults: 0 };
    await noteUnknown(ledger, id, 'postfix', '1.0.0', news, NOON);
    await pruneAfter(29);
    expect(await unknownOf(ledger, id, '1.0.0')).toMatchObject({ count: 2 });
    await pruneAfter(31);
    expect(await unknownOf(ledger, id, '1.0.0')).toMatchObject({ count: 0, samples: [] });
  });

  test('of machines, formats, receivers and alerts goes when it was of no use for `keep`', async () => {
    for (const [host, day] of [
      ['gone', 0],
      ['here', 35],
    ] as const) {
      const at = NOON + day * DAY_MS;
      await ledger.setNote(`last-run:${host}`, { at, seconds: 1, exitCode: 0 });
      await ledger.setNote(`metrics:${host}`, { past: {}, days: {} });
      await ledger.setNote(`detected:${host}:/var/log/mail.log`, { at, parsers: ['postfix'] });
      await noteBounce(ledger, `mailto:tls@${host}.example`, at);
    }
    await ledger.setNote('metrics:collector', { past: {}, days: {} });
    const days = { '2026-11-19': { ok: 1, failed: 3 } };
    await ledger.setNote('alerts', { domains: { 'a.example': { days, recent: [] } } });
    await pruneAfter(40);
    expect(await ledger.noteNames()).toEqual([
      'delivery.suppressed',
      'detected:here:/var/log/mail.log',
      'last-run:here',
      'metrics:collector',
      'metrics:here',
      'tidied',
    ]);
    expect((await suppressions(ledger)).map(({ rua }) => rua)).toEqual(['mailto:tls@here.example']);
  });

  test('is looked through once a day', async () => {
    await pruneAfter(0);
    await ledger.cache('kind', 'name', 1, NOON - 1);
    await pruneAfter(0.1);
    expect(await ledger.cached('kind', 'name')).toBeDefined();
    await pruneAfter(1);
    expect(await ledger.cached('kind', 'name')).toBeUndefined();
  });
});

describe('days that were read `keep` ago are dropped', () => {
  /** Reads the sample, and runs forty days after it. */
  async function daysLater(...words: string[]): Promise<{ code: number; days: readonly string[] }> {
    const reading = ['--config', place.config, '--timezone', 'UTC', '--host', 'mta1', '--now', MORNING_AFTER];
    await runCli(['backfill', SAMPLE_LOG, ...reading, '--offline']);
    expect(await ledger.days()).toHaveLength(1);
    const later = new Date(Date.parse(MORNING_AFTER) + 40 * DAY_MS).toISOString();
    const { code } = await runCli(['run', ...words, '--config', place.config, '--now', later]);
    return { code, days: await ledger.days() };
  }

  test('by a host that only reads, too', async () => {
    expect(await daysLater('--offline')).toEqual({ code: 0, days: [] });
  });

  test('where what is due cannot be sent, too', async () => {
    const report = { day: '2027-12-01', domain: 'a.example', revision: 1, reportId: 'r', json: '{}' };
    const due = { rua: 'mailto:a@a.example', state: 'due', notBefore: NOON } as const;
    await ledger.freeze({ ...report, builtAt: NOON }, [], [due]);
    expect(await daysLater()).toEqual({ code: 78, days: [] });
  });
});
