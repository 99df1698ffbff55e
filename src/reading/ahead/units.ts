import { describeFile } from '../../logs/chain.ts';
import type { DatedFile } from '../../logs/content-order.ts';
import type { FileKey } from '../../logs/file-key.ts';
import { formatOf } from '../../logs/format.ts';
import { openInput } from '../../logs/log-input.ts';
import type { ToldBound } from '../../logs/years.ts';
import { lineStart } from './run-up.ts';

/** What threads share a log's files by: an archive, or a part of a plain file. */
export interface Unit {
  /** Among those of the log, in the order of its lines. */
  readonly index: number;
  readonly path: string;
  readonly expect: FileKey;
  /** The offsets of a plain file at which it begins and ends, about; absent: all of an archive. */
  readonly about?: Bounds;
  /** What bounds the years where the file begins; absent where that cannot be told to another thread. */
  readonly years: ToldBound | undefined;
}

/**
 * The units of a log's files.
 * @param partBytes of a plain file, about
 */
export async function unitsOf(files: readonly DatedFile[], partBytes: number): Promise<Unit[]> {
  const units: Unit[] = [];
  for (const { path, dates } of files) {
    const found = path === '-' ? undefined : await describeFile(path);
    if (found === undefined) continue;
    const file = { path, expect: found.key, years: dates.bound().told?.() };
    const parts = (await isPlain(path, found.key)) ? Math.max(1, Math.floor(found.size / partBytes)) : 0;
    if (parts === 0) units.push({ ...file, index: units.length });
    for (let part = 0; part < parts; part++) {
      const [from, until] = [part, part + 1].map((at) => Math.floor((found.size / parts) * at));
      units.push({ ...file, index: units.length, about: { from: from ?? 0, until: until ?? 0 } });
    }
  }
  return units;
}

/** Byte offsets of a plain file at which lines begin. */
export interface Bounds {
  readonly from: number;
  readonly until: number;
}

/** Where a part begins and ends indeed: its neighbours come to the same. Undefined where the file is gone by now. */
export async function boundsOf(about: Bounds, unit: Unit): Promise<Bounds | undefined> {
  try {
    return { from: await lineStart(about.from, unit), until: await lineStart(about.until, unit) };
  } catch {
    return undefined;
  }
}

/** By its first bytes: names may lie. What cannot be opened is nothing to be shared. */
async function isPlain(path: string, expect: FileKey): Promise<boolean> {
  const input = await openInput(path, { expect }).catch(() => undefined);
  if (input === undefined) return false;
  try {
    return formatOf(await input.head()) === 'plain';
  } catch {
    return false;
  } finally {
    await input.close();
  }
}
