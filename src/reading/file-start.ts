import type { Problem } from '../errors.ts';
import type { Segment } from '../ledger/ledger.ts';
import { modifiedAt, type OpenLogOptions } from '../logs/archive.ts';
import { MovedFile } from '../logs/file-key.ts';
import { type LineBefore, lastWithin } from '../logs/repeated-hour.ts';
import { findStart, type SegmentStart } from '../logs/segment-start.ts';
import { boundBehind, type YearBound } from '../logs/years.ts';
import type { LogParser } from '../parser.ts';
import { type Edit, findEdit } from './edited.ts';
import { refusedEdit } from './faults.ts';
import { isAnotherGeneration } from './generation.ts';
import type { Source, SourceFile } from './source.ts';

/** Where the reading of a file begins, and why there. */
export interface FileStart {
  readonly start: SegmentStart;
  /** Of a file that was edited after it was read. */
  readonly edit?: Edit;
  /** Behind which line of the log it goes on, for stamps of an hour that comes twice. */
  readonly before: LineBefore;
}

/** What came of one file. */
export interface FileOutcome {
  /** Uncompressed bytes of the lines that were new. */
  readonly bytes: number;
  /** The segment it holds; absent where it has not even a line. */
  readonly segment?: Segment;
  readonly problem?: Problem;
  /** Of a file that was edited after it was read. */
  readonly edit?: Edit;
}

/** What is known of a file beside its content. */
export interface FileContext {
  /** Asked before a segment met for the first time is read: whether the files are still what they were. */
  readonly confirm?: (() => Promise<boolean>) | undefined;
  /** The segment that stood at the file's place, where no file holds it any more. */
  readonly gone?: number | undefined;
  /** Ends the search for where to begin. */
  readonly signal?: AbortSignal | undefined;
  /** Told that something else stands behind the archive. */
  readonly onGarbage?: () => void;
}

/** The log that is read. */
export interface FileLog {
  readonly id: number;
  /** Every segment of its host and parser. */
  readonly known: readonly Segment[];
  readonly source: Source;
  readonly parser: LogParser;
}

/**
 * Finds where to begin with a file. Of a configured log that was edited that is behind what was read before.
 * @throws Problem (data), for an edited archive too; MovedFile when the log was rotated, or `confirm` says no;
 * Stopped
 */
export async function startOf(file: SourceFile, context: FileContext, log: FileLog): Promise<FileStart> {
  const { path } = file;
  const start = await startIn(file, inputOf(file, context), log);
  try {
    if (start.segment === undefined && (await context.confirm?.()) === false) throw new MovedFile(path);
    const edit = await editOf(file, start, context, log);
    if (edit === undefined) return { start, before: lineBefore({ start }, log) };
    await start.close();
    return { start: edit.start(), edit, before: () => edit.covered };
  } catch (error) {
    await start.close();
    throw error;
  }
}

/** How a file's bytes are opened. */
export function inputOf({ found }: SourceFile, { signal, onGarbage }: FileContext): OpenLogOptions {
  return {
    ...(found !== undefined && { expect: found.key }),
    ...(signal !== undefined && { signal }),
    ...(onGarbage !== undefined && { onGarbage }),
  };
}

/** Where the file's content begins to be new; at its start where it has but a first line in common with what is known. */
async function startIn(
  file: SourceFile,
  input: OpenLogOptions,
  { known, source, parser }: FileLog,
): Promise<SegmentStart> {
  const start = await findStart(file.path, known, input);
  if (start.unsure !== true) return start;
  const years = await yearsOf(file, { start }, source, source.latest ?? file.found?.changedAt ?? 0);
  if (!(await isAnotherGeneration({ file, start, known, input, source, parser, years }))) return start;
  await start.close();
  return findStart(file.path, [], input);
}

async function editOf(
  file: SourceFile,
  start: SegmentStart,
  { gone, signal }: FileContext,
  { id, known, source, parser }: FileLog,
): Promise<Edit | undefined> {
  if (file.found === undefined || (start.segment !== undefined && !start.short)) return undefined;
  const ofChain = file.live !== undefined;
  // An archive cut short holds nothing new, and whoever insists wants all lines counted.
  if (!ofChain && (start.short || source.overlap === 'count')) return undefined;
  const own = known.filter(({ logId }) => logId === id);
  const latest = source.latest ?? file.found.changedAt;
  const edit = await findEdit({
    file,
    start,
    own,
    source,
    parser,
    latest,
    years: await yearsOf(file, { start }, source, latest),
    ...(gone !== undefined && { gone }),
    ...(signal !== undefined && { signal }),
  });
  if (edit !== undefined && !ofChain) throw refusedEdit(file.path, edit);
  return edit;
}

/** Log time (UTC ms) up to which a file was read before; absent for one of which nothing was. */
function lastOf({ start, edit }: Pick<FileStart, 'start' | 'edit'>): number | undefined {
  return edit?.covered ?? (start.short ? undefined : start.segment?.lastTime);
}

function lineBefore(begun: Pick<FileStart, 'start' | 'edit'>, { id, known }: FileLog): LineBefore {
  const last = lastOf(begun);
  if (last !== undefined) return () => last;
  const logId = begun.start.segment?.logId ?? id;
  const ends = known.flatMap((segment) => (segment.logId === logId ? (segment.lastTime ?? []) : []));
  return (hour) => lastWithin(hour, ends);
}

/** What bounds the year of a file's stamps without one. @param now UTC ms */
export async function yearsOf(
  { path, found, dates }: SourceFile,
  begun: Pick<FileStart, 'start' | 'edit'>,
  { latest, years }: Source,
  now: number,
): Promise<YearBound> {
  const last = lastOf(begun);
  if (last === undefined) return (await dates()).bound();
  if (years === 'from') return boundBehind(last, Number.POSITIVE_INFINITY);
  return boundBehind(last, latest ?? found?.changedAt ?? (await modifiedAt(path)) ?? now);
}
