import { closeSync, openSync, writeSync } from 'node:fs';

const WRITE_BYTES = 4 * 1_048_576;

/** Writes a log of about so many bytes, a line at a time as `next` makes them; says how many lines. */
export function writeLog(path: string, bytes: number, next: () => string): { readonly lines: number } {
  const file = openSync(path, 'w');
  let written = 0;
  let lines = 0;
  let piece = '';
  try {
    while (written + piece.length < bytes) {
      piece += next();
      lines += 1;
      if (piece.length < WRITE_BYTES) continue;
      writeSync(file, piece, null, 'latin1');
      written += piece.length;
      piece = '';
    }
    writeSync(file, piece, null, 'latin1');
  } finally {
    closeSync(file);
  }
  return { lines };
}
