/** A stretch of whole lines that was read elsewhere: for the reader to take, or to leave and read itself. */
export interface ReadElsewhere {
  /** Uncompressed, and the last of them, as many as tell a position again. */
  readonly bytes: number;
  readonly tail: Uint8Array;
  /** Set before the next piece is asked for: it was taken. If not, its bytes come. */
  taken: boolean;
}

/** Bytes of a log as they are, valid until the next piece is asked for; or what was read of them elsewhere. */
export type Piece = Buffer | ReadElsewhere;
/** A log piece by piece, in order. */
export type Pieces = AsyncGenerator<Piece, void>;

/** Whether a piece is bytes as they stand in the log. */
export function isRaw(piece: Piece): piece is Buffer {
  return Buffer.isBuffer(piece);
}
