import type { Emit, LogEntry, OpenSessions } from 'maillog-tlsrpt/parser';
import type { HostSettings, PostfixOptions } from './options.ts';

/** One entry being read, with all that reading may use. */
export interface Reading {
  readonly entry: LogEntry;
  readonly open: OpenSessions;
  readonly emit: Emit;
  readonly options: PostfixOptions;
  /** What holds for the entry's host. */
  readonly settings: HostSettings;
}
