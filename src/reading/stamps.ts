import { type OpenLogOptions, openLog } from '../logs/archive.ts';
import { ZoneOfLines } from '../logs/repeated-hour.ts';
import { createSyslogReader } from '../logs/syslog.ts';
import type { YearBound } from '../logs/years.ts';
import type { LogParser } from '../parser.ts';
import type { Source } from './source.ts';

/** What is looked into for the first line that may matter. */
const HEAD_BYTES = 1_048_576;

/** How the lines of a file are read for their times. */
export interface StampQuestion {
  readonly source: Pick<Source, 'zone' | 'host'>;
  readonly parser: LogParser;
  /** What bounds the year of stamps without one. */
  readonly years: YearBound;
}

/** The beginning of a file, as far as a first line that may matter is looked for. @throws Problem, MovedFile */
export async function headOf(path: string, input: OpenLogOptions): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  for await (const piece of openLog(path, input)) {
    head = Buffer.concat([head, piece.subarray(0, HEAD_BYTES - head.length)]);
    if (head.length >= HEAD_BYTES) break;
  }
  return head;
}

/** UTC ms of the first line that has a time. @param stampOf that of a line */
export function firstStamp(head: Buffer, stampOf: (line: string) => number | undefined): number | undefined {
  for (const line of head.toString('utf8').split('\n')) {
    const time = stampOf(line);
    if (time !== undefined) return time;
  }
  return undefined;
}

/** Whether a line, be it of interest or not, has a stamp: such a line is of one log, not of all its generations. */
export function isDated(line: string, { source, parser, years }: StampQuestion): boolean {
  const { host } = source;
  const zone = new ZoneOfLines(source.zone);
  const syslog = createSyslogReader({ zone, host, latest: () => years(undefined) });
  const { envelope } = parser;
  try {
    return (envelope === 'syslog' ? syslog(line) : envelope(line, { zone, host, syslog })) !== undefined;
  } catch {
    return false;
  }
}

/** Times of lines that may matter, for of no others a segment's are; told the lines in their order. */
export function stampReader({ source, parser, years }: StampQuestion): (line: string) => number | undefined {
  const { host } = source;
  const { needles } = parser;
  const zone = new ZoneOfLines(source.zone);
  let last: number | undefined;
  const syslog = createSyslogReader({ zone, host, latest: () => years(last) });
  const { envelope } = parser;
  return (line) => {
    if (!needles.some((needle) => line.includes(needle))) return undefined;
    try {
      zone.newLine();
      const entry = envelope === 'syslog' ? syslog(line) : envelope(line, { zone, host, syslog });
      if (entry === undefined || parser.matters?.(entry) === false) return undefined;
      last = entry.isExact === true ? entry.time : zone.meant(entry.time, last);
      return last;
    } catch {
      // A foreign parser's fault on a line is told when the line is read.
      return undefined;
    }
  };
}
