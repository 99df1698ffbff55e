import type { Span } from '../span.ts';

/** Lines of one log may come that late in the next file of it, as those that another host has sent on. */
const LATE_IN_A_LOG_MS = 600_000;
/** Where a log's files lie under names that do not tell so, the next one begins with a few late lines. */
const LATE_MS = 60_000;

/** The log time that is read of a file, and the time of its first line, UTC ms. */
export interface Reading extends Span {
  readonly begin?: number | undefined;
}

/**
 * Whether two files are of one time, so that the lines of one may be those of the other (DESIGN: an extract, several
 * logs through one pipe, a log that two programs wrote). What only touches, as files of one log do that follow each
 * other, is not.
 * @param isOneLog they are files of one log, by their names
 */
export function overlaps(one: Reading, other: Span, isOneLog: boolean): boolean {
  const touchesAtMost = one.from >= other.until || other.from >= one.until;
  if (touchesAtMost) return false;
  const shared = Math.min(one.until, other.until) - Math.max(one.from, other.from);
  const shorter = Math.min(one.until - one.from, other.until - other.from);
  // In a collector's file the clock of one host may be hours ahead, or a sender may have held its lines back for as long.
  if (shared > (isOneLog ? Math.max(LATE_IN_A_LOG_MS, shorter / 2) : LATE_MS)) return true;
  if (!isWithin(one, other) && !isWithin(other, one)) return false;
  // A file that was begun and rotated away within minutes may lie within the late lines of the next, but not so.
  return !isOneLog || one.begin === other.from;
}

function isWithin(inner: Span, outer: Span): boolean {
  return inner.from >= outer.from && inner.until <= outer.until;
}
