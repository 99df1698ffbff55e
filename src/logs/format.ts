import { behindZeros } from './hole.ts';

/** How a file is compressed. */
export type Format = 'plain' | 'gz' | 'xz' | 'zst' | 'bz2';

const NEWLINE = 10;
/** BEL to CR, as a log may hold them that nothing has cleaned, and ESC. */
const TEXT_CONTROLS: ReadonlySet<number> = new Set([7, 8, 9, 10, 11, 12, 13, 27]);
/** Runs of zeros in one line of a log: more are the fields of a record, or characters of two bytes. */
const MOST_HOLES = 4;

/** Bytes looked at to tell text from anything else. */
const LOOKED_AT = 4096;

/** The format by its first bytes (RFC 1952 §2.3.1; xz file format §2.1.1; RFC 8878 §3.1; bzip2's `BZh`). */
export function formatOf(head: Buffer): Format {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gz';
  if (head.subarray(0, 6).equals(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]))) return 'xz';
  if (isZstd(head)) return 'zst';
  return /^BZh[1-9][1\x17]/.test(head.toString('latin1', 0, 5)) ? 'bz2' : 'plain';
}

/** A frame, or one that is to be skipped (RFC 8878 §3.1.2), as pzstd writes in front. */
function isZstd(head: Buffer): boolean {
  if (head.length < 4) return false;
  const magic = head.readUInt32LE(0);
  return magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5;
}

/**
 * Whether uncompressed bytes are no text. Zeros alone do not tell: a truncation leaves them in front under a writer that
 * does not append, and a crash anywhere. Beside zeros, text has lines, no control characters, and no fields filled up.
 */
export function isBinary(bytes: Buffer): boolean {
  const begin = behindZeros(bytes);
  const head = bytes.subarray(begin, begin + LOOKED_AT);
  if (!head.includes(0)) return false;
  if (!bytes.includes(NEWLINE)) return true;
  let holes = 0;
  for (let at = 0; at < head.length; at++) {
    const byte = head[at] ?? 0;
    if (byte === NEWLINE) holes = 0;
    else if (byte === 0) {
      if (head[at - 1] !== 0) holes += 1;
      if (holes > MOST_HOLES) return true;
    } else if (byte < 0x20 && !TEXT_CONTROLS.has(byte)) return true;
  }
  return false;
}
