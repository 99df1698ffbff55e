import type { LineSink } from '../logs/read-segment.ts';
import type { SessionReader } from '../logs/session-reader.ts';

/**
 * Feeds a log's bytes to a reader.
 * @param went told how many bytes went by, and how many of whole lines
 */
export function sinkOf(reader: SessionReader, went: (bytes: number, lineBytes: number) => void): LineSink {
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
    sifted({ matching, lines, lineBytes, bytes }) {
      try {
        reader.sifted(matching, lines);
      } finally {
        went(bytes, lineBytes);
      }
    },
    finish: () => reader.finish(),
    discard: () => reader.discard(),
  };
}
