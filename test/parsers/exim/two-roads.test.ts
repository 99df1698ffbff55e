import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parser } from '../../../parsers/exim/index.ts';
import { writeEximLog } from '../../bench/exim-log.ts';
import { trailOf } from '../road-trail.ts';
import { labPath } from './lab-truth.ts';
import { lineArbitrary, messageArbitrary, OWN, textOf } from './mainlog-lines.ts';

const OPTIONS = [
  {},
  { midStream: true },
  { ownSender: OWN, relayhosts: ['relay.example.com:587'] },
  { ownSender: 'ünlaut@reports.example', inferPlaintext: false, sendingMtaIp: '192.0.2.99' },
  { excludeHosts: ['mx0.*'], loopback: true, includeTransports: ['remote_*'] },
  { relayhosts: ['example.org', '[192.0.2.27]'] },
];

function expectRoadsEqual(lines: readonly string[], options: object, timezone = 'UTC'): number {
  let numbered = 0;
  const onNumbered = () => {
    numbered += 1;
  };
  const fast = trailOf(parser, lines, options, { fast: true, onNumbered, timezone });
  expect(fast).toEqual(trailOf(parser, lines, options, { fast: false, timezone }));
  return numbered;
}

it('lines of a mainlog are read from bytes to what their text is read to, line by line', () => {
  let numbered = 0;
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          { weight: 3, arbitrary: messageArbitrary },
          lineArbitrary.map((line) => [line]),
        ),
        {
          minLength: 1,
          maxLength: 30,
        },
      ),
      fc.constantFrom(...OPTIONS),
      fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe'),
      (groups, options, timezone) => {
        const lines = groups.flat();
        // Twice: the faster road reads what looks like a line it has met.
        numbered += expectRoadsEqual(textOf([...lines, ...lines]), options, timezone);
      },
    ),
    { numRuns: 250 },
  );
  expect(numbered, 'sessions told by the fastest road').toBeGreaterThan(500);
});

it('so are those of a message to more hosts than are kept in mind', () => {
  const lines = Array.from({ length: 90 }, (_, n) => {
    const host = `mx${n}.example.org [192.0.2.${n + 1}]`;
    const to = `user@domain${n % 3}.example`;
    return `2026-10-25 01:58:00 1xSk8f-000007-07 => ${to} R=dnslookup T=remote_smtp H=${host} X=TLS1.3:A:256 CV=no`;
  });
  expect(expectRoadsEqual([...lines, ...lines], {})).toBeGreaterThan(30);
});

it('so are the lines of the cases', () => {
  const path = new URL('../../cases/exim.jsonl', import.meta.url);
  for (const line of readFileSync(path, 'utf8').split('\n').filter(Boolean)) {
    const { options, lines } = JSON.parse(line) as { options: { tz?: string }; lines: string[] };
    const { tz, ...rest } = options;
    expectRoadsEqual([...lines, ...lines], rest, tz);
  }
});

it.each(['exim-debian', 'exim-full', 'exim-require-tls', 'exim-reuse', 'exim-syslog'])(
  'so are those of the log %s',
  (run) => {
    for (const file of ['mainlog', 'mail.log'].map((name) => labPath(run, name)).filter(existsSync)) {
      const lines = readFileSync(file, 'utf8').split('\n');
      for (const options of OPTIONS) expectRoadsEqual(lines, options, 'Europe/Berlin');
    }
  },
);

it('so are those of a busy host, nearly all of whose sessions are told by the fastest road', () => {
  const directory = mkdtempSync(join(tmpdir(), 'two-roads-'));
  try {
    const path = join(directory, 'mainlog');
    writeEximLog(path, 1_000_000);
    const lines = readFileSync(path, 'utf8').split('\n');
    const tls = lines.filter((line) => / => .*(?<! \[127\.\S+) X=/.test(line)).length;
    expect(expectRoadsEqual(lines, {})).toBeGreaterThan(0.98 * tls);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
