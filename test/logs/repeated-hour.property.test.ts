import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SessionReader } from '../../src/logs/session-reader.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import type { ParserModule, Session } from '../../src/parser.ts';
import { BUILT_IN } from '../../src/registry.ts';
import { classicStamp, momentsOf, nightOf, wallClock, ZONES } from './autumn-night.ts';

const NOW = Date.UTC(2026, 11, 31);

/** How a log tells one session, told at a time of the wall clock with the domain of its number. */
type LinesOf = (wall: string, number: number) => readonly string[];

const postfix =
  (stampOf: (wall: string) => string): LinesOf =>
  (wall, number) => {
    const head = `${stampOf(wall)} mail postfix/smtp[${1000 + number}]:`;
    const server = `mx.n${number}.test[192.0.2.1]:25`;
    return [
      `${stampOf(wall)} mail postfix/qmgr[7]: 4dDp5q3V5Gz5${number}: from=<a@b.test>, size=1, nrcpt=1 (queue active)`,
      `${head} Trusted TLS connection established to ${server}: TLSv1.3 with cipher X (256/256 bits)`,
      `${head} 4dDp5q3V5Gz5: to=<bob@n${number}.test>, relay=${server}, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)`,
    ];
  };

const exim: LinesOf = (wall, number) => [
  `${wall} 1xVZOu-000000004YM-1YJW => bob@n${number}.test R=dnslookup T=remote_smtp H=mx.n${number}.test [192.0.2.1] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes C="250 ok"`,
];

const SHAPES: readonly (readonly [name: string, parser: string, linesOf: LinesOf])[] = [
  ['classic stamps of Postfix', 'postfix', postfix(classicStamp)],
  ['stamps of RFC 3339 without an offset', 'postfix', postfix((wall) => wall.replace(' ', 'T'))],
  ["Exim's main log", 'exim', exim],
  [
    "Exim's main log in syslog",
    'exim',
    (wall, number) => exim(wall, number).map((line) => `${classicStamp(wall)} mail exim[7]: ${line}`),
  ],
];

function moduleOf(name: string): ParserModule {
  const module = BUILT_IN.find((one) => one.name === name);
  if (module === undefined) throw new Error(`no ${name}`);
  return module;
}

/** The times of the sessions that a log tells, by the numbers of their domains. */
function timesOf(log: string, parser: string, zone: string, fast: boolean): (number | undefined)[] {
  const module = moduleOf(parser);
  const times: (number | undefined)[] = [];
  const reader = new SessionReader({
    parser: module.create(module.options.parse({})),
    zone: zoneOf(zone),
    host: 'here',
    latest: () => NOW,
    onSession: ({ recipientDomain, time }: Session) => {
      times[Number(recipientDomain?.slice(1, -5))] = time;
    },
    fast,
  });
  const bytes = Buffer.from(log);
  for (let at = 0; at < bytes.length; at += 3000) reader.bytes(bytes.subarray(at, at + 3000));
  reader.end();
  expect(reader.faults).toBe(0);
  return times;
}

describe.each(ZONES)('a log of the night in which clocks are set back, in %s', (zone) => {
  const night = nightOf(zone);
  const clock = wallClock(zone);

  test.each(SHAPES)('is read at the times at which it was written: %s', (_, parser, linesOf) => {
    fc.assert(
      fc.property(momentsOf(night), (moments) => {
        const log = moments.flatMap((moment, number) => linesOf(clock(moment), number)).join('\n');
        for (const fast of [true, false]) expect(timesOf(`${log}\n`, parser, zone, fast)).toEqual(moments);
      }),
      { numRuns: 12 },
    );
  });
});
