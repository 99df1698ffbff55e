import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config.ts';
import { FINDINGS } from '../../src/status/findings.ts';
import { judge } from '../../src/status/judge.ts';
import { NOTHING_READ } from '../../src/status/logs.ts';
import type { LogStatus, Status } from '../../src/status/schema.ts';

const { alerts: ALERTS } = configSchema.parse({ organization: 'A', contact: 'a@b.example', state: 's' });
const NOW = Date.parse('2026-11-24T12:00:00Z');
const HOUR = 3_600_000;
type Facts = Omit<Status, 'state' | 'findings'>;

const log = (more: Partial<LogStatus> = {}): LogStatus => ({
  ...NOTHING_READ,
  host: 'mta1',
  parser: 'postfix',
  name: '/var/log/mail.log',
  configured: true,
  readToEndAt: '2026-11-24T11:59:00Z',
  lagSeconds: 60,
  lastLine: '2026-11-24T11:58:00Z',
  bytes: 1000,
  ...more,
});

const day = (more: Partial<Status['days'][number]> = {}): Status['days'][number] => ({
  day: '2026-11-23',
  state: 'closed',
  domains: 1,
  sessions: 1000,
  failures: 0,
  late: 0,
  unattributed: 0,
  reports: 1,
  ...more,
});

const host = (more: Partial<Status['hosts'][number]> = {}): Status['hosts'][number] => ({
  host: 'mta1',
  program: '1.0.0',
  logs: 1,
  sessions: 1,
  share: 0.5,
  holdsUp: [],
  behind: [],
  late: 0,
  lagSeconds: 60,
  ...more,
});

/** One that only `backfill` has told of. */
const { program: _____, ...archived } = host({ host: 'old', behind: ['2026-11-23'], lagSeconds: 90_000 });

const facts = (more: Partial<Facts> = {}): Facts => ({
  at: '2026-11-24T12:00:00Z',
  version: '1.0.0',
  ledger: { exists: true, keepSeconds: 1 },
  logs: [log()],
  hosts: [host()],
  days: [day()],
  sessions: { byBasis: { 'tls-line': 1000 }, own: 0 },
  folded: [],
  outbox: {},
  unsent: { count: 0 },
  recent: { sent: 10, retry: 0, givenUp: 0 },
  failing: [],
  suppressed: [],
  ...more,
});

function found(more: Partial<Facts>, fleet: object = {}): string[] {
  const config = {
    logs: [],
    fleet: { grace: 2 * HOUR, 'import-keys': [], retired: [], ...fleet },
    alerts: { ...ALERTS, command: ['/bin/alert'] },
  };
  const { state, findings } = judge(facts(more), { config, now: NOW, maxLag: 3 * HOUR });
  const words = findings.map(({ severity, id }) => `${severity} ${id}`);
  expect(state).toBe(words[0]?.split(' ')[0] ?? 'ok');
  return words;
}

const hole = (noticedAt: string) => ({ kind: 'copied', noticedAt, text: 'lost' });
const { readToEndAt: _, lagSeconds: __, lastLine: ___, ...neverRead } = log();
const { lastLine: ____, ...empty } = log({ bytes: 0 });
const lastRun = (exitCode: number, reason?: string) => ({
  at: '2026-11-24T11:59:00Z',
  seconds: 1,
  exitCode,
  ...(reason !== undefined && { reason }),
});
const alertFault = (at: string) => ({
  since: '2026-11-01T00:00:00Z',
  at,
  times: 3,
  reason: 'it ended with 3',
});

