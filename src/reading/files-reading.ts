import type { Problem } from '../errors.ts';
import { StalePosition } from '../ledger/ledger.ts';
import { garbageText } from '../logs/archive.ts';
import { MovedFile } from '../logs/file-key.ts';
import { Stopped } from '../logs/stopped.ts';
import type { Witness } from '../witness.ts';
import type { Edit } from './edited.ts';
import type { LogReading } from './log-reading.ts';
import type { SeenFiles } from './seen-files.ts';
import type { ReadSummary, SourceFile } from './source.ts';

/** Two processes reading one log get out of each other's way at last. */
const MAX_ATTEMPTS = 20;

/** What one file of a pass held. */
export interface Holding {
  readonly file: SourceFile;
  /** Absent where it has not even a line, or could not be read. */
  readonly segment?: number;
  readonly problem?: Problem;
  readonly bytes: number;
  /** Of a file that was edited after it was read, and is read on as another segment. */
  readonly edit?: Edit;
}

/** How the files of a log are read. */
export interface FilesOptions {
  /** Stops early. */
  readonly signal?: AbortSignal | undefined;
  /** Asked before a segment met for the first time is read: whether the files are still what they were. */
  readonly confirm?: (() => Promise<boolean>) | undefined;
  /** The segment of the file being written, when the log was last read. */
  readonly former?: number | undefined;
  /** Told what came of each file. */
  readonly tell?: Witness['tell'] | undefined;
}

/** Reads what is new in files of one log, in their order. */
export async function readFiles(
  reading: LogReading,
  seen: SeenFiles,
  files: readonly SourceFile[],
  options: FilesOptions = {},
): Promise<Holding[]> {
  const holdings: Holding[] = [];
  for (const file of files) {
    if (options.signal?.aborted === true) break;
    const kept = file.live !== true || holdings.some(({ segment }) => segment === options.former);
    const former = kept ? undefined : options.former;
    const holding = await unlessStopped(() => readOne(reading, seen, file, { ...options, former }));
    if (holding === undefined) break;
    holdings.push(holding);
  }
  return holdings;
}

async function unlessStopped<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Stopped) return undefined;
    throw error;
  }
}

async function readOne(
  reading: LogReading,
  seen: SeenFiles,
  file: SourceFile,
  { signal, confirm, former: gone, tell }: FilesOptions,
): Promise<Holding> {
  const known = seen.find(file);
  if (known !== undefined) {
    tell?.(`log: ${file.path} has not changed`);
    return { file, bytes: 0, ...(known.segment !== undefined && { segment: known.segment }) };
  }
  const { bytes, segment, problem, edit } = await reading.file(file, {
    confirm,
    gone,
    signal,
    onGarbage: () => noteGarbage(reading.summary, file.path),
  });
  tell?.(`log: ${file.path}: ${bytes} new bytes${problem === undefined ? '' : `, then ${problem.message}`}`);
  const held = segment === undefined ? {} : { segment: segment.id };
  // What it looked like before it was read: lines may have been added since.
  if (problem === undefined && signal?.aborted !== true)
    await seen.add(file, { finished: file.finished, ...held });
  return {
    file,
    bytes,
    ...held,
    ...(problem !== undefined && { problem }),
    ...(edit !== undefined && { edit }),
  };
}

/** Looking for the known place may come to the end of an archive too. */
function noteGarbage({ notices }: ReadSummary, path: string): void {
  const text = garbageText(path);
  if (notices.every((notice) => notice.text !== text)) notices.push({ id: 'garbage', text });
}

/** Adds a pass over some files to what was read. */
export function countFiles(summary: ReadSummary, holdings: readonly Holding[]): void {
  for (const { file, bytes, segment, problem } of holdings) {
    summary.files++;
    if (problem !== undefined) summary.faults.push({ path: file.path, problem });
    else if (bytes === 0) {
      summary.known++;
      // The first whole line makes a segment.
      if (segment === undefined) summary.empty++;
    }
  }
}

/**
 * Does it again when somebody else has read on, or moved a file: what was not committed is read again from the ledger's positions.
 */
export async function untilFresh<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const passing = [StalePosition, MovedFile].some((passes) => error instanceof passes);
      if (!passing || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}
