import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MIRROR = process.env['DEBIAN_MIRROR'] ?? 'http://deb.debian.org/debian';

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/maillog-tlsrpt', import.meta.url));
const KEEP_MS = 30 * 86_400_000;

export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program at work. */
export interface Running {
  readonly child: ChildProcess;
  /** What it has said by now. */
  readonly said: { readonly stdout: string; readonly stderr: string };
  readonly ended: Promise<Said>;
}

/** Starts a program, without holding up this process: its servers are what the program talks to. */
export function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Running {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  const ended = new Promise<Said>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...said }));
  });
  return { child, said, ended };
}

/** Runs a program to its end. */
export function runToEnd(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Said> {
  return start(program, args, env).ended;
}

/** A Debian 12 of its own in a directory; needs root and debootstrap. */
export class DebianRoot {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** A clean one, with no more in it than Debian demands. */
  static async make(): Promise<DebianRoot> {
    const archive = await cleanArchive();
    const root = new DebianRoot(emptyDirectory());
    await demand('tar', ['--numeric-owner', '-xpf', archive, '-C', root.path]);
    // Nothing is started when a package is installed.
    root.write('usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755);
    return root;
  }

  async copy(): Promise<DebianRoot> {
    const path = emptyDirectory();
    await runToEnd('cp', ['-a', `${this.path}/.`, path], process.env);
    return new DebianRoot(path);
  }

  /** Runs a program in it. */
  run(program: string, ...args: string[]): Promise<Said> {
    return runToEnd('chroot', [this.path, program, ...args], {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      LC_ALL: 'C.UTF-8',
      DEBIAN_FRONTEND: 'noninteractive',
    });
  }

  /** The same, and what it prints; a failure is thrown. */
  async ask(program: string, ...args: string[]): Promise<string> {
    const said = await this.run(program, ...args);
    if (said.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${said.stdout}${said.stderr}`);
    return said.stdout;
  }

  write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    writeFileSync(join(this.path, path), text);
    chmodSync(join(this.path, path), mode);
  }

  /** Installs from the mirror what Debian has. */
  async install(...packages: string[]): Promise<void> {
    cpSync('/etc/resolv.conf', join(this.path, 'etc/resolv.conf'), { dereference: true });
    const lax = ['-o', 'Acquire::Check-Valid-Until=false', '-o', 'Acquire::Check-Date=false'];
    await this.ask('apt-get', ...lax, '-q', 'update');
    await this.ask('apt-get', ...lax, '-qy', '--no-install-recommends', 'install', ...packages);
  }

  /** Installs a package file. */
  installFile(deb: string): Promise<Said> {
    cpSync(deb, join(this.path, 'tmp/package.deb'));
    return this.run('dpkg', '-i', '/tmp/package.deb');
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What debootstrap makes, made once a month and kept: every root is unpacked from it, untouched. */
async function cleanArchive(): Promise<string> {
  const archive = join(CACHE, 'debian-12.tar');
  const made = statSync(archive, { throwIfNoEntry: false });
  if (made !== undefined && Date.now() - made.mtimeMs < KEEP_MS) return archive;
  const directory = emptyDirectory();
  const unfinished = `${archive}.${process.pid}`;
  try {
    const options = ['--variant=minbase', '--include=adduser,ca-certificates', 'bookworm', directory, MIRROR];
    await demand('debootstrap', options);
    mkdirSync(CACHE, { recursive: true });
    const leaveOut = ['--exclude=./var/cache/apt/archives/*.deb', '--exclude=./proc/*', '--exclude=./sys/*'];
    await demand('tar', ['--numeric-owner', ...leaveOut, '-cpf', unfinished, '-C', directory, '.']);
    renameSync(unfinished, archive);
  } finally {
    rmSync(unfinished, { force: true });
    rmSync(directory, { recursive: true, force: true });
  }
  return archive;
}

async function demand(program: string, args: readonly string[]): Promise<void> {
  const said = await runToEnd(program, args, process.env);
  if (said.status !== 0) throw new Error(`${program}: ${said.stdout.slice(-500)}${said.stderr}`);
}

function emptyDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'debian-'));
  // Other users than root must find their way in.
  chmodSync(path, 0o755);
  return path;
}
