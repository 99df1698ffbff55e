import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EXIT, Problem, systemReason } from '../errors.ts';
import { type FileKey, keyOf } from './file-key.ts';
import { compareRotations, type RotationName, rotationOf, withoutCompression } from './rotation-name.ts';
import { helpForDirectory, isGone } from './unreadable.ts';

/** A file of a log, as it was when the directory was listed. */
export interface ChainFile {
  readonly path: string;
  /** The file being written; all others are its rotations. */
  readonly live: boolean;
  /** Absent where nothing is there, or nothing that is a file. */
  readonly found?: FoundFile;
}

/** A file as it was found in its directory. */
export interface FoundFile {
  readonly key: FileKey;
  /** UTC ms, as far as the file system knows it: tells a file from a later one with its inode. */
  readonly born: number;
  /** UTC ms of its last change. */
  readonly changedAt: number;
  /** UTC ms of the last change of its content or its name. */
  readonly touchedAt: number;
  /** Bytes as stored. */
  readonly size: number;
  /** Changes with the file's content, and not with its name: its inode, size and time of change. */
  readonly print: string;
}

/** Listings of a directory until two are the same. */
const MAX_LISTINGS = 20;

interface Rotation extends ChainFile, RotationName {
  readonly found: FoundFile;
}

/**
 * The files of a log, oldest first: its rotations, compressed or not, then the file being written (named even if nothing
 * is there, unless there are rotations, so that opening it says so). A rotation that stands there twice is being
 * compressed: the plain one is whole. Where the live file is a symbolic link, the rotations of its target are the log's too.
 * @param formers what the link led to before, oldest first: lines may still come late there
 * @param rotated a directory that rotations are moved to
 * @throws Problem (data) when a directory cannot be read.
 */
export async function chainOf(
  live: string,
  formers: readonly string[] = [],
  rotated?: string,
): Promise<ChainFile[]> {
  let chain = await listed(live, formers, rotated);
  for (let listing = 1; ; listing++) {
    // Names and files are looked up one by one: while a log is rotated, a file may escape us between two names.
    const again = await listed(live, formers, rotated);
    if (sameChain(chain, again) || listing >= MAX_LISTINGS) return again;
    chain = again;
  }
}

async function listed(
  live: string,
  formers: readonly string[],
  rotated: string | undefined,
): Promise<ChainFile[]> {
  const target = await realpath(live).catch(() => live);
  const rotations = await rotationsOf(live);
  if (target !== live) rotations.push(...(await rotationsOf(target)));
  if (rotated !== undefined) rotations.push(...(await rotationsOf(live, rotated)));
  const chain = await inOrder(rotations.filter(isWhole));
  for (const former of formers) if (former !== target) chain.push(...(await fileAt(former)));
  const found = await describeFile(live);
  const older = onlyOnce(chain, found?.key);
  if (found === undefined && older.length > 0 && !(await isOutOfReach(live))) return older;
  return [...older, { path: live, live: true, ...(found !== undefined && { found }) }];
}

/** Whether something may be there that the system does not let us look at, as behind a link to a closed directory. */
function isOutOfReach(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (cause: unknown) => !isGone(cause),
  );
}

/** What a log's path leads to: itself, unless it is a symbolic link. */
export function targetOf(live: string): Promise<string> {
  return realpath(live).catch(() => live);
}

/** Whether nothing was rotated between two listings. */
export function sameChain(one: readonly ChainFile[], other: readonly ChainFile[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ path, found }, at) => path === other[at]?.path && found?.key === other[at]?.found?.key)
  );
}

async function rotationsOf(live: string, directory = dirname(live)): Promise<Rotation[]> {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new Problem(EXIT.data, `cannot look for the rotations of this log: ${systemReason(cause)}`, {
      where: directory === dirname(live) ? live : directory,
      cause,
      help: helpForDirectory(cause),
    });
  });
  const rotations: Rotation[] = [];
  for (const name of names) {
    const rotation = rotationOf(basename(live), name);
    if (rotation === undefined) continue;
    const path = join(directory, name);
    const found = await describeFile(path);
    if (found !== undefined) rotations.push({ ...rotation, path, live: false, found });
  }
  return rotations;
}

async function fileAt(path: string): Promise<ChainFile[]> {
  const found = await describeFile(path);
  return found === undefined ? [] : [{ path, live: false, found }];
}

/** What there is at a path; undefined unless it is a file. */
export async function describeFile(path: string): Promise<FoundFile | undefined> {
  const status = await stat(path).catch(() => undefined);
  return status?.isFile() ? foundFrom(status) : undefined;
}

function foundFrom(status: Stats): FoundFile {
  const { size, mtimeMs, ctimeMs } = status;
  return {
    key: keyOf(status),
    born: Math.floor(status.birthtimeMs),
    changedAt: Math.floor(mtimeMs),
    touchedAt: Math.floor(ctimeMs),
    size,
    print: `${keyOf(status)} ${size} ${mtimeMs}`,
  };
}

/** False for the compressed one of a rotation that stands there plain too. */
function isWhole(rotation: Rotation, _: number, all: readonly Rotation[]): boolean {
  const plain = withoutCompression(rotation.path);
  return !rotation.compressed || !all.some(({ path }) => path === plain);
}

async function inOrder(rotations: readonly Rotation[]): Promise<ChainFile[]> {
  const numbered = rotations.filter(({ kind }) => kind === 'number').sort(compareRotations);
  const dated = rotations.filter(({ kind }) => kind === 'date').sort(compareRotations);
  // Both kinds are there only when the way of rotating was changed: the one whose last file is older came first.
  const [lastNumber, lastDate] = [numbered.at(-1)?.found.changedAt, dated.at(-1)?.found.changedAt];
  const numbersFirst = (lastNumber ?? 0) <= (lastDate ?? 0);
  return (numbersFirst ? [...numbered, ...dated] : [...dated, ...numbered]).map(({ path, live, found }) => ({
    path,
    live,
    found,
  }));
}

/** Without a file's further names, and without the names of the one being written. */
function onlyOnce(chain: readonly ChainFile[], live: FileKey | undefined): ChainFile[] {
  const met = new Set<FileKey | undefined>([live]);
  return chain.filter(({ found }) => {
    if (met.has(found?.key)) return false;
    met.add(found?.key);
    return true;
  });
}
