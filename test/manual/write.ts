/** `npm run manual`: writes the man pages, the shell completions and docs/configuration.md anew. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manualFiles } from './manual.ts';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));

for (const [name, text] of await manualFiles()) {
  await mkdir(dirname(join(DOCS, name)), { recursive: true });
  await writeFile(join(DOCS, name), text);
  console.log(`docs/${name}`);
}
