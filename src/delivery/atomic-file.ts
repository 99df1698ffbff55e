import { randomBytes } from 'node:crypto';
import { chown, type FileHandle, link, open, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EXIT, Problem, systemReason } from '../errors.ts';
import { makeDirectory } from '../ledger/make-directory.ts';

/**
 * Writes a file so that its name shows the old content or the whole new one, whatever dies when: temporary file in
 * the same directory, fsync, rename, fsync of the directory. The directory is made if need be. A device or a pipe
 * (`/dev/null`, `/dev/stdout`) is written into: root's rename would put a file in its place.
 * @param exactMode permission bits whatever the umask is; without, 0644 less the umask
 * @throws Problem (cannotWrite)
 */
export async function writeAtomically(
  path: string,
  content: Uint8Array | string,
  exactMode?: number,
): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    if (await isStream(path)) return await writeFile(path, content);
    makeDirectory(directory);
    await writeDurably(temporary, content, 0o644, exactMode);
    await rename(temporary, path);
    await syncDirectory(directory);
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw new Problem(EXIT.cannotWrite, `the file cannot be written: ${systemReason(cause)}`, {
      where: path,
      cause,
    });
  }
}

/**
 * Writes a file that is not there yet, whole or not at all; one that exists stays as it is. What root writes is of the
 * group of its directory, so that those it is meant for can read it.
 * @throws Problem (cannotWrite)
 */
export async function writeNew(path: string, content: Uint8Array | string, mode = 0o644): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    makeDirectory(directory);
    await writeDurably(temporary, content, mode);
    if (process.getuid?.() === 0) await chown(temporary, 0, (await stat(directory)).gid);
    // Unlike a rename, a link does not take the place of what is there.
    await link(temporary, path);
    await syncDirectory(directory);
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const reason = exists ? 'it exists already, and is left as it is' : systemReason(cause);
    throw new Problem(EXIT.cannotWrite, `the file cannot be written: ${reason}`, { where: path, cause });
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function isStream(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && (found.isCharacterDevice() || found.isFIFO());
}

async function writeDurably(
  path: string,
  content: Uint8Array | string,
  mode: number,
  exactMode?: number,
): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    if (exactMode !== undefined) await file.chmod(exactMode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle: FileHandle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
