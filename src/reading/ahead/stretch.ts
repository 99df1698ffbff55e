import type { TallyKey } from '../../ledger/ledger.ts';
import type { Course } from '../../logs/course.ts';
import type { FileKey } from '../../logs/file-key.ts';
import type { OpenChanges, OpenTable } from '../../logs/open-table.ts';
import type { ReadElsewhere } from '../../logs/pieces.ts';
import type { PassedLines } from '../../logs/session-reader.ts';
import type { ToldBound } from '../../logs/years.ts';
import type { SendingAddresses } from '../../policy/sending-address.ts';
import type { MetElsewhere } from '../unknown-lines.ts';

/*
 * A stretch of a log is read by another thread as if nothing were open before it but what that thread has seen itself, in
 * the lines just before it. Whoever comes to the stretch with all that is truly open looks whether anything that the
 * stretch depends on is different from what was supposed there. If nothing is, the sessions told of it are those that he
 * would have told; if anything is, he reads it himself. So it does not matter for what is counted where a log is cut.
 */

/** The parser of a log, by what another thread can make it from. */
export interface ParserSpec {
  /** A built-in name, or the path of a module. */
  readonly name: string;
  readonly options: object;
}

/** How a log is read, in words that go from thread to thread. */
export interface HowToRead {
  readonly parser: ParserSpec;
  readonly parserName: string;
  readonly host: string;
  /** The zone of stamps that carry none, by its IANA name. */
  readonly zone: string;
  readonly sendingFrom?: SendingAddresses;
}

/** A stretch to be read. */
export interface StretchOrder {
  readonly job: number;
  readonly path: string;
  /** The file that is meant. */
  readonly expect: FileKey;
  /** Byte offsets of a plain log at which lines begin; absent: all of an archive. Of what begins a file, its begin is left out. */
  readonly between?: { readonly from: number; readonly until: number };
  readonly how: HowToRead;
  readonly years: ToldBound;
  /** What was open where the reader is by now: facts that were learned long ago are among it. */
  readonly open: ReturnType<OpenTable['rows']>;
}

/** Where a stretch begins, and what is supposed to be open there. */
export interface Mark {
  /** Uncompressed bytes before its first line. */
  readonly offset: number;
  readonly open: ReturnType<OpenTable['rows']>;
  /** UTC ms, of the last line before it that matters. */
  readonly lastTime: number | undefined;
  readonly years: ToldBound;
}

/** Sessions of one key but for the hour: hours (UTC ms) and counts in turn. */
export interface ToldTallies {
  readonly key: TallyKey;
  readonly hours: readonly number[];
}

/** What was read of a stretch, from its begin or from the batch before. */
export interface StretchBatch {
  /** Of the whole lines read, and the last of these bytes, as many as tell a position again. */
  readonly bytes: number;
  readonly tail: Uint8Array;
  readonly passed: PassedLines;
  /** Time went back by an hour or more in it. */
  readonly wentBack: boolean;
  readonly years: ToldBound;
  readonly tallies: readonly ToldTallies[];
  readonly unknown: MetElsewhere;
  readonly open: OpenChanges;
  /** What happened to the table since the stretch began. */
  readonly course: Course;
  /** The bits of the keys on which the batch depends: see `ConsultedKeys`. */
  readonly consulted: Uint32Array<ArrayBuffer>;
}

/** What the reading thread tells one that reads ahead. */
export type Order =
  | ({ readonly kind: 'read' } & StretchOrder)
  /** No more of this stretch is wanted. */
  | { readonly kind: 'drop'; readonly job: number }
  /** A batch was taken: another one may be told. */
  | { readonly kind: 'taken'; readonly tallies: number };

/** What the thread answers: a mark, batches in their order, an end. */
export type Answer =
  | { readonly kind: 'mark'; readonly job: number; readonly mark: Mark }
  | { readonly kind: 'batch'; readonly job: number; readonly batch: StretchBatch }
  | StretchEnd;

/** No more comes of a stretch. */
export interface StretchEnd {
  readonly kind: 'end';
  readonly job: number;
  /** It was read to its end; if not, whoever comes to it finds out why. */
  readonly whole: boolean;
  /** What stands behind the last newline of an archive. */
  readonly rest?: Uint8Array;
  /** Something else stands behind the archive. */
  readonly garbage?: true;
}

/** A batch for the reader to take or leave. */
export class ToldStretch implements ReadElsewhere {
  taken = false;
  /** With the first batch of a stretch. */
  readonly mark: Mark | undefined;
  readonly batch: StretchBatch;

  constructor(batch: StretchBatch, mark: Mark | undefined) {
    this.batch = batch;
    this.mark = mark;
  }

  get bytes(): number {
    return this.batch.bytes;
  }

  get tail(): Uint8Array {
    return this.batch.tail;
  }
}
