import { stat } from 'node:fs/promises';
import { EXIT, Problem } from '../errors.ts';
import type { Segment } from '../ledger/ledger.ts';
import { type OpenLogOptions, openLog } from './archive.ts';
import { behindZeros } from './hole.ts';
import { isRaw, type Piece, type Pieces } from './pieces.ts';
import { matchBeginning, matchSegments, PREFIX_BYTES, TAIL_BYTES, tailHash } from './segment.ts';
import { goOn } from './stopped.ts';
import { StreamEdge } from './stream-edge.ts';
import { TruncatedArchive } from './truncated-archive.ts';

const ZEROS = Buffer.alloc(65_536);

/** Where the reading of a file begins. */
export interface SegmentStart {
  /** The ledger's segment that the file holds; absent for a new one. */
  readonly segment?: Segment;
  readonly edge: StreamEdge;
  /** The bytes from the edge's position on; none where the file ends before it. */
  readonly pieces: Pieces;
  /** The file ends before the segment's position. */
  readonly short: boolean;
  /** So short that only its first line tells that it is that segment: other logs may begin with that line too. */
  readonly unsure?: true;
  /** To be called when done with it, whether the pieces were read or not. */
  close(): Promise<void>;
}

/**
 * Finds the known segment that a file holds, by its first bytes and by those before the segment's position. One that
 * begins like a known segment as far as identity sees, and differs later, is another segment.
 * @throws Problem (data) for such a one that comes through a pipe; MovedFile; Stopped
 */
export async function findStart(
  path: string,
  known: readonly Segment[],
  input: Omit<OpenLogOptions, 'from'> = {},
): Promise<SegmentStart> {
  const open = (from: number) => openLog(path, { from, ...input });
  const pieces: Pieces = open(0);
  const head = await peek(pieces);
  const prefix = Buffer.from(head.bytes.subarray(0, PREFIX_BYTES));
  const candidates = matchSegments(prefix, known);
  const whole = replay(head, pieces);
  // What came through a pipe cannot be looked at twice.
  const again = candidates.length > 0 && (await isFile(path));
  if (again) await pieces.return();
  let short: SegmentStart | undefined;
  for (const segment of again ? candidates : candidates.slice(0, 1)) {
    const before = segment.position.offset - Math.min(TAIL_BYTES, segment.position.offset);
    const found = await resume(segment, prefix, again ? open(before) : pass(whole, before, input.signal));
    // One that is whole goes before: of two that begin alike the other may be what this was before it was edited.
    if (found !== undefined && (!again || !found.short)) return found;
    if (!again) throw differs(segment);
    short ??= found;
  }
  if (short !== undefined) return short;
  if (again && !(await beginsWith(open(0), prefix))) return findStart(path, known, input);
  const longer = prefix.length < PREFIX_BYTES ? matchBeginning(prefix, known) : undefined;
  if (longer !== undefined) {
    await pieces.return();
    return { segment: longer, edge: new StreamEdge(), short: true, unsure: true, ...nothing() };
  }
  const reading = again ? open(0) : whole;
  return { edge: new StreamEdge(), short: false, ...closing(reading, pieces) };
}

/** False when the path leads to another file by now: it was rotated in between. */
async function beginsWith(pieces: Pieces, prefix: Buffer): Promise<boolean> {
  const { bytes } = await peek(pieces);
  await pieces.return();
  return bytes.subarray(0, prefix.length).equals(prefix);
}

/** What is gone by now is found gone when it is opened again. */
async function isFile(path: string): Promise<boolean> {
  if (path === '-') return false;
  return stat(path).then(
    (status) => status.isFile(),
    () => true,
  );
}

/** Checks the bytes before the segment's position; undefined if they are others. `pieces` begins with them. */
async function resume(segment: Segment, prefix: Buffer, pieces: Pieces): Promise<SegmentStart | undefined> {
  const { offset, tailHash: expected } = segment.position;
  const { bytes: tail, rest } = await take(pieces, Math.min(TAIL_BYTES, offset));
  const short = tail.length < Math.min(TAIL_BYTES, offset);
  if (!short && tailHash(tail) === expected) {
    const edge = new StreamEdge({ prefix, offset, tail });
    return { segment, edge, short, ...closing(replay(rest, pieces), pieces) };
  }
  await pieces.return();
  if (!short) return undefined;
  return { segment, edge: new StreamEdge({ prefix, offset, tail }), short, ...nothing() };
}

function differs(segment: Segment): Problem {
  return new Problem(
    EXIT.data,
    `this log begins like one already read (${segment.path}), and differs from it later`,
    {
      where: 'standard input',
      help: 'give it as a file: what comes through a pipe cannot be looked at twice',
    },
  );
}

/** What was taken off the front of a stream. */
interface Head {
  /** Zeros in front, which a hole in the file reads as. */
  readonly zeros: number;
  readonly bytes: Buffer;
  /** The archive ended behind these bytes. */
  readonly cut?: TruncatedArchive;
}

function raw(piece: Piece): Buffer {
  if (isRaw(piece)) return piece;
  throw new Error('a stretch was read elsewhere before it was known from where on the log is new');
}

/** Reads until the identity can be told. */
async function peek(pieces: Pieces): Promise<Head> {
  let zeros = 0;
  let bytes: Buffer = Buffer.alloc(0);
  try {
    while (bytes.length < PREFIX_BYTES) {
      const { value, done } = await pieces.next();
      if (done === true) break;
      const piece = raw(value);
      const start = bytes.length > 0 ? 0 : behindZeros(piece);
      zeros += start;
      bytes = Buffer.concat([bytes, piece.subarray(start)]);
    }
    return { zeros, bytes };
  } catch (cut) {
    if (cut instanceof TruncatedArchive) return { zeros, bytes, cut };
    throw cut;
  }
}

/** What was taken off, and all behind it. */
async function* replay({ zeros, bytes, cut }: Head, pieces: Pieces): Pieces {
  try {
    for (let left = zeros; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left);
    if (bytes.length > 0) yield bytes;
    if (cut !== undefined) throw cut;
    yield* pieces;
  } finally {
    await pieces.return();
  }
}

/** A generator that was not begun does not close what it would have read from. */
function closing(pieces: Pieces, source: Pieces): Pick<SegmentStart, 'pieces' | 'close'> {
  return {
    pieces,
    async close() {
      await pieces.return();
      await source.return();
    },
  };
}

function nothing(): Pick<SegmentStart, 'pieces' | 'close'> {
  return { pieces: none(), close: async () => {} };
}

async function* none(): Pieces {}

async function* pass(pieces: Pieces, bytes: number, signal: AbortSignal | undefined): Pieces {
  let left = bytes;
  for await (const each of pieces) {
    if (left > 0) goOn(signal);
    const piece = raw(each);
    if (left < piece.length) yield piece.subarray(left);
    left = Math.max(0, left - piece.length);
  }
}

/** The first `count` bytes, fewer at the end, and what came with them. */
async function take(pieces: Pieces, count: number): Promise<{ bytes: Buffer; rest: Head }> {
  let bytes: Buffer = Buffer.alloc(0);
  while (bytes.length < count) {
    const { value, done } = await pieces.next();
    if (done === true) break;
    bytes = Buffer.concat([bytes, raw(value)]);
  }
  return { bytes: bytes.subarray(0, count), rest: { zeros: 0, bytes: bytes.subarray(count) } };
}
