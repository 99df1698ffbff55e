import type { IngestBatch, Segment } from '../ledger/ledger.ts';
import { isRaw, type Pieces, type ReadElsewhere } from './pieces.ts';
import { nextTie } from './segment.ts';
import type { SegmentStart } from './segment-start.ts';
import { TruncatedArchive } from './truncated-archive.ts';

/** What the bytes of a log are fed to: a `SessionReader`. */
export interface LineSink {
  /** Takes a piece; returns the bytes of the lines it completed, those kept from earlier pieces included. */
  bytes(piece: Buffer): number;
  /** Takes whole lines that were read elsewhere, if they mean here what they meant there; nothing is kept then. */
  elsewhere(piece: ReadElsewhere): boolean;
  /** Takes what is kept as a last line; returns its bytes. */
  finish(): number;
  /** Forgets what is kept: the next piece begins a line. */
  discard(): void;
}

/** How a file is read, and when it is time for a batch. */
export interface ReadSegmentOptions {
  /** The segments of the reading host, whatever their log and name. */
  readonly known: readonly Segment[];
  readonly sink: LineSink;
  /** In place of the start's own, which they draw on: stretches of them may have been read elsewhere. */
  readonly pieces?: Pieces | undefined;
  /** Nothing will be appended any more (a rotation, an archive): a last line without a newline is a line. */
  readonly finished: boolean;
  /** Asked after every piece: whether it is time to commit. When absent, a file is one batch. */
  readonly enough?: () => boolean;
  /** Asked before every piece: whether to leave it, and all behind it, for later. */
  readonly stop?: () => boolean;
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
 * Reads what is new in a file, from where `findStart` has found that the ledger's knowledge of it ends, and yields
 * after each batch. The last batch of a file may be of 0 bytes; a file without a whole line yields none. Of an archive
 * cut short the last batch is marked incomplete, and the error comes when the next is asked for.
 * @throws Problem, TruncatedArchive, MovedFile
 */
export async function* readFrom(
  path: string,
  start: SegmentStart,
  options: ReadSegmentOptions,
): AsyncGenerator<SegmentBatch, void> {
  const { sink, finished, enough, stop, known, pieces = start.pieces } = options;
  const { edge } = start;
  sink.discard();
  let from = edge.offset;
  let truncated: TruncatedArchive | undefined;
  let stopped = false;
  const batch = (end: boolean) => {
    const whole = end && finished && !stopped;
    return batchOf(path, start, known, { from, end, whole, incomplete: truncated !== undefined });
  };
  try {
    for await (const piece of pieces) {
      if (stop?.() === true) {
        stopped = true;
        break;
      }
      if (isRaw(piece)) edge.pass(piece, sink.bytes(piece));
      else if (edge.isIdentified && sink.elsewhere(piece)) {
        piece.taken = true;
        edge.skip(piece.bytes, Buffer.from(piece.tail));
      }
      if (edge.offset === from || enough?.() !== true) continue;
      const next = batch(false);
      from = edge.offset;
      if (next !== undefined) yield next;
    }
    if (finished && !stopped) edge.finish(sink.finish());
  } catch (error) {
    if (!(error instanceof TruncatedArchive)) throw error;
    truncated = error;
  }
  sink.discard();
  const last = batch(true);
  if (last !== undefined) yield last;
  if (truncated !== undefined) throw truncated;
}

interface BatchEnd {
  /** The position after the batch before. */
  readonly from: number;
  readonly end: boolean;
  readonly whole: boolean;
  readonly incomplete: boolean;
}

function batchOf(
  path: string,
  { segment, edge, short }: SegmentStart,
  known: readonly Segment[],
  { from, end, whole, incomplete }: BatchEnd,
): SegmentBatch | undefined {
  // A shorter copy of a known segment tells nothing of it, least of all that it is complete.
  if (segment !== undefined && short) return { segment, bytes: 0, end };
  const identity = edge.identity(whole);
  if (identity === undefined) return undefined;
  const which = segment === undefined ? { tie: nextTie(identity.identity, known) } : { id: segment.id };
  const position = { offset: edge.offset, tailHash: edge.tailHash };
  return {
    segment: { ...which, ...identity, position, path, incomplete },
    bytes: edge.offset - from,
    end,
  };
}
