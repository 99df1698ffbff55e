import { basename, dirname } from 'node:path';
import type { Segment } from '../ledger/ledger.ts';
import type { FoundFile } from '../logs/chain.ts';
import type { FileKey } from '../logs/file-key.ts';
import { isCompressed, rotationOf } from '../logs/rotation-name.ts';
import { isoTime } from '../time-text.ts';
import type { Holding } from './files-reading.ts';

/**
 * Why lines may be missing: `copied`: the live file was copied and emptied (logrotate's copytruncate), and what was
 * written between the two is lost to everybody; `emptied`: it was emptied without a copy; `vanished`: it was rotated
 * away, and gone before its end was read; `journal`: the journal no longer had the place where reading stopped;
 * `edited`: the place where reading stopped was edited away; `missing`: a number is missing among the rotations.
 */
export type GapKind = 'copied' | 'emptied' | 'vanished' | 'journal' | 'edited' | 'missing';

/** A hole in what was read of a log. */
export interface Gap {
  readonly kind: GapKind;
  /** Wall time, UTC ms. */
  readonly noticedAt: number;
  /** Log time (UTC ms) of the last line read before the hole, and of the first one behind it; absent if unknown. */
  readonly after?: number;
  readonly before?: number;
  /** The segment of a file that vanished. */
  readonly segment?: number;
}

/** The file that a log's path led to when it was last read. */
export interface LiveFile {
  readonly key: FileKey;
  readonly born: number;
  /** Absent while it has not even a line. */
  readonly segment?: number;
  /** The newest segment there was then. */
  readonly newest: number;
  /** What the path led to, where it is a symbolic link, and what it led to before that. */
  readonly target: string;
  readonly former?: string;
}

/** A hole between two segments. */
export interface Loss {
  readonly kind: GapKind;
  readonly after: number;
  /** Absent while the live file is empty. */
  readonly before?: number;
}

/**
 * What was lost since a log was last read, as its files tell, oldest first.
 * @param former the live file then
 * @param holdings what its files hold now, oldest first, the live one last
 */
export function lossesSince(former: LiveFile, holdings: readonly Holding[]): Loss[] {
  const losses: Loss[] = [];
  const add = (kind: GapKind, after: number, at: number) => {
    const before = holdings.slice(at + 1).find(({ segment }) => segment !== undefined && segment !== after);
    losses.push({ kind, after, ...(before?.segment !== undefined && { before: before.segment }) });
  };
  const endOfFormer = lossOfFormer(former, holdings);
  if (endOfFormer === 'emptied' || endOfFormer === 'vanished') {
    const first = holdings.findIndex(({ segment }) => segment === undefined || segment > former.newest);
    add(endOfFormer, former.segment ?? 0, first - 1);
  }
  const live = holdings.at(-1);
  // A file that is still in its place was not renamed: whatever it held since then is in copies, compressed or not.
  const isInPlace = live !== undefined && isFile(former, live.file.found);
  for (const [at, { segment }] of holdings.entries()) {
    if (segment === undefined || segment === live?.segment) continue;
    const isCopied =
      segment === former.segment
        ? endOfFormer === 'copied'
        : isNew(former, holdings, at) && (isInPlace || isCopy(holdings, at));
    if (isCopied) add('copied', segment, at);
  }
  return losses;
}

/** Whether what a rotation holds was written since then; one in front of others that were there then was put back. */
function isNew({ newest }: LiveFile, holdings: readonly Holding[], at: number): boolean {
  return (
    (holdings[at]?.segment ?? 0) > newest &&
    holdings.slice(at + 1).every(({ segment = Number.POSITIVE_INFINITY }) => segment > newest)
  );
}

function isFile(former: LiveFile, found: FoundFile | undefined): boolean {
  return found?.key === former.key && found.born === former.born;
}

/**
 * Where a number is missing among the rotations that are there, and nothing was ever read of what stood there.
 * @param holdings oldest first, the live one last
 * @param settledAt UTC ms: numbers of files touched since then may be on the move
 */
