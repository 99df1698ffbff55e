import fc from 'fast-check';
import { expect } from 'vitest';
import { SessionReader } from '../../../src/logs/session-reader.ts';
import { rollingBound } from '../../../src/logs/years.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import type { LogParser } from '../../../src/parser.ts';
import { Stitching } from '../../../src/reading/ahead/stitching.ts';
import { StretchReader } from '../../../src/reading/ahead/stretch-reader.ts';
import { TallyCounter } from '../../../src/reading/batch.ts';
import { UnknownLines } from '../../../src/reading/unknown-lines.ts';

const YEAR_END = Date.UTC(2026, 10, 30);

/** A reader of a log, and all that it found. */
class Reading {
  readonly years = rollingBound(YEAR_END);
  readonly counter = new TallyCounter('here', 'any');
  readonly unknown = new UnknownLines();
  readonly reader: SessionReader;

  constructor(parser: LogParser, limit: number) {
    this.reader = new SessionReader({
      parser,
      zone: zoneOf('UTC'),
      host: 'here',
      latest: this.years,
      emit: (session, time, number) => this.counter.add(session, time, number),
      onUnknown: (entry) => this.unknown.add(entry),
      limit,
    });
  }

  read(lines: readonly string[]): void {
    this.reader.bytes(bytesOf(lines));
  }

  /** All that is left behind, whatever the numbers by which keys were set. */
  get left(): unknown {
    const { table, lines, firstTime, lastTime, covered } = this.reader;
    const { changed, deleted } = table.takeChanges();
    const rows = table.rows().map(({ value, ...row }) => ({ ...row, value: without(value) }));
    const order = [...rows].sort((a, b) => (a.key < b.key ? -1 : 1));
    const tallies = [...this.counter.take().values()].map((tally) => sorted(tally)).sort();
    const unsaved = changed.map(({ key }) => key).sort();
    return {
      rows: order.map(sorted),
      unsaved,
      deleted: deleted.sort(),
      oldest: table.oldest(),
      tallies,
      unknown: this.unknown.take(),
      read: { lines, firstTime, lastTime, covered: covered.span },
    };
  }
}

function without(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'sequence'));
}

function bytesOf(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

const share = fc.nat(1000).map((thousandths) => thousandths / 1000);

/** Where a log is cut, as shares of its lines. */
export const cutsArbitrary = fc.record({
  seed: fc.oneof(fc.constant(1), share),
  runUp: fc.oneof({ weight: 2, arbitrary: fc.constantFrom(0.1, 0.3) }, share),
  mark: share,
  ends: fc.array(share, { minLength: 1, maxLength: 3 }),
  saved: fc.boolean(),
  limit: fc.constantFrom(100_000, 100_000, 3),
});

export type Cuts = typeof cutsArbitrary extends fc.Arbitrary<infer T> ? T : never;

/**
 * Reads a log with a stretch of it read elsewhere, and expects that the same is left as if it were read here; returns how
 * many of its batches were taken, and of how many.
 */
export function stitched(
  lines: readonly string[],
  cuts: Cuts,
  make: () => LogParser,
): { taken: number; of: number } {
  const at = (share: number, from: number) => from + Math.round(share * (lines.length - from));
  const [mark] = [at(cuts.mark, 0)];
  const runUp = Math.round(cuts.runUp * mark);
  const seed = Math.round(cuts.seed * runUp);
  const ends = cuts.ends.map((share) => at(share, mark)).sort((a, b) => a - b);

  const alone = new Reading(make(), cuts.limit);
  alone.read(lines);

  const here = new Reading(make(), cuts.limit);
  here.read(lines.slice(0, seed));
  const how = { parser: { name: 'any', options: {} }, parserName: 'any', host: 'here', zone: 'UTC' };
  const order = structuredClone({
    how,
    years: here.years.told?.() ?? { kind: 'fixed', latest: 0 },
    open: here.reader.table.rows(),
  });
  const there = new StretchReader(make(), order, 0);
  there.read(bytesOf(lines.slice(runUp, mark)));
  const told = structuredClone(there.mark());
  here.read(lines.slice(seed, mark));
  if (cuts.saved) here.reader.table.takeChanges();

  const stitching = new Stitching(here.reader, here.years, told);
  let [taken, from] = [0, mark];
  for (const end of ends) {
    there.read(bytesOf(lines.slice(from, end)));
    if (!stitching.take(structuredClone(there.batch()), here)) break;
    taken += 1;
    from = end;
  }
  here.read(lines.slice(from));
  if (cuts.saved) alone.reader.table.takeChanges();
  const [left, whole] = [here.left, alone.left];
  if (cuts.saved) {
    expect({ ...(left as object), unsaved: [], deleted: [] }).toEqual({
      ...(whole as object),
      unsaved: [],
      deleted: [],
    });
  } else expect(left).toEqual(whole);
  return { taken, of: ends.length };
}

/** Says so, if hardly any stretch is taken: then nothing was tried. */
export function expectTaken(results: readonly { readonly taken: number; readonly of: number }[]): void {
  const [taken, of] = [
    results.reduce((sum, one) => sum + one.taken, 0),
    results.reduce((sum, one) => sum + one.of, 0),
  ];
  expect(taken).toBeGreaterThan(of / 10);
}
