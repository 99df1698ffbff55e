import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { LogParser } from '../../src/parser.ts';
import { unknownOf } from '../../src/reading/unknown-lines.ts';
import { readArchivedLogs } from '../../src/reading.ts';
import { packageVersion } from '../../src/version.ts';
import { type Bench, benches, linesOf, numberedParser, numbers } from './numbered-lines.ts';
import { watched } from './watched-ledger.ts';

const bench = benches();
const ARCHIVES = 30;

async function archives(at: Bench): Promise<string[]> {
  const paths = Array.from({ length: ARCHIVES }, (_, index) => at.at(`mail.log.${ARCHIVES - index}`));
  for (const [index, path] of paths.entries()) await writeFile(path, linesOf(index * 5, index * 5 + 5));
  at.now = Date.now() + 3_600_000;
  return paths;
}

/** Says of every line that it knows nothing of it, too. */
function puzzled(): LogParser {
  const parser = numberedParser();
  return {
    ...parser,
    entry(entry, open, emit, trace, unknown) {
      parser.entry(entry, open, emit, trace);
      unknown?.();
    },
  };
}

function backfill(
  at: Bench,
  paths: readonly string[],
  ledger: Ledger = at.ledger,
  signal = new AbortController().signal,
) {
  const { name: _, ...how } = { ...at.source(), makeParser: puzzled };
  return readArchivedLogs({ ledger, signal, clock: { now: () => at.now } }, paths, {
    ...how,
    overlap: 'refuse',
  });
}

describe('of many archives', () => {
  test('the log is not noted as read to its end where reading was stopped before', async () => {
    const at = await bench();
    const paths = await archives(at);
    const stop = new AbortController();
    const before = async () => stop.abort();
    await backfill(at, paths.slice(0, 2), watched(at.ledger, 'commit', { before }), stop.signal);
    expect((await at.ledger.logs()).map(({ readToEndAt }) => readToEndAt)).toEqual([undefined]);
    await backfill(at, paths.slice(0, 2));
    expect((await at.ledger.logs()).map(({ readToEndAt }) => readToEndAt)).toEqual([at.now]);
    expect(await at.counted()).toEqual(numbers(0, 10));
  });

  test('all that is known is asked for once, not for each', async () => {
    const at = await bench();
    let asked = 0;
    const before = async () => {
      asked += 1;
    };
    const summary = await backfill(at, await archives(at), watched(at.ledger, 'segments', { before }));
    expect(summary).toMatchObject({ files: ARCHIVES, known: 0, faults: [] });
    expect(await at.counted()).toEqual(numbers(0, ARCHIVES * 5));
    expect(asked).toBe(1);
  });

  test.each([
    ['before', 'commits'],
    ['behind', 'commits'],
    ['before', 'commit'],
  ] as const)(
    'none counts twice when another process reads them all meanwhile, %s our %s',
    async (when, what) => {
      const at = await bench();
      const paths = await archives(at);
      let looks = 0;
      const other = async () => {
        looks += 1;
        if (looks === 4) await backfill(at, paths);
      };
      const summary = await backfill(at, paths, watched(at.ledger, what, { [when]: other }));
      expect(looks).toBeGreaterThan(4);
      expect(summary.faults).toEqual([]);
      expect(summary.known).toBe(ARCHIVES - 3);
      const [log] = await at.ledger.logs();
      expect(await unknownOf(at.ledger, log?.id ?? 0, packageVersion())).toMatchObject({
        count: ARCHIVES * 5,
      });
      expect(await at.counted()).toEqual(numbers(0, ARCHIVES * 5));
    },
  );
});
