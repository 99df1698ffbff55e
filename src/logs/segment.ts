import { createHash } from 'node:crypto';
import type { Segment } from '../ledger/ledger.ts';

/** Uncompressed bytes that make a segment's identity, at most. */
export const PREFIX_BYTES = 4096;
/** Bytes before a position that must be the same for reading to be resumed there, at most. */
export const TAIL_BYTES = 256;

const NEWLINE = 10;

/** What a segment is known by: the SHA-256 (hex) of its first `prefixLength` uncompressed bytes. */
export interface Identity {
  readonly identity: string;
  readonly prefixLength: number;
  /** SHA-256 (hex) of its first line, by which a copy shorter than the prefix is known; absent for a longer line. */
  readonly firstLine?: string;
}

/**
 * The identity of the segment that begins with these bytes, as many as there are up to {@link PREFIX_BYTES}, without
 * zeros in front. Undefined below one whole line, for too much could begin like that, unless that is the whole of it.
 */
export function identify(prefix: Buffer, whole: boolean): Identity | undefined {
  const bytes = prefix.subarray(0, PREFIX_BYTES);
  const enough = bytes.length === PREFIX_BYTES || bytes.includes(NEWLINE) || (whole && bytes.length > 0);
  if (!enough) return undefined;
  const firstLine = firstLineOf(bytes);
  return {
    identity: sha256(bytes),
    prefixLength: bytes.length,
    ...(firstLine !== undefined && { firstLine }),
  };
}

function firstLineOf(bytes: Buffer): string | undefined {
  const end = bytes.indexOf(NEWLINE);
  return end < 0 ? undefined : sha256(bytes.subarray(0, end + 1));
}

/** The known segments that begin with these bytes, those known by the longest prefix first. */
export function matchSegments(prefix: Buffer, known: readonly Segment[]): Segment[] {
  const hashes = new Map<number, string>();
  const hashOf = (length: number): string => {
    const hash = hashes.get(length) ?? sha256(prefix.subarray(0, length));
    hashes.set(length, hash);
    return hash;
  };
  return known
    .filter(
      ({ prefixLength, identity }) => prefixLength <= prefix.length && hashOf(prefixLength) === identity,
    )
    .sort((a, b) => b.prefixLength - a.prefixLength);
}

/** The known segment of whose first bytes these are all there is: a copy too short for its identity. */
export function matchBeginning(whole: Buffer, known: readonly Segment[]): Segment | undefined {
  const line = firstLineOf(whole);
  if (line === undefined) return undefined;
  return known.find(({ prefixLength, firstLine }) => prefixLength > whole.length && firstLine === line);
}

/** The number that tells a segment from others of the same identity: how many of them there were. */
export function nextTie(identity: string, known: readonly Segment[]): number {
  return known.reduce(
    (next, segment) => (segment.identity === identity ? Math.max(next, segment.tie + 1) : next),
    0,
  );
}

/** SHA-256 (hex) of the last {@link TAIL_BYTES} of the bytes before a position, or of all where there are fewer. */
export function tailHash(bytes: Buffer): string {
  return sha256(bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES)));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
