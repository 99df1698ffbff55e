import type { Clock } from '../clock.ts';
import type { Problem } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { FoundFile } from '../logs/chain.ts';
import type { FileDates } from '../logs/file-dates.ts';
import type { LocalZone } from '../logs/zone.ts';
import type { Hint, LogParser } from '../parser.ts';
import type { SendingAddresses } from '../policy/sending-address.ts';
import type { Witness } from '../witness.ts';
import type { ReadAhead } from './ahead/read-ahead.ts';
import type { ParserSpec } from './ahead/stretch.ts';
import type { Threads } from './ahead/worker-entry.ts';
import type { TurnOptions } from './one-at-a-time.ts';

/** What to do with lines of a time that another file of the same host covers. */
export type Overlap = 'refuse' | 'count';

/** What reading needs. */
export interface ReadingDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Different tallies after which a batch is committed; 20 000 when absent. */
  readonly batchTallies?: number;
  /** When it aborts, reading stops behind the lines that are read by then, and they are committed. */
  readonly signal?: AbortSignal;
  /** Told after every piece of so many uncompressed bytes that reading goes on; `time` is the last line's, UTC ms. */
  readonly onBytes?: (path: string, bytes: number, time?: number) => void;
  /** What stretches of a log may be read ahead with; absent where this thread does all. */
  readonly threads?: Threads;
  /** Has stretches of the log read ahead; absent where all is read when its turn comes. */
  readonly ahead?: Pick<ReadAhead, 'pieces'>;
  readonly witness?: Witness;
  /** How to take turns with other processes; absent where no other can be there. */
  readonly turn?: TurnOptions;
}

/** A log and how to read it. */
export interface Source {
  readonly host: string;
  readonly parserName: string;
  readonly makeParser: () => LogParser;
  /** By what another thread can make the same parser; absent where it is not to. */
  readonly parserSpec?: ParserSpec;
  readonly zone: LocalZone;
  /** The live path without rotation suffixes, `journal:…`, or `-`. */
  readonly name: string;
  /** The directory that the rotations of a live path are moved to. */
  readonly rotated?: string;
  readonly overlap: Overlap;
  /** Filled in where the log does not tell the sending address (`sending-mta-ip: auto`). */
  readonly sendingFrom?: SendingAddresses;
  /** UTC ms no stamp may be later than; absent: each file's own time of last change. */
  readonly latest?: number;
  /** `from`: lines may go on behind `latest`, which bounds the first one of each log only. */
  readonly years?: 'from';
}

/** One file of a log. */
export interface SourceFile {
  readonly path: string;
  /** Nothing will be appended to it any more. */
  readonly finished: boolean;
  /** It is being written, and another file each day. */
  readonly live?: boolean;
  /** The file that is meant, where the directory was listed. */
  readonly found?: FoundFile;
  /** What its stamps without a year mean, as the other files of its log tell. */
  readonly dates: () => Promise<FileDates>;
}

/** What was read; a file that could not be is a fault, and the others are read all the same. */
export interface ReadSummary {
  files: number;
  /** Files that held nothing new. */
  known: number;
  /** Those of them that hold no line at all. */
  empty: number;
  lines: number;
  sessions: number;
  firstTime?: number;
  lastTime?: number;
  readonly faults: { readonly path: string; readonly problem: Problem }[];
  /** What the logs cannot witness: as true after the next pass. */
  readonly hints: Hint[];
  /** What happened to the logs since the last pass: holes, logs that were edited. */
  readonly notices: Hint[];
}

/** What came of reading, to be added to. */
export function emptySummary(): ReadSummary {
  return { files: 0, known: 0, empty: 0, lines: 0, sessions: 0, faults: [], hints: [], notices: [] };
}

/** Adds a batch; its times are those of its first and last stamp, UTC ms. */
export function addBatch(
  total: ReadSummary,
  batch: {
    readonly lines: number;
    readonly sessions: number;
    readonly firstTime?: number | undefined;
    readonly lastTime?: number | undefined;
  },
): void {
  const { firstTime, lastTime } = batch;
  total.lines += batch.lines;
  total.sessions += batch.sessions;
  if (firstTime !== undefined) total.firstTime = Math.min(total.firstTime ?? firstTime, firstTime);
  if (lastTime !== undefined) total.lastTime = Math.max(total.lastTime ?? lastTime, lastTime);
}

/** Adds what another reading read. */
export function addSummary(total: ReadSummary, read: ReadSummary): void {
  total.files += read.files;
  total.known += read.known;
  total.empty += read.empty;
  addBatch(total, read);
  total.faults.push(...read.faults);
  total.hints.push(...read.hints);
  total.notices.push(...read.notices);
}
