import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SessionReader } from '../../src/logs/session-reader.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import type { LogEntry, ParserModule, Session } from '../../src/parser.ts';
import { BUILT_IN } from '../../src/registry.ts';

/** What readers stumble over: signs of every kind of field, and bytes that are no text. */
const BITS = [
  ...[' => ', ' -> ', ' >> ', ' ** ', ' == ', ' *> ', ' <= ', ' Completed', 'DKIM: ', '[1/2] ', ' [4711]'],
  ...[' F=<a@b.test>', ' R=r', ' T=t', ' H=mx [192.0.2.1]', '*', ':25', ' DS', ' I=[192.0.2.9]:5', ' PS=es'],
  ...[' X=TLS1.3:A:256', ' X=TLS1.2:B:128*', ' CV=dane', ' C="250 ok"', ' <"a b"@c.test>', ' <d@e.test>'],
  ...['TLS ', 'postfix/smtp[7]: ', 'relay=', ', ', 'status=sent', '{', '<22>', '1 ', '.123', ' +0200'],
  ...['<', '>', '"', '\\', '[', ']', ':', '@', ' ', '\r', '\t', '\0', '\x7f', '\x80', '\xff', 'Ã©', 'â\x80¨'],
];

const editArbitrary = fc.record({
  line: fc.nat(),
  at: fc.nat(),
  /** At the end of a word, for that is where one thing may stand for another. */
  isBehindWord: fc.boolean(),
  cut: fc.oneof(fc.constant(0), fc.nat(12), fc.nat(200)),
  put: fc.oneof(fc.constant(''), fc.constantFrom(...BITS)),
});

const logArbitrary = fc.record({
  from: fc.nat(),
  count: fc.integer({ min: 1, max: 40 }),
  edits: fc.array(editArbitrary, { maxLength: 12 }),
  twice: fc.boolean(),
  isCut: fc.boolean(),
  borders: fc.array(fc.nat(), { maxLength: 12 }),
});

type Log = typeof logArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** The lines of all samples of a parser; a byte is a character. */
function samplesOf(name: string): string[] {
  const samples = new URL(`../../samples/${name}/`, import.meta.url);
  return readdirSync(samples).flatMap((sample) => {
    const path = new URL(`${sample}/input.log`, samples);
    return existsSync(path) ? readFileSync(path, 'latin1').split('\n') : [];
  });
}

function bytesOf(samples: readonly string[], { from, count, edits, twice, isCut }: Log): Buffer {
  const begin = from % samples.length;
  const lines = samples.slice(begin, begin + count);
  for (const { line, at, isBehindWord, cut, put } of edits) {
    const text = lines[line % lines.length] ?? '';
    const near = at % (text.length + 1);
    const place = isBehindWord ? Math.max(near, text.indexOf(' ', near)) : near;
    lines[line % lines.length] = text.slice(0, place) + put + text.slice(place + cut);
  }
  // Twice: the faster road reads what looks like a line it has met.
  const text = (twice ? [...lines, ...lines] : lines).join('\n');
  return Buffer.from(isCut ? text : `${text}\n`, 'latin1');
}

/** All that a reader makes of a log which comes in pieces. */
function outcomeOf(module: ParserModule, bytes: Buffer, borders: readonly number[], fast: boolean) {
  const told: Session[] = [];
  const unknown: Omit<LogEntry, 'host'>[] = [];
  const parser = module.create(module.options.parse({}));
  const reader = new SessionReader({
    parser,
    zone: zoneOf('Europe/Berlin'),
    host: 'here',
    latest: () => Date.UTC(2026, 11, 31),
    onSession: (session) => told.push(session),
    onUnknown: ({ time, program, pid, message }) => unknown.push({ time, program, pid, message }),
    fast,
  });
  const cuts = [...borders.map((border) => border % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let consumed = 0;
  cuts.forEach((cut, index) => {
    consumed += reader.bytes(Buffer.from(bytes.subarray(cuts[index - 1] ?? 0, cut)));
  });
  consumed += reader.finish();
  const { changed, deleted } = reader.table.takeChanges();
  const rows = changed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const keys = [...reader.table.keys()];
  const hints = parser.hints?.(reader.table, keys);
  const { lines, firstTime, lastTime, faults } = reader;
  reader.end();
  return { told, unknown, rows, deleted, hints, consumed, lines, firstTime, lastTime, faults };
}

it.each(BUILT_IN)(
  'lines of $name that are broken anywhere are read alike by both roads, in any pieces',
  (module) => {
    const samples = samplesOf(module.name);
    let sessions = 0;
    fc.assert(
      fc.property(logArbitrary, (log) => {
        const bytes = bytesOf(samples, log);
        const plain = outcomeOf(module, bytes, [], false);
        expect(plain.faults).toBe(0);
        expect(plain.consumed).toBe(bytes.length);
        expect(outcomeOf(module, bytes, log.borders, true)).toEqual(plain);
        sessions += plain.told.length;
      }),
      { numRuns: 500 },
    );
    expect(sessions, 'sessions told').toBeGreaterThan(100);
  },
);
