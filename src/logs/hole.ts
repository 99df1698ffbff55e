/**
 * The index of the first byte that is no zero. A file that is truncated under a writer who does not append goes on at
 * the old offset: it begins with a hole, which reads as zeros.
 */
export function behindZeros(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length && bytes[at] === 0) at += 1;
  return at;
}

/** So many zeros amid a line are no part of it: a crash leaves them behind the half of a line, and the next follows. */
const HOLE = 8;

/** Where a line begins that a hole may have been left in. */
interface LineBegin {
  /** The index of the first byte behind the last hole; -1 where there is none. */
  readonly begin: number;
  /** Zeros at the end, which may be the beginning of one. */
  readonly zeros: number;
}

/** Looks for holes in `bytes[from..until)`. @param before zeros right in front */
export function behindHoles(bytes: Uint8Array, from: number, until: number, before = 0): LineBegin {
  let zeros = before;
  let begin = -1;
  for (let at = from; at < until; at++) {
    if (bytes[at] === 0) zeros += 1;
    else {
      if (zeros >= HOLE) begin = at;
      zeros = 0;
    }
  }
  return { begin, zeros };
}
