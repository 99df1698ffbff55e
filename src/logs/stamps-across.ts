import { type FileHandle, open, stat } from 'node:fs/promises';
import { Problem } from '../errors.ts';
import { openLog } from './archive.ts';
import { isClassic, minuteOfYear } from './classic-line.ts';
import { formatOf } from './format.ts';

/** Places in a plain file that are looked at, at most, and the bytes looked at there. */
const LOOKS = 256;
const LOOK_BYTES = 4096;
/** Lines of an archive that are kept: of more every other one, and from there on half as many are looked at. */
const MOST_LINES = 1024;
/** So much of an archive tells how fast it was written. */
const TELLING_BYTES = 8_388_608;
/** No log is packed tighter: an archive lasts no longer than if it were. */
const MOST_RATIO = 64;
const MINUTES_A_DAY = 1440;
const MINUTES_A_YEAR = 366 * MINUTES_A_DAY;
const MOST_MINUTES = 360 * MINUTES_A_DAY;

/** Lines with stamps that carry no year, the first one first; none if the file begins otherwise. */
export interface StampsAcross {
  readonly lines: readonly string[];
  /** They are from all over the file. */
  readonly whole: boolean;
}

const NONE: StampsAcross = { lines: [], whole: false };

/**
 * Looks all over a file. An archive must be unpacked for that, which ends when it cannot last for a year any more, as
 * much as was written by then. What cannot be read holds no line: reading it says what is wrong.
 */
export async function stampsAcross(path: string): Promise<StampsAcross> {
  return (await lookInto(path, acrossPlain, throughArchive)) ?? NONE;
}

/** Those of the first few lines. */
export async function stampsAtHead(path: string): Promise<StampsAcross> {
  const head = async (handle: FileHandle) => ({ lines: linesIn(await look(handle, 0), true), whole: false });
  return (await lookInto(path, head, (file) => throughArchive(file, 0))) ?? NONE;
}

async function lookInto(
  path: string,
  plain: (handle: FileHandle, size: number) => Promise<StampsAcross>,
  archive: (path: string, size: number) => Promise<StampsAcross>,
): Promise<StampsAcross | undefined> {
  const status = path === '-' ? undefined : await stat(path).catch(() => undefined);
  if (status?.isFile() !== true) return undefined;
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    if (formatOf(await look(handle, 0)) === 'plain') return await plain(handle, status.size);
  } finally {
    await handle.close();
  }
  return archive(path, status.size);
}

async function acrossPlain(handle: FileHandle, size: number): Promise<StampsAcross> {
  const lines = linesIn(await look(handle, 0), true);
  if (lines.length === 0) return NONE;
  const stride = Math.max(LOOK_BYTES, Math.ceil(size / LOOKS));
  for (let at = stride; at < size; at += stride) lines.push(...linesIn(await look(handle, at), false));
  const last = lastIn(await look(handle, Math.max(0, size - LOOK_BYTES)));
  return { lines: last === undefined ? lines : [...lines, last], whole: true };
}

/** @param size of the archive as it is stored; 0 for no more than its head */
async function throughArchive(path: string, size: number): Promise<StampsAcross> {
  let lines: string[] = [];
  let stride = LOOK_BYTES;
  let bytes = 0;
  let next = 0;
  let tail = Buffer.alloc(0);
  try {
    for await (const piece of openLog(path)) {
      for (; next < bytes + piece.length; next += stride) {
        const at = Math.max(0, Math.min(next - bytes, piece.length - LOOK_BYTES));
        lines.push(...linesIn(piece.subarray(at, at + LOOK_BYTES), next === 0));
      }
      bytes += piece.length;
      if (lines.length === 0 && bytes >= LOOK_BYTES) return NONE;
      if (size === 0 || isShort(lines, bytes, size)) return { lines, whole: false };
      tail = Buffer.concat([tail, piece.subarray(-LOOK_BYTES)]).subarray(-LOOK_BYTES);
      if (lines.length > MOST_LINES) {
        lines = lines.filter((_, at) => at % 2 === 0);
        stride *= 2;
      }
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
  const last = lastIn(tail);
  return { lines: last === undefined ? lines : [...lines, last], whole: true };
}

/** Whether an archive ends before a year is over, if it goes on as it began. */
function isShort(lines: readonly string[], bytes: number, size: number): boolean {
  if (bytes < TELLING_BYTES) return false;
  const begin = minuteOfYear(lines[0] ?? '');
  const minutes = lines.map((line) => (minuteOfYear(line) - begin + MINUTES_A_YEAR) % MINUTES_A_YEAR);
  // A line that comes late, or an hour that comes twice, is no year.
  const longest = Math.max(...minutes.filter((each) => each < MINUTES_A_YEAR - 2 * MINUTES_A_DAY));
  return longest * ((size * MOST_RATIO) / bytes) < MOST_MINUTES;
}

async function look(handle: FileHandle, at: number): Promise<Buffer> {
  const bytes = Buffer.alloc(LOOK_BYTES);
  const { bytesRead } = await handle.read(bytes, 0, LOOK_BYTES, at).catch(() => ({ bytesRead: 0 }));
  return bytes.subarray(0, bytesRead);
}

/** The first line of each day. @param fromStart they begin with a whole line */
function linesIn(bytes: Buffer, fromStart: boolean): string[] {
  const lines = bytes
    .toString('latin1')
    .split('\n')
    .slice(fromStart ? 0 : 1, -1)
    .filter(isClassic);
  return lines.filter((line, at) => at === 0 || dayOf(line) !== dayOf(lines[at - 1] ?? ''));
}

function lastIn(bytes: Buffer): string | undefined {
  return bytes.toString('latin1').split('\n').slice(1, -1).findLast(isClassic);
}

function dayOf(line: string): number {
  return Math.floor(minuteOfYear(line) / MINUTES_A_DAY);
}
