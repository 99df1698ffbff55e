import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The sources below a folder, as paths from the top. */
function sources(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
}

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The modules a file imports, exports from, or loads. */
function importsOf(path: string): string[] {
  return [...textOf(path).matchAll(/(?:from\s+|import\s*\(?\s*)'([^']+)'/g)].map((match) => match[1] ?? '');
}

/** Node's own modules that reach files, network, processes or the clock; node:url, node:net's isIP are pure. */
const IO_MODULES =
  /^node:(fs|child_process|dgram|dns|http|https|http2|tls|net|os|process|cluster|worker_threads|readline|timers|perf_hooks|crypto|zlib|stream)/;

it('parsers import the contract by package name, and their own folder', () => {
  const offences = sources('parsers').flatMap((path) =>
    importsOf(path)
      .filter((name) => {
        if (name === 'maillog-tlsrpt/parser') return false;
        if (!name.startsWith('.')) return true;
        const home = path.split('/').slice(0, 2).join('/');
        return relative(join(ROOT, home), resolve(ROOT, dirname(path), name)).startsWith('..');
      })
      .map((name) => `${path}: ${name}`),
  );
  expect(offences).toEqual([]);
});

it('pure rooms import no input or output', () => {
  const pure = [...sources('parsers', 'src/report'), 'src/policy/attribute.ts', 'src/logs/syslog.ts'];
  const offences = pure.flatMap((path) =>
    importsOf(path)
      .filter((name) => IO_MODULES.test(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(offences).toEqual([]);
});

it('only cli prints or exits', () => {
  const offences = sources('src', 'parsers')
    .filter((path) => !path.startsWith('src/cli/'))
    .filter((path) => /\bconsole\.|process\.(exit\b|exitCode|stdout|stderr)/.test(textOf(path)));
  expect(offences).toEqual([]);
});

it('files are written by the ledger and by one atomic writer', () => {
  const writer =
    /\b(writeFile|writeFileSync|appendFile|appendFileSync|createWriteStream|renameSync|rename|mkdirSync|mkdir)\(/;
  const offences = sources('src', 'parsers')
    .filter((path) => !path.startsWith('src/ledger/') && path !== 'src/delivery/atomic-file.ts')
    .filter((path) => writer.test(textOf(path)));
  expect(offences).toEqual([]);
});

it('only the vocabulary and the rooms stand in src, and nothing is a drawer', () => {
  const drawers = sources('src', 'parsers', 'test').filter((path) =>
    /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/i.test(path),
  );
  expect(drawers).toEqual([]);
});

it('parsers keep no module state', () => {
  const offences = sources('parsers').filter((path) => /^(export )?let /m.test(textOf(path)));
  expect(offences).toEqual([]);
});
