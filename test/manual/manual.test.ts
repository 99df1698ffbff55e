import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { manualFiles } from './manual.ts';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));

it('the manual in docs/ says what the program says: else `npm run manual`', async () => {
  for (const [name, text] of await manualFiles())
    expect(await readFile(join(DOCS, name), 'utf8').catch(() => ''), name).toBe(text);
});

it('no page is left of a command that is gone', async () => {
  const made = [...(await manualFiles()).keys()];
  const there = (await readdir(join(DOCS, 'man'))).map((name) => `man/${name}`);
  expect(there.filter((name) => !made.includes(name))).toEqual([]);
});

it('package.json names every page, so that npm installs them', async () => {
  const text = await readFile(join(DOCS, '../package.json'), 'utf8');
  const { man } = JSON.parse(text) as { man: string[] };
  const pages = (await readdir(join(DOCS, 'man'))).sort();
  expect(man).toEqual(pages.map((page) => `./docs/man/${page}`));
});
