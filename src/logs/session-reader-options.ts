import type { Emit, LogEntry, LogParser, Trace } from '../parser.ts';
import type { Session } from '../session.ts';
import type { OpenTable } from './open-table.ts';
import type { WatchedTable } from './watched-table.ts';
import type { YearBound } from './years.ts';
import type { LocalZone } from './zone.ts';

/** How lines are read, and who gets their sessions. */
export interface SessionReaderOptions {
  readonly parser: LogParser;
  /** The zone of stamps that carry none. */
  readonly zone: LocalZone;
  /** The reading host's name, for lines that name none. */
  readonly host: string;
  /** Bounds the year of stamps without one. */
  readonly latest: YearBound;
  readonly onSession?: (session: Session) => void;
  /** The same for a reader who wants to know which sessions are alike. */
  readonly emit?: Emit;
  readonly trace?: Trace;
  /** Told the lines of the MTA that no rule of its parser knows. */
  readonly onUnknown?: (entry: LogEntry) => void;
  /** What was open when the log was last read; empty when absent. */
  readonly open?: Parameters<OpenTable['load']>[0];
  /** Keys of the open-sessions table kept at most. */
  readonly limit?: number;
  /** Notes what the lines depend on: see {@link WatchedTable}. */
  readonly watched?: boolean;
  /** false: no line is read from its bytes, as a test of the faster road wants it. */
  readonly fast?: boolean;
}

/** Where a parser's sessions go: told whole, unless the one who reads wants to know which are alike. */
export function emitTo({ onSession, emit }: SessionReaderOptions): Emit {
  if (emit !== undefined) return emit;
  return (session, time) => onSession?.(time === undefined ? session : { ...session, time });
}