/** What is seen, what is to be said of it; and what differs just so much that nothing is. */
const CASES: readonly (readonly [string, Partial<Facts>, string, Partial<Facts>])[] = [
  [
    'a log not read for 3 h',
    { logs: [log({ lagSeconds: 10_800 })] },
    'critical not-read',
    { logs: [log({ lagSeconds: 3599 })] },
  ],
  [
    'a log not read for 1 h',
    { logs: [log({ lagSeconds: 10_799 })] },
    'warning not-read',
    { logs: [log({ lagSeconds: 99_999, configured: false })] },
  ],
  [
    'a log never read',
    { logs: [neverRead] },
    'critical not-read',
    { logs: [{ ...neverRead, configured: false }] },
  ],
  [
    'a hole',
    { logs: [log({ gaps: [hole('2026-11-17T12:00:00Z')] })] },
    'warning hole',
    { logs: [log({ gaps: [hole('2026-11-17T11:59:59Z')] })] },
  ],
  ['a cut archive', { logs: [log({ incomplete: ['/var/log/mail.log.1.gz'] })] }, 'warning incomplete', {}],
  [
    'lines nobody knows',
    { logs: [log({ unknown: { count: 11, samples: ['x'] } })] },
    'warning unknown-lines',
    { logs: [log({ unknown: { count: 10, samples: ['x'] } })] },
  ],
  ['lines the parser failed on', { logs: [log({ skipped: 1 })] }, 'warning skipped', {}],
  [
    'a day that is not closed',
    { days: [day({ day: '2026-11-22', state: 'closing', unattributed: 3 })] },
    'critical overdue',
    { days: [day({ day: '2026-11-22', state: 'closed', unattributed: 3 })] },
  ],
  ['a day held', { days: [day({ state: 'held', heldBecause: 'native' })] }, 'warning held-day', {}],
  [
    'a day too old for a week at most',
    { days: [day({ day: '2026-11-17', state: 'held', heldBecause: 'too-old' })] },
    'warning held-day',
    { days: [day({ day: '2026-11-16', state: 'held', heldBecause: 'too-old' })] },
  ],
  ['late sessions', { days: [day({ late: 10 })] }, 'warning late', { days: [day({ late: 9 })] }],
  [
    'more given up than sent',
    { recent: { sent: 1, retry: 0, givenUp: 2 } },
    'critical given-up',
    { recent: { sent: 0, retry: 0, givenUp: 0 } },
  ],
  ['some given up', { recent: { sent: 2, retry: 0, givenUp: 2 } }, 'warning given-up', {}],
  [
    'more waiting than sent',
    { recent: { sent: 1, retry: 2, givenUp: 0 } },
    'warning retrying',
    { recent: { sent: 2, retry: 2, givenUp: 0 } },
  ],
  ['held in the outbox', { outbox: { held: 1 } }, 'warning held-reports', { outbox: { suppressed: 9 } }],
  [
    'a late host',
    { hosts: [host(), host({ host: 'mta2', holdsUp: ['2026-11-23'], lagSeconds: 10_800 })] },
    'warning late-host',
    { hosts: [host(), host({ host: 'mta2', holdsUp: ['2026-11-23'], lagSeconds: 900 })] },
  ],
  [
    'a host that is silent, but not one of an archive only',
    { hosts: [host(), host({ host: 'mta2', behind: ['2026-11-23'], lagSeconds: 90_000 })] },
    'warning late-host',
    { hosts: [host(), archived] },
  ],
  ['a last run that could not read', { lastRun: lastRun(65) }, 'warning last-run', { lastRun: lastRun(75) }],
  [
    'a host whose name two machines use',
    { hosts: [host({ clashAt: '2026-11-23T12:01:00Z' })] },
    'critical host-clash',
    { hosts: [host({ clashAt: '2026-11-23T12:00:00Z' })] },
  ],
  [
    'a clock that is wrong',
    { hosts: [host({ clockAheadSeconds: -2400 })] },
    'warning clock',
    { hosts: [host({ clockAheadSeconds: 20 })] },
  ],
  [
    'a day of which the files of a host lack sessions',
    { hosts: [host({ lacking: ['2026-11-22'] })] },
    'warning left-out',
    { hosts: [host({ lacking: [] })] },
  ],
  [
    'a last run that stopped early',
    { lastRun: lastRun(78, 'mail.dkim is not set') },
    'critical last-run',
    { lastRun: lastRun(0) },
  ],
  [
    'reports that nobody tried for an hour',
    { unsent: { count: 2, since: '2026-11-24T09:00:01Z' } },
    'warning unsent',
    {},
  ],
  [
    'reports that nobody tried for 3 h',
    { unsent: { count: 2, since: '2026-11-24T09:00:00Z' } },
    'critical unsent',
    {},
  ],
  [
    'an alert command that failed',
    { alertFault: alertFault('2026-11-17T12:00:00Z') },
    'warning alert-command',
    { alertFault: alertFault('2026-11-17T11:59:59Z') },
  ],
  [
    'a log that told nothing for 3 days',
    { logs: [log({ lastLine: '2026-11-21T11:58:59Z' })] },
    'warning silent',
    { logs: [log({ lastLine: '2026-11-21T11:59:00Z' })] },
  ],
  [
    'a log that never told anything',
    { logs: [empty] },
    'warning silent',
    { logs: [empty, log({ parser: 'exim' })] },
  ],
];

