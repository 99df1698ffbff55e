/** How a file is compressed. */
export type Format = 'plain' | 'gz' | 'xz' | 'zst' | 'bz2';

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
 * Whether uncompressed bytes are no text: a zero behind a byte that is none. Zeros in front are the hole that a
 * truncation leaves under a writer that does not append.
 */
export function isBinary(bytes: Buffer): boolean {
  const head = bytes.subarray(0, LOOKED_AT);
  const start = head.findIndex((byte) => byte !== 0);
  return start >= 0 && head.includes(0, start);
}
