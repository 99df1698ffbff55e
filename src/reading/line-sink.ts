import type { ReadElsewhere } from '../logs/pieces.ts';
import type { LineSink } from '../logs/read-segment.ts';
import type { SessionReader } from '../logs/session-reader.ts';

/** What comes of feeding a log's bytes to a reader. */
export interface SinkOptions {
  /** Told how many bytes went by, and how many of whole lines. */
  readonly went: (bytes: number, lineBytes: number) => void;
  /** Takes a stretch that was read elsewhere; false if it means something else here. */
  readonly elsewhere: (piece: ReadElsewhere) => boolean;
}

/** Feeds a log's bytes to a reader. */
export function sinkOf(reader: SessionReader, { went, elsewhere }: SinkOptions): LineSink {
  return {
    // Lines went by even if one of them cannot be dated, and nothing of them is to be committed.
    bytes(piece) {
      let taken = piece.length;
      try {
        taken = reader.bytes(piece);
      } finally {
        went(piece.length, taken);
      }
      return taken;
    },
    elsewhere(piece) {
      if (!elsewhere(piece)) return false;
      went(piece.bytes, piece.bytes);
      return true;
    },
    finish: () => reader.finish(),
    discard: () => reader.discard(),
  };
}
