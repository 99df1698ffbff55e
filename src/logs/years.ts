import { type FileHandle, open } from 'node:fs/promises';
import type { Zone } from '../parser.ts';
import { formatOf } from './format.ts';
import { createSyslogReader } from './syslog.ts';

const DAY_MS = 86_400_000;
const MONTH_MS = 31 * DAY_MS;
const HALF_A_YEAR_MS = 182 * DAY_MS;
/** A line may come that long after the one before, if it comes at most a month before it where clocks are wrong. */
const ELEVEN_MONTHS_MS = 334 * DAY_MS;
/** Places in a file that are looked at, at most, and the bytes looked at there. */
const LOOKS = 256;
const LOOK_BYTES = 4096;
/** RFC 3164 §4.1.2: a stamp without a year, maybe behind a priority. */
const CLASSIC = /^(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:/;

/**
 * What bounds the year of stamps that carry none, UTC ms, told the time of the line before: such a stamp is of the
 * latest year that puts it at most a day behind the bound.
 */
export type YearBound = (last: number | undefined) => number;

/** All lines of a file are of the year before this time. */
export function fixedBound(latest: number): YearBound {
  return () => latest;
}

/**
 * Lines go on from year to year: each is within half a year of those before it. One stamp out of turn, as of a machine
 * that does not know the time yet when it starts, changes nothing.
 * @param first bounds those up to the first one that was read, UTC ms
 * @param latest none is later, UTC ms
 */
export function rollingBound(first: number, latest = Number.POSITIVE_INFINITY): YearBound {
  let newest: number | undefined;
  let bound = Math.min(first, latest);
  return (last) => {
    if (last === undefined || last <= (newest ?? Number.NEGATIVE_INFINITY)) return bound;
    newest = last;
    // The same for a day, for what is remembered of an hour's stamps holds as long as the bound does.
    bound = Math.min(latest, Math.floor(last / DAY_MS) * DAY_MS + HALF_A_YEAR_MS);
    return bound;
  };
}

/**
 * The bound for a file that is read from its start. A plain one is looked into, for one that was never rotated may
 * reach back for years, and its first lines would be taken for those of this one.
 * @param latest UTC ms, as a rule its time of last change
 */
export async function boundOf(path: string, zone: Zone, latest: number): Promise<YearBound> {
  const lines = await linesAcross(path);
  let bound = latest;
  const read = createSyslogReader({ zone, host: '-', latest: () => bound });
  const timeOf = (line: string) => read(line)?.time;
  let next: number | undefined;
  let first: number | undefined;
  for (const line of lines.toReversed()) {
    bound = Math.min(latest, (next ?? latest) + MONTH_MS);
    const time = timeOf(line);
    first = undefined;
    // Half a year without a line, or a stamp out of turn: it tells nothing of those before it.
    if (time === undefined || (next !== undefined && next - time > HALF_A_YEAR_MS)) continue;
    next = time;
    first = time;
  }
  bound = latest;
  if (first === undefined || first === timeOf(lines[0] ?? '')) return fixedBound(latest);
  return rollingBound(first + HALF_A_YEAR_MS, latest);
}

/** The bound for a file of which some was read, up to a line of that time (UTC ms). */
export function boundBehind(last: number, latest: number): YearBound {
  return latest - last > ELEVEN_MONTHS_MS
    ? rollingBound(last + ELEVEN_MONTHS_MS, latest)
    : fixedBound(latest);
}

/** Lines with stamps that carry no year, from all over a plain file, the first one first; none if it begins otherwise. */
async function linesAcross(path: string): Promise<string[]> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined) return [];
  try {
    const status = await handle.stat();
    if (!status.isFile()) return [];
    const head = await look(handle, 0);
    const first = formatOf(head) === 'plain' ? classicLine(head, true) : undefined;
    if (first === undefined) return [];
    const lines = [first];
    const stride = Math.max(LOOK_BYTES, Math.ceil(status.size / LOOKS));
    for (let at = stride; at < status.size; at += stride) {
      const line = classicLine(await look(handle, at), false);
      if (line !== undefined) lines.push(line);
    }
    return lines;
  } finally {
    await handle.close();
  }
}

async function look(handle: FileHandle, at: number): Promise<Buffer> {
  const bytes = Buffer.alloc(LOOK_BYTES);
  const { bytesRead } = await handle.read(bytes, 0, LOOK_BYTES, at).catch(() => ({ bytesRead: 0 }));
  return bytes.subarray(0, bytesRead);
}

function classicLine(bytes: Buffer, fromStart: boolean): string | undefined {
  const lines = bytes.toString('latin1').split('\n');
  return lines.slice(fromStart ? 0 : 1, -1).find((line) => CLASSIC.test(line));
}
