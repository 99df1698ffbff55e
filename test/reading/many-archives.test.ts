import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { readArchivedLogs } from '../../src/reading.ts';
import { type Bench, benches, linesOf, numbers } from './numbered-lines.ts';

const bench = benches();
const ARCHIVES = 30;

async function archives(at: Bench): Promise<string[]> {
  const paths = Array.from({ length: ARCHIVES }, (_, index) => at.at(`mail.log.${ARCHIVES - index}`));
  for (const [index, path] of paths.entries()) await writeFile(path, linesOf(index * 5, index * 5 + 5));
  at.now = Date.now() + 3_600_000;
  return paths;
}

function backfill(at: Bench, paths: readonly string[], ledger: Ledger = at.ledger) {
  const { name: _, ...how } = at.source();
  return readArchivedLogs({ ledger, clock: { now: () => at.now } }, paths, { ...how, overlap: 'refuse' });
}

/** The ledger as it is, with something in front of one of its methods, or behind it. */
function watched<Name extends 'segments' | 'commits'>(
  ledger: Ledger,
  name: Name,
  { before, behind }: { readonly before?: () => Promise<void>; readonly behind?: () => Promise<void> },
): Ledger {
  return new Proxy(ledger, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      if (key !== name) return value.bind(target);
      return async (host: string, parser: string) => {
        await before?.();
        const found: unknown = await target[name](host, parser);
        await behind?.();
        return found;
      };
    },
  });
}

describe('of many archives', () => {
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

  test.each(['before', 'behind'] as const)(
    'none counts twice when another process reads them all meanwhile, %s our look at what was committed',
    async (when) => {
      const at = await bench();
      const paths = await archives(at);
      let looks = 0;
      const other = async () => {
        looks += 1;
        if (looks === 4) await backfill(at, paths);
      };
      const summary = await backfill(at, paths, watched(at.ledger, 'commits', { [when]: other }));
      expect(looks).toBeGreaterThan(4);
      expect(summary.faults).toEqual([]);
      expect(summary.known).toBe(ARCHIVES - 3);
      expect(await at.counted()).toEqual(numbers(0, ARCHIVES * 5));
    },
  );
});
