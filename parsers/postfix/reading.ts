import type { Emit, LogEntry, OpenSessions } from 'maillog-tlsrpt/parser';
import type { HostSettings, PostfixOptions } from './options.ts';
import type { TagKeys } from './tag-keys.ts';

/** An entry without its message, which may have been read from its bytes. */
export type EntryHead = Omit<LogEntry, 'message'>;

/** One entry being read, with all that reading may use. */
export interface Reading {
  readonly entry: EntryHead;
  readonly keys: TagKeys;
  readonly open: OpenSessions;
  readonly emit: Emit;
  readonly options: PostfixOptions;
  /** What holds for the entry's host. */
  readonly settings: HostSettings;
}

/** The same, with the entry's text. */
export interface TextReading extends Reading {
  readonly entry: LogEntry;
}
