import type { Segment } from '../ledger/ledger.ts';
import { openLog } from '../logs/archive.ts';
import { type EditedFile, lookThrough, type Place, type ReadEnd } from '../logs/edited.ts';
import { type Identity, identify, PREFIX_BYTES, TAIL_BYTES } from '../logs/segment.ts';
import type { SegmentStart } from '../logs/segment-start.ts';
import { StreamEdge } from '../logs/stream-edge.ts';
import { TruncatedArchive } from '../logs/truncated-archive.ts';
import type { YearBound } from '../logs/years.ts';
import type { LogParser } from '../parser.ts';
import type { Source, SourceFile } from './source.ts';
import { firstStamp, headOf, stampReader } from './stamps.ts';

/** A file that is shorter than what was read of it must go on so much later, log time, to be more than a cut copy. */
const CLEARLY_LATER_MS = 5 * 60_000;
/** A stamp so far ahead of the file's last change is that of a wrong clock; a file that begins so long before another is an older one. */
const DAY_MS = 86_400_000;

/** A file that holds lines that were read before, as another segment. */
export interface Edit {
  /** The segments that were read at its place. */
  readonly of: readonly Segment[];
  /** The text where reading had stopped was found in it: nothing is lost and nothing counts twice. */
  readonly exact: boolean;
  /** UTC ms of its first line that may matter. */
  readonly begin: number;
  /** Log time (UTC ms) up to which all had been read, and of the first line behind that, if there is one. */
  readonly covered: number;
  readonly later?: number;
  /** To read from there on what is new in it. */
  start(): SegmentStart;
}

/** A file that is to be compared with what was read of its log. */
export interface EditQuestion {
  readonly file: SourceFile;
  /** As its content was found to be. */
  readonly start: Pick<SegmentStart, 'segment' | 'short'>;
  /** The segments of its log. */
  readonly own: readonly Segment[];
  readonly source: Pick<Source, 'zone' | 'host'>;
  readonly parser: LogParser;
  /** UTC ms no stamp of the file can be later than. */
  readonly latest: number;
  /** What bounds the year of its stamps without one. */
  readonly years: YearBound;
  /** The segment that stood at the file's place, where no file holds it any more. */
  readonly gone?: number;
  /** Ends the looking. */
  readonly signal?: AbortSignal;
}

/**
 * Whether a file that is no known segment, or ends before what was read of it, is one that was edited since. Told by
 * its beginning, by the text in front of the place where reading had stopped, or by that the segment at its place is
 * gone and was read up to a later time; never by time alone, for clocks are set back.
 * @throws Problem, MovedFile, Stopped
 */
export async function findEdit(question: EditQuestion): Promise<Edit | undefined> {
  try {
    return await judge(question);
  } catch (error) {
    // It is read as far as it goes, and again when it is whole.
    if (error instanceof TruncatedArchive) return undefined;
    throw error;
  }
}

async function judge(question: EditQuestion): Promise<Edit | undefined> {
  const { file, start, own, latest } = question;
  if (file.found === undefined || own.length === 0) return undefined;
  const input = { expect: file.found.key, ...(question.signal !== undefined && { signal: question.signal }) };
  const stampOf = stampReader(question);
  const head = await headOf(file.path, input);
  const begin = firstStamp(head, stampOf);
  if (begin === undefined) return undefined;
  const isAlike = beginningLike(head);
  const suspects = atItsPlace(own.filter((segment) => isCovering(segment, isAlike, begin, latest)));
  const last = suspects.reduce<Segment | undefined>(later, undefined);
  if (last === undefined || (start.segment !== undefined && !suspects.includes(start.segment)))
    return undefined;
  const { lastTime: covered = 0 } = last;
  const ends = new Map(suspects.map((segment) => [segment, endOf(segment)] as const));
  const found = await lookThrough(file.path, { ends: [...ends.values()], stampOf, covered }, input);
  const edit = (place: Place, exact: boolean): Edit => ({
    of: suspects,
    exact,
    begin,
    covered,
    ...(found.later !== undefined && { later: found.later.time }),
    start: () => startAt(file.path, found, place, input),
  });
  const behindLast = found.behind.get(ends.get(last) ?? endOf(last));
  if (behindLast !== undefined) return edit(behindLast, true);
  if (start.short) {
    const goesOn = found.later !== undefined && found.later.time > covered + CLEARLY_LATER_MS;
    return goesOn && found.later !== undefined ? edit(found.later, false) : undefined;
  }
  // All of it was logged later than what was read: it has no more than its beginning in common with that.
  if (begin > covered) return undefined;
  const known =
    found.behind.size > 0 || suspects.some((segment) => segment.id === question.gone || isAlike(segment));
  return known ? edit(found.later ?? found.end, false) : undefined;
}

/** Of a file that was edited more than once the last one tells how far it was read. */
function later(one: Segment | undefined, other: Segment): Segment {
  if (one === undefined) return other;
  const [time, otherTime] = [one.lastTime ?? 0, other.lastTime ?? 0];
  return otherTime > time || (otherTime === time && other.id > one.id) ? other : one;
}

/** A segment that was begun by about then, and read beyond. */
function isCovering(
  segment: Segment,
  isAlike: (segment: Segment) => boolean,
  begin: number,
  latest: number,
): boolean {
  const { firstTime, lastTime } = segment;
  if (firstTime === undefined || lastTime === undefined || lastTime > latest + DAY_MS) return false;
  return firstTime <= begin + DAY_MS && (begin < lastTime || isAlike(segment));
}

/** Without those that begin after the first one had ended: they were read from the files that came after it. */
function atItsPlace(suspects: readonly Segment[]): Segment[] {
  const [first] = [...suspects].sort((a, b) => (a.firstTime ?? 0) - (b.firstTime ?? 0));
  return suspects.filter(
    (segment) => segment === first || (segment.firstTime ?? 0) <= (first?.lastTime ?? 0),
  );
}

function endOf({ position }: Segment): ReadEnd {
  return { tailHash: position.tailHash, tailLength: Math.min(TAIL_BYTES, position.offset) };
}

/** Tells the segments that begin like a file; most are known by equally long prefixes. */
function beginningLike(head: Buffer): (segment: Segment) => boolean {
  const likes = new Map<number, Identity | undefined>();
  return ({ identity, prefixLength, firstLine }) => {
    const length = Math.min(prefixLength, PREFIX_BYTES);
    if (!likes.has(length)) likes.set(length, identify(head.subarray(0, length), true));
    const like = likes.get(length);
    return like?.identity === identity || (firstLine !== undefined && like?.firstLine === firstLine);
  };
}

function startAt(
  path: string,
  { prefix }: EditedFile,
  { offset, tail }: Place,
  input: { readonly expect: string },
): SegmentStart {
  const pieces = openLog(path, { from: offset, ...input });
  return {
    edge: new StreamEdge({ prefix, offset, tail }),
    pieces,
    short: false,
    close: async () => {
      await pieces.return();
    },
  };
}
