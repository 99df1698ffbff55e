import { appendFile, rename, utimes, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixedBound } from '../../src/logs/years.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import { ChainReading } from '../../src/reading/chain-reading.ts';
import { LogReading } from '../../src/reading/log-reading.ts';
import { emptySummary, type ReadingDeps, type Source } from '../../src/reading/source.ts';
import { readArchivedLogs } from '../../src/reading.ts';
import { classicStamp, momentsOf, type Night, nightOf, wallClock, ZONES } from '../logs/autumn-night.ts';
import { edit } from './edits.ts';
import { type Bench, benches } from './numbered-lines.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const newBench = benches();

class Killed extends Error {}

function sourceOf(bench: Bench, { zone, end }: Night): Source {
  return { ...bench.source(), zone: zoneOf(zone), latest: end + DAY_MS };
}

function linesOf({ zone }: Night, moments: readonly number[], from = 0): string {
  const clock = wallClock(zone);
  return moments
    .map((moment, at) => `${classicStamp(clock(moment))} mta1 test[1]: line ${from + at}\n`)
    .join('');
}

/** One pass of a process of its own over files in their order, which dies before it commits if it is told to. */
async function read(bench: Bench, night: Night, paths: readonly string[], dies = false): Promise<void> {
  const deps: ReadingDeps = {
    ledger: bench.ledger,
    clock: { now: () => night.end + DAY_MS },
    onBytes: () => {
      if (dies) throw new Killed();
    },
  };
  const reading = new LogReading(deps, sourceOf(bench, night), emptySummary());
  await reading.begin();
  const dates = async () => ({ bound: () => fixedBound(night.end + DAY_MS) });
  for (const path of paths) {
    const found = reading.file({ path, finished: path !== paths.at(-1), dates });
    if (dies) await found.catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
    else expect(await found).not.toHaveProperty('problem');
  }
}

/** The hours in which the numbers were counted. */
async function hoursOf(bench: Bench): Promise<Record<string, number>> {
  const hours: Record<string, number> = {};
  for (const { recipientDomain, hour } of await bench.ledger.tallies({})) hours[recipientDomain] = hour;
  return hours;
}

function hoursAt(moments: readonly number[]): Record<string, number> {
  return Object.fromEntries(
    moments.map((moment, number) => [`n${number}.test`, Math.floor(moment / HOUR_MS) * HOUR_MS]),
  );
}

/** The time of the last line read of the segment met last. */
async function lastTime(bench: Bench): Promise<number | undefined> {
  const { segments } = await bench.ledger.log('mta1', 'numbered', bench.at('mail.log'));
  return segments.reduce((one, other) => (other.id > one.id ? other : one)).lastTime;
}

/** What happens between two stretches of a log. */
const BREAKS = ['pass', 'death', 'rotation', 'rotation between passes'] as const;
const breaksArbitrary = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(...BREAKS)), {
  minLength: 3,
  maxLength: 12,
});

describe.each(ZONES)('a log of the night in which clocks are set back, in %s', (zone) => {
  const night = nightOf(zone);

  test('is read in many passes, through deaths and rotations, at the times at which it was written', async () => {
    await fc.assert(
      fc.asyncProperty(momentsOf(night), breaksArbitrary, async (moments, breaks) => {
        const bench = await newBench();
        const paths = [bench.at('mail.log')];
        let at = 0;
        for (const [lines, what] of [...breaks, [moments.length, 'pass'] as const]) {
          const part = moments.slice(at, at + lines);
          await appendFile(bench.at('mail.log'), linesOf(night, part, at));
          at += part.length;
          if (what !== 'rotation') await read(bench, night, paths, what === 'death');
          if (!what.startsWith('rotation') || part.length === 0) continue;
          const rotated = bench.at(`mail.log.${paths.length}`);
          await rename(bench.at('mail.log'), rotated);
          await writeFile(bench.at('mail.log'), '');
          paths.splice(-1, 1, rotated, bench.at('mail.log'));
        }
        expect(await hoursOf(bench)).toEqual(hoursAt(moments));
        expect(await lastTime(bench)).toBe(moments.at(-1));
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  test('is read from archives given in any order, at the times at which it was written', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 89 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(momentsOf(night), cuts, fc.nat({ max: 3 }), async (moments, places, turn) => {
        const bench = await newBench();
        // A file that begins with a late line would seem to begin before the one in front of it.
        const fit = places.filter((place) => (moments[place] ?? 0) > Math.max(...moments.slice(0, place)));
        const ends = [...new Set([...fit, moments.length])].sort((a, b) => a - b);
        const paths: string[] = [];
        for (const [index, end] of ends.entries()) {
          const begin = ends[index - 1] ?? 0;
          const part = moments.slice(begin, end);
          const path = bench.at(`mail.log.${ends.length - index}.gz`);
          await writeFile(path, gzipSync(linesOf(night, part, begin)));
          // A late line was written when the one before it was.
          const written = new Date(Math.max(...moments.slice(0, end)));
          await utimes(path, written, written);
          paths.push(path);
        }
        const { name: _, ...how } = sourceOf(bench, night);
        const deps = { ledger: bench.ledger, clock: { now: () => night.end + DAY_MS } };
        const given = [...paths.slice(turn), ...paths.slice(0, turn)].reverse();
        const { faults } = await readArchivedLogs(deps, given, { ...how, overlap: 'refuse' });
        expect(faults).toEqual([]);
        expect(await hoursOf(bench)).toEqual(hoursAt(moments));
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });
});

test('a log that is edited in its second reading is read on behind the time up to which it was read', async () => {
  const night = nightOf('Europe/Berlin');
  const bench = await newBench();
  const live = bench.at('mail.log');
  const minute = (at: number) => night.begin + at * 60_000;
  const moments = Array.from({ length: 115 }, (_, at) => minute(at));
  const source = sourceOf(bench, night);
  const deps = { ledger: bench.ledger, clock: { now: () => night.end + DAY_MS } };
  const pass = () => new ChainReading(deps, source, 30 * DAY_MS).pass(emptySummary());
  await writeFile(live, linesOf(night, moments.slice(0, 100)));
  await pass();
  await edit(live, (text) => {
    const kept = text.split('\n').slice(0, 97).join('\n');
    return `${kept}\n${linesOf(night, moments.slice(100), 100)}`;
  });
  await pass();
  const hours = await hoursOf(bench);
  const wanted = hoursAt(moments);
  expect(Object.fromEntries(Object.entries(hours).filter(([domain]) => domain in wanted))).toEqual(wanted);
  expect(await bench.counted()).toHaveLength(moments.length);
});