export function missingAmong(
  holdings: readonly Holding[],
  segments: readonly Segment[],
  settledAt: number,
): Loss[] {
  const byId = new Map(segments.map((segment) => [segment.id, segment]));
  const live = holdings.at(-1);
  return holdings.slice(1).flatMap((younger, at) => {
    const older = holdings[at];
    // Where the live file is a link, or rotations are moved away, those of another directory may have other numbers.
    if (dirname(older?.file.path ?? '') !== dirname(younger.file.path)) return [];
    const [high, low] = [numberOf(older, live), younger === live ? 0 : numberOf(younger, live)];
    const moving = (older?.file.found?.touchedAt ?? settledAt) >= settledAt;
    if (high === undefined || low === undefined || high <= low + 1 || moving) return [];
    const [after, before] = [byId.get(older?.segment ?? 0), byId.get(younger.segment ?? 0)];
    if (after === undefined || before === undefined || wasReadBetween(after, before, segments)) return [];
    return [{ kind: 'missing', after: after.id, before: before.id }];
  });
}

/** Whether the file that was missing, or had vanished, has turned up since, and was read. */
export function isFilled(
  { kind, after, before, segment }: Gap,
  segments: readonly Segment[],
  logId: number,
): boolean {
  if (kind === 'vanished')
    return segments.some(({ id, lastTime = 0 }) => id === segment && lastTime > (after ?? lastTime));
  if (kind !== 'missing' || after === undefined || before === undefined) return false;
  return segments.some(
    ({ logId: of, firstTime = 0, lastTime = 0 }) =>
      of === logId && firstTime >= after && lastTime > after && firstTime < before && lastTime <= before,
  );
}

function numberOf(holding: Holding | undefined, live: Holding | undefined): number | undefined {
  const [path, name] = [holding?.file.path ?? '', live?.file.path ?? ''];
  const rotation = rotationOf(basename(name), basename(path));
  return rotation?.kind === 'number' ? Number(rotation.rank) : undefined;
}

/** A rotation that is gone by now may have been read when it was there. */
function wasReadBetween(after: Segment, before: Segment, segments: readonly Segment[]): boolean {
  const [from, to] = [after.lastTime ?? 0, before.firstTime ?? Number.POSITIVE_INFINITY];
  return segments.some(
    ({ id, logId, firstTime = 0, lastTime = 0 }) =>
      id !== after.id && id !== before.id && logId === before.logId && firstTime >= from && lastTime <= to,
  );
}

/** How the end of the former live file got lost; undefined when it was read, or will be. */
function lossOfFormer(former: LiveFile, holdings: readonly Holding[]): GapKind | undefined {
  const { segment } = former;
  if (segment === undefined || holdings.at(-1)?.segment === segment) return undefined;
  if (holdings.some(({ edit }) => edit?.of.some(({ id }) => id === segment))) return undefined;
  const emptied = holdings.some(
    (holding) => isFile(former, holding.file.found) && holding.segment !== segment,
  );
  const kept = holdings.findIndex((holding) => holding.segment === segment);
  if (kept < 0) return emptied ? 'emptied' : 'vanished';
  return emptied || isCopy(holdings, kept) ? 'copied' : undefined;
}

/** A rotated file that is younger than one that was written later is no renamed one. */
function isCopy(holdings: readonly Holding[], at: number): boolean {
  const plain = holdings
    .slice(at)
    .flatMap(({ file }) => (isCompressed(file.path) ? [] : (file.found?.born ?? [])));
  const born = holdings[at]?.file.found?.born;
  return born !== undefined && plain[0] === born && plain.some((later) => later < born);
}

/** What a hole means, in a sentence. */
export function gapText(gap: Gap): string {
  const span = spanText(gap);
  switch (gap.kind) {
    case 'copied':
      return `the file was copied and emptied${span}: lines written between the two are lost; let logrotate rename it (\`create\` in place of \`copytruncate\`)`;
    case 'emptied':
      return `the file was emptied${span} and no copy of it was found: lines not read by then are lost`;
    case 'vanished':
      return `a rotated file was gone before its end was read${span}: keep rotations longer, run more often, or name the directory they are moved to (\`rotated\`)`;
    case 'missing':
      return `a rotation is missing among those that are there${span}: what it held was never read`;
    case 'edited':
      return `the file was edited after it was read, and the place where reading had stopped is gone${span}: reading went on by time, and a line of that very moment may be missing`;
    case 'journal':
      return `the journal no longer held the place where reading stopped${span}: reading went on by time; let journald keep more (SystemMaxUse=), or run more often`;
  }
}

function spanText({ after, before }: Gap): string {
  if (after !== undefined && before !== undefined) return ` between ${isoTime(after)} and ${isoTime(before)}`;
  if (after !== undefined) return ` after ${isoTime(after)}`;
  return before === undefined ? '' : ` before ${isoTime(before)}`;
}