describe('judge', () => {
  it('finds nothing where all is well', () => {
    expect(found({})).toEqual([]);
  });

  it.each(CASES)('says: %s', (_name, seen, said, silent) => {
    expect(found(seen)).toEqual([said]);
    expect(found(silent)).toEqual([]);
  });

  it('knows a case of each kind of finding', () => {
    const kinds = Object.entries(FINDINGS).flatMap(([id, of]) =>
      Object.keys(of).map((severity) => `${severity} ${id}`),
    );
    expect([...new Set(CASES.map(([, , said]) => said))].sort()).toEqual(kinds.sort());
  });

  it('says why a run stopped, and what keeps reports from leaving', () => {
    const seen = {
      lastRun: lastRun(78, 'mail.dkim is not set'),
      unsent: { count: 2, since: '2026-11-24T09:00:00Z' },
    };
    const config = { logs: [], fleet: { grace: 2 * HOUR, 'import-keys': [], retired: [] }, alerts: ALERTS };
    const { findings } = judge(facts(seen), { config, now: NOW, maxLag: 3 * HOUR });
    expect(findings.map(({ text }) => text)).toEqual([
      'the last run (2026-11-24T11:59:00Z) stopped: mail.dkim is not set',
      '2 deliveries are due since 2026-11-24T09:00:00Z, and nobody tried them: `run` sends them, or says what is in the way',
    ]);
  });

  it('has nothing to say of an alert command that is configured no more', () => {
    const config = { logs: [], fleet: { grace: 2 * HOUR, 'import-keys': [], retired: [] }, alerts: ALERTS };
    const seen = facts({ alertFault: alertFault('2026-11-24T11:00:00Z') });
    expect(judge(seen, { config, now: NOW, maxLag: 3 * HOUR }).findings).toEqual([]);
  });

  it('blames a log for its silence no more than for not being read', () => {
    const old = log({
      lagSeconds: 10_800,
      readToEndAt: '2026-11-24T09:00:00Z',
      lastLine: '2026-11-01T00:00:00Z',
    });
    expect(found({ logs: [old] })).toEqual(['critical not-read']);
  });

  it('names a host that days were closed without', () => {
    const late = host({ host: 'mta2', behind: ['2026-11-22'], lagSeconds: 10_800 });
    expect(found({ hosts: [host(), late] })).toEqual(['warning late-host']);
    expect(found({ hosts: [host(), { ...late, lagSeconds: 10_799 }] })).toEqual([]);
  });

  it('goes on naming a host that is silent, until nothing of it is kept or somebody says why', () => {
    const silent = host({ host: 'mta2', lagSeconds: 5 * 86_400, readToEndAt: '2026-11-19T12:00:00Z' });
    const keeping = (days: number) => ({ ledger: { exists: true, keepSeconds: days * 86_400 } });
    expect(found({ ...keeping(30), hosts: [host(), silent] })).toEqual(['warning late-host']);
    expect(found({ ...keeping(5), hosts: [host(), silent] })).toEqual([]);
    expect(found({ ...keeping(30), hosts: [host(), silent] }, { retired: ['mta2'] })).toEqual([]);
    const { lagSeconds: _, ...never } = silent;
    expect(found({ ...keeping(30), hosts: [host(), never] })).toEqual([]);
  });

  it('blames no day that waits for a host', () => {
    const days = [day({ day: '2026-11-22', state: 'closing' as const })];
    const hosts = [host({ holdsUp: ['2026-11-22'] })];
    expect(found({ days, hosts })).toEqual([]);
  });

  it('puts the worst first', () => {
    expect(found({ outbox: { held: 1 }, recent: { sent: 0, retry: 0, givenUp: 1 } })).toEqual([
      'critical given-up',
      'warning held-reports',
    ]);
  });

  it('leaves the days alone where tallies are carried elsewhere by file', () => {
    const days = [
      day({ day: '2026-11-21', state: 'closing' as const }),
      day({ state: 'held' as const, heldBecause: 'native' }),
    ];
    expect(found({ days }, { 'export-key': 'tally.pem' })).toEqual([]);
    expect(found({ days })).toEqual(['critical overdue', 'warning held-day']);
  });
});
