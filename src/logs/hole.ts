/**
 * The index of the first byte that is no zero. A file that is truncated under a writer who does not append goes on at
 * the old offset: it begins with a hole, which reads as zeros.
 */
export function behindZeros(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length && bytes[at] === 0) at += 1;
  return at;
}
