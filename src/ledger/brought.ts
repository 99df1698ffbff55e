import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { Day } from '../day.ts';
import { type CountedKey, fromRow, toRow } from '../tally/rows.ts';
import { kindDigest, kindValues } from './tally-kinds.ts';

/** What came by file of a host's day from one ledger of the host: a host that lost its ledger has made another. */
interface BroughtPart {
  /** That ledger's name. */
  readonly instance: string;
  /** The greatest that was seen of its exports. */
  readonly sequence: number;
  /** Names of the pieces of logs that it read on that day. */
  readonly sources: ReadonlySet<string>;
  readonly tallies: ReadonlyMap<string, CountedKey>;
}

/** All that came by file of a host's day. */
export interface Brought {
  /** At least so much was counted: by files that name no ledger, and by what is known better by now. */
  readonly floor: ReadonlyMap<string, CountedKey>;
  readonly parts: readonly BroughtPart[];
}

type Counts = ReadonlyMap<string, CountedKey>;

/** What an export says: {@link BroughtPart} of a ledger without a name where the program was an older one. */
export interface Export {
  readonly instance?: string;
  readonly sequence: number;
  readonly sources?: readonly string[];
  readonly tallies: readonly CountedKey[];
}

/** Nothing came yet. */
export const NOTHING_BROUGHT: Brought = { floor: new Map(), parts: [] };

/**
 * Merges an export. A ledger's counts only ever grow, so of two of its exports the greater count of each tally is the
 * newer one. The sum of all never becomes less, for what was counted stays counted.
 */
export function withExport(brought: Brought, part: Export): Brought {
  const tallies = new Map(part.tallies.map((tally) => [nameOf(tally), tally]));
  const merged =
    part.instance === undefined
      ? { ...brought, floor: greater(brought.floor, tallies) }
      : { ...brought, parts: withPart(brought.parts, { ...part, instance: part.instance }, tallies) };
  const [before, after] = [countsOf(brought), countsOf(merged)];
  const lost = [...before].filter(([name, { count }]) => (after.get(name)?.count ?? 0) < count);
  return lost.length === 0 ? merged : { ...merged, floor: greater(merged.floor, new Map(lost)) };
}

function withPart(
  parts: readonly BroughtPart[],
  { instance, sequence, sources = [] }: Export & { readonly instance: string },
  tallies: Counts,
): BroughtPart[] {
  const known = parts.find((one) => one.instance === instance);
  const grown = {
    instance,
    sequence: Math.max(sequence, known?.sequence ?? 0),
    sources: new Set([...(known?.sources ?? []), ...sources]),
    tallies: known === undefined ? tallies : greater(known.tallies, tallies),
  };
  return [...parts.filter((one) => one.instance !== instance), grown].sort(byInstance);
}

function byInstance(a: BroughtPart, b: BroughtPart): number {
  return a.instance < b.instance ? -1 : 1;
}

/**
 * The host's sessions of that day. Ledgers that have read a piece of a log in common (one was lost, and the logs were
 * read again) tell the same sessions, of which the greater count holds; those that have none tell different ones.
 */
export function countsOf({ floor, parts }: Brought): Counts {
  const sum = new Map<string, CountedKey>();
  for (const together of withSourcesInCommon(parts)) {
    for (const [name, tally] of together.reduce<Counts>((all, one) => greater(all, one.tallies), new Map()))
      sum.set(name, { key: tally.key, count: tally.count + (sum.get(name)?.count ?? 0) });
  }
  return greater(floor, sum);
}

function withSourcesInCommon(parts: readonly BroughtPart[]): BroughtPart[][] {
  let groups: BroughtPart[][] = [];
  for (const part of parts) {
    const shares = ({ sources }: BroughtPart) => [...sources].some((one) => part.sources.has(one));
    const joined = groups.filter((group) => group.some(shares));
    groups = [...groups.filter((group) => !joined.includes(group)), [part, ...joined.flat()]];
  }
  return groups;
}

function greater(a: Counts, b: Counts): Counts {
  const result = new Map(a);
  for (const [name, tally] of b) if (tally.count > (a.get(name)?.count ?? 0)) result.set(name, tally);
  return result;
}

function nameOf({ key }: CountedKey): string {
  return `${kindDigest(kindValues(key))} ${key.hour}`;
}

const headSchema = z.object({ instance: z.string(), sequence: z.int(), sources: z.array(z.string()) });

/** As it is kept: JSON lines, compressed. The floor's tallies come first, those of a part behind a line of its own. */
export function packBrought({ floor, parts }: Brought, day: Day): Uint8Array {
  const rows = (counts: Counts) => [...counts.values()].map((tally) => toRow(tally, day));
  const lines = parts.flatMap(({ instance, sequence, sources, tallies }) => [
    JSON.stringify({ instance, sequence, sources: [...sources] }),
    ...rows(tallies),
  ]);
  return gzipSync([...rows(floor), ...lines].join('\n'));
}

/** Reads {@link packBrought}, and what older programs kept: a floor alone. */
export function unpackBrought(content: unknown, host: string, day: Day): Brought {
  const bytes = content instanceof ArrayBuffer ? new Uint8Array(content) : (content as Uint8Array);
  const floor = new Map<string, CountedKey>();
  const parts: BroughtPart[] = [];
  let tallies = floor;
  for (const line of gunzipSync(bytes).toString('utf8').split('\n')) {
    if (line.startsWith('{')) {
      const { sources, ...head } = headSchema.parse(JSON.parse(line));
      tallies = new Map();
      parts.push({ ...head, sources: new Set(sources), tallies });
    } else if (line !== '') {
      const tally = fromRow(line, host, day);
      tallies.set(nameOf(tally), tally);
    }
  }
  return { floor, parts };
}
