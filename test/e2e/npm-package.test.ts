import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SAMPLE_LOG } from '../cli/place.ts';
import { runToEnd } from './debian/root.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let work: string;
let prefix: string;
let tarball: string;

async function ask(program: string, args: readonly string[], cwd = work): Promise<string> {
  const said = await runToEnd('env', ['-C', cwd, program, ...args], process.env);
  if (said.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${said.stdout}${said.stderr}`);
  return said.stdout;
}

/** What a checkout holds, without what was built in it. */
async function copyOfSources(): Promise<string> {
  const directory = join(work, 'sources');
  const list = await ask('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], ROOT);
  for (const name of list.split('\0').filter((each) => each !== '' && existsSync(join(ROOT, each)))) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    cpSync(join(ROOT, name), join(directory, name));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return directory;
}

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'npm-'));
  prefix = join(work, 'prefix');
  await ask('npm', ['pack', '--silent', '--pack-destination', work], await copyOfSources());
  const name = readdirSync(work).find((each) => each.endsWith('.tgz')) ?? '';
  tarball = join(work, name);
  const how = ['--global', '--prefix', prefix, '--no-audit', '--no-fund', '--prefer-offline'];
  await ask('npm', ['install', ...how, tarball]);
}, 600_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

const command = (...words: string[]) => ask(join(prefix, 'bin/maillog-tlsrpt'), words);

it('holds what is built, the manual and the units, and nothing else', async () => {
  const names = (await ask('tar', ['-tzf', tarball])).trim().split('\n');
  const tops = new Set(
    names.map((name) =>
      name
        .split('/')
        .slice(1, name.includes('/dist/') ? 3 : 2)
        .join('/'),
    ),
  );
  expect([...tops].sort()).toEqual([
    'ARCHITECTURE.md',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist/parsers',
    'dist/src',
    'docs',
    'package.json',
    'parsers',
    'systemd',
  ]);
  expect(
    names.filter((name) => /\.(?:ts|map|deb|tsbuildinfo)$/.test(name) && !name.endsWith('.d.ts')),
  ).toEqual([]);
});

it('has nothing in it that publint objects to', async () => {
  const said = await ask(join(ROOT, 'node_modules/.bin/publint'), [tarball, '--strict']);
  expect(said).toContain('All good!');
});

it('reads a log, from the command that npm installed', async () => {
  expect(await command('--version')).toBe(
    `${(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version}\n`,
  );
  const sessions = (await command('sessions', SAMPLE_LOG, '--timezone', 'UTC')).trim().split('\n');
  expect(sessions.length).toBeGreaterThan(100);
  const state = join(work, 'state');
  await command('backfill', SAMPLE_LOG, '--timezone', 'UTC', '--state', state);
  expect(await command('ledger', 'check', '--state', state)).toMatch(/^ok /);
});

it('installs the manual too', () => {
  const pages = readdirSync(join(prefix, 'share/man/man1'));
  expect(pages).toContain('maillog-tlsrpt.1');
  expect(pages).toContain('maillog-tlsrpt-ledger.1');
  expect(readdirSync(join(prefix, 'share/man/man5'))).toEqual(['maillog-tlsrpt.yaml.5']);
});

it('gives the contract to parsers of others, by its own name', async () => {
  const script = `import('maillog-tlsrpt/parser').then(({ CONTRACT }) => console.log(CONTRACT))`;
  const modules = join(prefix, 'lib');
  expect((await ask(process.execPath, ['-e', script], modules)).trim()).toBe('1');
});
