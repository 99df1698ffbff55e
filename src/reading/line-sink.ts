import type { LineSink } from '../logs/read-segment.ts';
import type { SessionReader } from '../logs/session-reader.ts';

/**
 * Feeds a log's bytes to a reader.
 * @param went told how many bytes went by, and how many of whole lines
 */
export function sinkOf(reader: SessionReader, went: (bytes: number, lineBytes: number) => void): LineSink {
  return {
    bytes(piece) {
      const taken = reader.bytes(piece);
      went(piece.length, taken);
      return taken;
    },
    sifted({ matching, lines, lineBytes, bytes }) {
      reader.sifted(matching, lines);
      went(bytes, lineBytes);
    },
    finish: () => reader.finish(),
    discard: () => reader.discard(),
  };
}
