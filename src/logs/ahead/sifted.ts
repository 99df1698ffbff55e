/** A stretch of a log of which only the lines that may matter are left: a thread of its own has looked for needles. */
export interface SiftedPiece {
  /** The lines that hold a needle, whole, each with its newline; valid until the next piece is asked for. */
  readonly matching: Buffer;
  /** Lines that went by, and their uncompressed bytes. */
  readonly lines: number;
  readonly lineBytes: number;
  /** The last of these bytes, as many as tell a position again. */
  readonly tail: Buffer;
  /** Uncompressed bytes that went by, those of a line that goes on in the next piece included. */
  readonly bytes: number;
  /** The end of the log, behind its last newline: a line if nothing is to follow. */
  readonly unfinished: boolean;
}

/** Bytes of a log as they are, or what was sifted from them. */
export type Piece = Buffer | SiftedPiece;
/** A log piece by piece, in order. */
export type Pieces = AsyncGenerator<Piece, void>;

/** Whether a piece is bytes as they stand in the log, not yet sifted. */
export function isRaw(piece: Piece): piece is Buffer {
  return Buffer.isBuffer(piece);
}
