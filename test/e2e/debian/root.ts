import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const MIRROR = process.env['DEBIAN_MIRROR'] ?? 'http://deb.debian.org/debian';

export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, without holding up this process: its servers are what the program talks to. */
export function runToEnd(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** A Debian 12 of its own in a directory; needs root and debootstrap. */
export class DebianRoot {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** A clean one, with no more in it than Debian demands. */
  static async make(): Promise<DebianRoot> {
    const root = new DebianRoot(emptyDirectory());
    const options = ['--variant=minbase', '--include=adduser,ca-certificates', 'bookworm', root.path, MIRROR];
    const made = await runToEnd('debootstrap', options, process.env);
    if (made.status !== 0) throw new Error(`debootstrap: ${made.stdout.slice(-500)}${made.stderr}`);
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

function emptyDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'debian-'));
  // Other users than root must find their way in.
  chmodSync(path, 0o755);
  return path;
}
