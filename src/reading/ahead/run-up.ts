import type { FileKey } from '../../logs/file-key.ts';
import { openInput } from '../../logs/log-input.ts';

const NEWLINE = 10;
const PIECE = 65_536;
/** Lines are looked through for one that matters, no further. */
const MOST_LOOKED_AT = 16 * PIECE;
/** Bytes of a run-up: at first, and at most, whatever time it would take. */
const FIRST = 4 * 1_048_576;
const MOST = 64 * 1_048_576;
const TRIES = 6;
/** More than what a time's bytes were in one place: a log has busy hours. */
const MORE = 1.2;

/** The file, and how to tell the time in it. */
export interface RunUpOptions {
  readonly path: string;
  readonly expect: FileKey;
  /** The log time (UTC ms) of the first line that matters among these, which begin with a whole line. */
  readonly timeIn: (lines: Buffer) => number | undefined;
}

/**
 * Where to begin to read a plain log so that what is open at an offset is seen: so much log time before it, as far as
 * can be told. What comes of less is found out where it is used.
 * @param offset at which a line begins; @param need log time, ms
 * @returns an offset at which a line begins
 */
export async function beginOfRunUp(offset: number, need: number, options: RunUpOptions): Promise<number> {
  const end = await timeAt(offset, options);
  let size = FIRST;
  for (let tries = 1; tries < TRIES && size < MOST && size < offset; tries++) {
    const begin = end === undefined ? undefined : await timeAt(offset - size, options);
    if (begin === undefined || end === undefined || end - begin >= need) break;
    const times = end > begin ? (need / (end - begin)) * MORE : 8;
    size = Math.min(MOST, Math.ceil(size * Math.min(8, Math.max(1.5, times))));
  }
  return size >= offset ? 0 : lineStart(offset - size, options);
}

/** The offset of the first line that begins there or behind; that of the end where none does. */
export async function lineStart(
  offset: number,
  { path, expect }: Pick<RunUpOptions, 'path' | 'expect'>,
): Promise<number> {
  if (offset === 0) return 0;
  const input = await openInput(path, { expect });
  try {
    let at = offset - 1;
    for await (const piece of input.pieces(at, PIECE)) {
      const newline = piece.indexOf(NEWLINE);
      if (newline >= 0) return at + newline + 1;
      at += piece.length;
    }
    return at;
  } finally {
    await input.close();
  }
}

async function timeAt(offset: number, { path, expect, timeIn }: RunUpOptions): Promise<number | undefined> {
  const begin = await lineStart(offset, { path, expect });
  const input = await openInput(path, { expect });
  let lines: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of input.pieces(begin, PIECE)) {
      lines = Buffer.concat([lines, piece]);
      const time = timeIn(lines);
      if (time !== undefined || lines.length >= MOST_LOOKED_AT) return time;
    }
    return undefined;
  } finally {
    await input.close();
  }
}
