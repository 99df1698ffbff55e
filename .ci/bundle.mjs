// Makes the program that runs without node_modules: node .ci/bundle.mjs DIRECTORY
// main.mjs (in a few pieces, so that a start reads only what it needs), parser.mjs (the contract, for foreign parsers),
// package.json, and libsql's native part.
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** CommonJS parts ask for Node's modules by `require`. */
const BANNER =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

/** Tables of what is wide and what is an emoji take 20 ms to make at each start; the help, which yargs lays out, has neither. */
const PLAIN_WIDTH = `import { stripVTControlCharacters } from 'node:util';
export default (text) => Array.from(stripVTControlCharacters(String(text))).length;`;

/** What would only cost time at a start: finding out the platform, which is known, and messages in forty languages. */
function replacing(target) {
  const table = {
    '@neon-rs/load': `exports.currentTarget = () => ${JSON.stringify(target)};`,
    'detect-libc': "exports.GLIBC = 'glibc'; exports.MUSL = 'musl'; exports.familySync = () => 'glibc';",
  };
  return {
    name: 'replacing',
    setup(host) {
      const filter = new RegExp(`^(?:${Object.keys(table).join('|')})$`);
      host.onResolve({ filter }, ({ path }) => ({ path, namespace: 'replaced' }));
      host.onLoad({ filter: /.*/, namespace: 'replaced' }, ({ path }) => ({ contents: table[path] }));
      host.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
        contents: "export { default as en } from './en.js';",
      }));
      host.onLoad({ filter: /\/string-width\/index\.js$/ }, async ({ path }) =>
        (await readFile(path, 'utf8')).includes('Intl.Segmenter') ? { contents: PLAIN_WIDTH } : undefined,
      );
    },
  };
}

/**
 * Bundles into a directory.
 * @param arch as Node names it: x64, arm64
 * @returns the packages that went in, as directories below the top
 */
export async function bundle(directory, arch = 'x64') {
  const target = `linux-${arch}-gnu`;
  await mkdir(directory, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: {
      main: 'src/cli/main.ts',
      parser: 'src/parser.ts',
      'reading-worker': 'src/reading/ahead/worker.ts',
    },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'lib/[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['source'],
    minify: true,
    legalComments: 'none',
    banner: { js: BANNER },
    plugins: [replacing(target)],
    external: ['pg-native'],
    metafile: true,
    logLevel: 'warning',
  });
  const native = join('node_modules/@libsql', target);
  for (const file of ['package.json', 'index.node'])
    await cp(join(ROOT, native, file), join(directory, native, file));
  await writeFile(join(directory, 'package.json'), await manifest());
  return [...new Set([...Object.keys(metafile.inputs).flatMap(packageOf), native])].sort();
}

/** Only what the program reads of its own package.json. */
async function manifest() {
  const { name, version, license, type } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  return `${JSON.stringify({ name, version, license, type }, null, 2)}\n`;
}

function packageOf(input) {
  const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
  return match === null ? [] : [relative(ROOT, join(ROOT, match[1]))];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [directory] = process.argv.slice(2);
  if (directory === undefined) throw new Error('name the directory to write into');
  console.log((await bundle(directory)).join('\n'));
}
