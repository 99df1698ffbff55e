import { expect, it } from 'vitest';
import { fleetLines, lateHosts } from '../../src/cli/fleet-text.ts';
import { hostJson } from '../../src/status/hosts.ts';

it('shows hosts, lag and share, and names the late', () => {
  const hosts = [
    {
      host: 'mta1',
      program: '1.2.0',
      logs: 1,
      readToEndAt: 0,
      lag: 60_400,
      sessions: 2,
      share: 2 / 3,
      holdsUp: [],
      behind: [],
      late: 0,
    },
    {
      host: 'mta2',
      logs: 2,
      readToEndAt: 0,
      lag: 3 * 3_600_000,
      sessions: 1,
      share: 1 / 3,
      holdsUp: ['2026-11-22'],
      behind: ['2026-11-21'],
      late: 17,
    },
    { host: 'mta\u001b3', logs: 0, sessions: 0, share: 0, holdsUp: [], behind: [], late: 0 },
  ].map(hostJson);
  expect(hosts[0]).toEqual({
    host: 'mta1',
    program: '1.2.0',
    logs: 1,
    readToEndAt: '1970-01-01T00:00:00Z',
    lagSeconds: 60,
    sessions: 2,
    share: 0.6667,
    holdsUp: [],
    behind: [],
    late: 0,
  });
  const text = [...fleetLines(hosts), ...lateHosts(hosts)].join('\n');
  expect(text).toMatch(/mta1 +1\.2\.0 +1 +60 s +2 +66\.7 %/);
  expect(text).toMatch(/mta2 +- +2 +3 h +1 +33\.3 % +17$/m);
  expect(text).toMatch(/never read/);
  expect(text).toContain('mta2 is late: 2026-11-22 waits for it (fleet.grace)');
  expect(text).toContain('mta2 is late: 2026-11-21 is closed without what it has not brought yet');
  expect(text).not.toContain('\u001b');
});

it('calls nobody late who was read a moment ago, and many who are in one line', () => {
  const host = (name: string, lag: number) =>
    hostJson({
      host: name,
      logs: 1,
      readToEndAt: 0,
      lag,
      sessions: 0,
      share: 0,
      holdsUp: ['2026-11-22'],
      behind: ['2026-11-21'],
      late: 0,
    });
  expect(lateHosts([host('mta1', 899_000), host('mta2', 0)])).toEqual([]);
  const many = Array.from({ length: 30 }, (_, index) => host(`mta${index}`, 900_000));
  expect(lateHosts(many)).toEqual([
    '30 hosts are late: mta0, mta1, mta2, mta3, mta4 and 25 more (2026-11-22 waits for them: fleet.grace)',
    '30 hosts are late: mta0, mta1, mta2, mta3, mta4 and 25 more (2026-11-21 is closed without what they have not brought yet: fleet.grace is over)',
  ]);
});
