import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The text of a file of this host; '' where there is none. @param root in front of its path; empty but in tests */
export async function readHostFile(root: string, path: string): Promise<string> {
  if (!path.startsWith('/')) return '';
  return readFile(join(root, path), 'utf8').catch(() => '');
}
