import type { JsonValue } from '../parser.ts';
import type { Span } from '../span.ts';
import type { TallyKey } from './ledger.ts';

/** The text in front of a position: equal for two segments only if they are one up to there. */
export interface Position {
  /** Uncompressed bytes read so far; always the start of a line. */
  readonly offset: number;
  /** SHA-256 (hex) of the up to 256 bytes just before `offset`. */
  readonly tailHash: string;
}

/** One file generation of a log, known by its content. */
export interface Segment {
  readonly id: number;
  readonly logId: number;
  /** SHA-256 (hex) of the first `prefixLength` uncompressed bytes. */
  readonly identity: string;
  /** Tells it from other segments of the same identity: 0 for the first of them. */
  readonly tie: number;
  /** At most 4096; grows with the file until then. */
  readonly prefixLength: number;
  /** SHA-256 (hex) of its first line, newline included; absent for a line longer than the prefix. */
  readonly firstLine?: string;
  readonly position: Position;
  /** Where it was last seen, for people. */
  readonly path: string;
  /** UTC ms of the first and last stamp read; absent before the first. */
  readonly firstTime?: number;
  readonly lastTime?: number;
  /** The data ended before its format said so (a truncated archive). */
  readonly incomplete: boolean;
}

/** One configured or backfilled chain of files, a journal, or standard input. */
export interface Log {
  readonly id: number;
  /** The reading host's name: with the parser and the name it is the log's key. */
  readonly host: string;
  readonly parser: string;
  /** The path without rotation suffixes, or `journal:…`, `-`. */
  readonly name: string;
  /** Wall time (UTC ms) at which the log was last read to its end; absent if never. */
  readonly readToEndAt?: number;
  /** Wall time (UTC ms) at which anything of it was last read; absent if that was never noted. */
  readonly readAt?: number;
  /** Begin (log time, UTC ms) of its oldest open session; absent if none is open. */
  readonly oldestOpen?: number;
  readonly segments: readonly Segment[];
  /** Opaque resumption mark of sources that are no files (a journal's cursor). */
  readonly cursor?: string;
  /** Counts commits; a batch made upon an older version is refused ({@link StalePosition}). */
  readonly version: number;
}

/** One row of the open-sessions table as it is written down. */
export interface OpenRow {
  readonly key: string;
  readonly value: JsonValue;
  /** Log time of its last change, UTC ms. */
  readonly time: number;
  /** Log time of its creation, UTC ms. */
  readonly since: number;
  readonly idleSeconds: number;
}

/** What one pass over a piece of a log yields; committed as one transaction. */
export interface IngestBatch {
  readonly logId: number;
  /** Wall time, UTC ms: `keep` counts from it. */
  readonly ingestedAt: number;
  /** Absent for sources that are no files. */
  readonly segment?: {
    /** Absent for a segment seen for the first time. */
    readonly id?: number;
    readonly identity: string;
    /** Of a segment seen for the first time: how many of its identity the reader knows; 0 when absent. */
    readonly tie?: number;
    readonly prefixLength: number;
    readonly firstLine?: string;
    readonly position: Position;
    readonly path: string;
    readonly incomplete: boolean;
  };
  readonly cursor?: string;
  /** Log time (UTC ms) of the first and the last line read of the file, and the time that all of them cover. */
  readonly firstTime?: number;
  readonly lastTime?: number;
  readonly covered?: Span;
  readonly sessions: ReadonlyMap<string, { readonly key: TallyKey; readonly count: number }>;
  readonly openChanged: readonly OpenRow[];
  readonly openDeleted: readonly string[];
  readonly oldestOpen?: number;
  /** UTC ms of the wall clock when the end of the log was reached with this batch. */
  readonly readToEndAt?: number;
  /** The log's version the batch was made upon: a ledger that has moved on by now refuses the batch. */
  readonly expectedVersion: number;
  /** Refuse what overlaps in time another file of the same host and parser (`backfill`). */
  readonly refuseOverlap: boolean;
}

/** Thrown by `commit` when somebody else has read on in the meantime: read again from the ledger's position. */
export class StalePosition extends Error {}

/** Thrown by `commit` with `refuseOverlap`. */
export class OverlapError extends Error {
  /** Where the other lines were read. */
  readonly path: string;
  /** The time that those cover. */
  readonly covered: Span;
  constructor(path: string, covered: Span) {
    super(`overlaps ${path}`);
    this.path = path;
    this.covered = covered;
  }
}
