import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, Problem, systemReason } from '../errors.ts';
import { mayBeLog } from './content-order.ts';
import { helpForDirectory } from './unreadable.ts';

/**
 * The files that names on a command line mean: a directory stands for the logs in it, a pattern (`*`, `?`, `[…]`)
 * for the paths that fit it, everything else for itself, be it there or not.
 * @throws Problem (data) for a directory or pattern that leads to no log
 */
export async function namedFiles(names: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const name of names) {
    const status = name === '-' ? undefined : await stat(name).catch(() => undefined);
    if (status?.isDirectory() === true) files.push(...(await logsIn(name)));
    else if (status === undefined && /[*?[]/.test(name)) files.push(...(await matching(name)));
    else files.push(name);
  }
  return files;
}

/**
 * Files that hold a dated line, hidden ones left out, and what lies deeper too. Those that cannot be read are among
 * them, for reading them says so.
 */
async function logsIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new Problem(EXIT.data, `cannot list the directory: ${systemReason(cause)}`, {
      where: directory,
      cause,
      help: helpForDirectory(cause),
    });
  });
  const logs: string[] = [];
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.name.startsWith('.') || entry.isDirectory()) continue;
    const isFile = entry.isFile() || (entry.isSymbolicLink() && (await leadsToFile(path)));
    if (isFile && (await mayBeLog(path))) logs.push(path);
  }
  if (logs.length > 0) return logs.sort();
  throw new Problem(EXIT.data, 'there is no log in this directory', {
    where: directory,
    help: 'a log holds lines that begin with a time; name its files, or the directory they lie in',
  });
}

async function leadsToFile(link: string): Promise<boolean> {
  const status = await stat(link).catch(() => undefined);
  return status?.isFile() === true;
}

async function matching(pattern: string): Promise<string[]> {
  const parts = pattern.split('/');
  let paths = [parts[0] === '' ? '/' : '.'];
  for (const part of parts) {
    if (part !== '') paths = (await Promise.all(paths.map((path) => below(path, part)))).flat();
  }
  if (paths.length > 0) return paths.sort();
  throw new Problem(EXIT.data, 'no file fits this pattern', { where: pattern });
}

/** As a shell has it: `*` and `?` are no part of a hidden name's dot. */
async function below(directory: string, part: string): Promise<string[]> {
  if (!/[*?[]/.test(part)) {
    const path = join(directory, part);
    return (await stat(path).catch(() => undefined)) === undefined ? [] : [path];
  }
  const fits = toRegExp(part);
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => fits.test(name) && (part.startsWith('.') || !name.startsWith('.')))
    .map((name) => join(directory, name));
}

function toRegExp(part: string): RegExp {
  const source = part.replace(/\[!?[^\]]+\]|[\\^$.*+?()[\]{}|]/g, (sign) => {
    if (sign === '*') return '.*';
    if (sign === '?') return '.';
    if (sign.length === 1) return `\\${sign}`;
    const inner = sign.slice(1, -1).replace(/[\\\]^[]/g, '\\$&');
    return inner.startsWith('!') ? `[^${inner.slice(1)}]` : `[${inner}]`;
  });
  return new RegExp(`^${source}$`, 'su');
}
