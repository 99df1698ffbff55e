import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../../.ci/package.mjs', import.meta.url));

/** Builds the Debian package into a directory; returns its path. The packing is most of the work, and its strength proves nothing. */
export function buildDeb(directory: string): string {
  const env = { ...process.env, XZ_LEVEL: '1' };
  return execFileSync(process.execPath, [SCRIPT, directory], { encoding: 'utf8', env }).trim();
}
