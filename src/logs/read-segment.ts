import type { Readable } from 'node:stream';
import type { IngestBatch, Segment } from '../ledger/ledger.ts';
import { findStart, type SegmentStart } from './segment-start.ts';
import { TruncatedArchive } from './truncated-archive.ts';

/** What the bytes of a log are fed to: a `SessionReader`. */
export interface LineSink {
  /** Takes a piece; returns the bytes of the lines it completed, those kept from earlier pieces included. */
  bytes(piece: Buffer): number;
  /** Takes what is kept as a last line; returns its bytes. */
  finish(): number;
  /** Forgets what is kept: the next piece begins a line. */
  discard(): void;
}

export interface ReadSegmentOptions {
  /** The segments of the reading host, whatever their log and name. */
  readonly known: readonly Segment[];
  readonly sink: LineSink;
  /** Nothing will be appended any more (a rotation, an archive): a last line without a newline is a line. */
  readonly finished: boolean;
  /** Asked after every piece: whether it is time to commit. When absent, a file is one batch. */
  readonly enough?: () => boolean;
  /** What `-` stands for; the process's own when absent. */
  readonly stdin?: Readable;
}

/** What was read since the last batch, to be committed before the next one is asked for. */
export interface SegmentBatch {
  /** As the ledger's `commit` wants it; the id only of a segment it knew before. */
  readonly segment: NonNullable<IngestBatch['segment']>;
  /** Uncompressed bytes of the lines read since the last batch; 0 where only the end was found. */
  readonly bytes: number;
  /** The last batch of this file. */
  readonly end: boolean;
}

/**
 * Reads what is new in a file, wherever the ledger has met its content before (DESIGN §6), and yields after each
 * batch. The last batch of a file may be of 0 bytes; a file without a whole line yields none. Of an archive cut
 * short the last batch is marked incomplete, and the error comes when the next is asked for.
 * @throws Problem, TruncatedArchive
 */
export async function* readSegment(
  path: string,
  options: ReadSegmentOptions,
): AsyncGenerator<SegmentBatch, void> {
  const { sink, finished, enough } = options;
  sink.discard();
  const start = await findStart(path, options.known, options.stdin);
  const { edge } = start;
  let from = edge.offset;
  let truncated: TruncatedArchive | undefined;
  try {
    for await (const piece of start.pieces) {
      edge.pass(piece, sink.bytes(piece));
      if (edge.offset === from || enough?.() !== true) continue;
      const batch = batchOf(path, start, from, false, false);
      from = edge.offset;
      if (batch !== undefined) yield batch;
    }
    if (finished) edge.finish(sink.finish());
  } catch (error) {
    if (!(error instanceof TruncatedArchive)) throw error;
    truncated = error;
  }
  sink.discard();
  const last = batchOf(path, start, from, true, truncated !== undefined, finished);
  if (last !== undefined) yield last;
  if (truncated !== undefined) throw truncated;
}

function batchOf(
  path: string,
  { segment, edge, short }: SegmentStart,
  from: number,
  end: boolean,
  incomplete: boolean,
  finished = false,
): SegmentBatch | undefined {
  const identity = edge.identity(finished);
  if (identity === undefined) return undefined;
  // A shorter copy of a known segment tells nothing of it, least of all that it is complete.
  if (segment !== undefined && short) return { segment, bytes: 0, end };
  const position = { offset: edge.offset, tailHash: edge.tailHash };
  return {
    segment: { ...(segment && { id: segment.id }), ...identity, position, path, incomplete },
    bytes: edge.offset - from,
    end,
  };
}
