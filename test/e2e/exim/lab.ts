import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './certificates.ts';
import type { Truth, World } from './plan.ts';

const EXIM = '/usr/sbin/exim4';

/** A real Exim and its outer world in a network namespace of their own; needs root, exim4, iproute2 and openssl. */
export class Lab {
  readonly directory: string;
  readonly #namespace: string;
  #outside: ChildProcess | undefined;

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'exim-lab-'));
    this.#namespace = `exim${process.pid}`;
  }

  /** Why the lab cannot run here, or undefined. */
  static missing(): string | undefined {
    if (process.getuid?.() !== 0) return 'not root';
    if (!existsSync(EXIM)) return 'exim4 is not installed';
    for (const program of ['ip', 'openssl']) {
      try {
        execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'pipe' });
      } catch {
        return `${program} is not installed`;
      }
    }
    return undefined;
  }

  /** Brings up namespace, certificates, resolver and receivers. */
  async start(world: World): Promise<void> {
    writeFileSync(join(this.directory, 'world.json'), JSON.stringify(world));
    makeCertificates(this.directory, world.receivers);
    const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
    ip('netns', 'add', this.#namespace);
    ip('-n', this.#namespace, 'link', 'set', 'lo', 'up');
    for (const address of [world.sender, ...world.receivers.map((one) => one.address)]) {
      ip('-n', this.#namespace, 'address', 'add', `${address}/32`, 'dev', 'lo');
    }
    mkdirSync(this.#etc, { recursive: true });
    writeFileSync(join(this.#etc, 'resolv.conf'), 'nameserver 127.0.0.1\noptions trust-ad edns0 timeout:2\n');
    const program = new URL('./outside.ts', import.meta.url).pathname;
    this.#outside = spawn(
      'ip',
      ['netns', 'exec', this.#namespace, process.execPath, '--import', 'tsx', program, this.directory],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    await new Promise<void>((resolve, reject) => {
      this.#outside?.stdout?.once('data', () => resolve());
      this.#outside?.once('exit', (code) => reject(new Error(`the outer world ended with ${code}`)));
    });
  }

  get #etc(): string {
    return `/etc/netns/${this.#namespace}`;
  }

  /** An Exim with this configuration: its `/etc/exim4` is seen only inside the namespace. */
  configure(exim4: string): void {
    rmSync(join(this.#etc, 'exim4'), { recursive: true, force: true });
    mkdirSync(join(this.#etc, 'exim4'), { recursive: true });
    writeFileSync(join(this.#etc, 'exim4', 'exim4.conf'), exim4);
  }

  /** Hands a message to Exim and waits until its first delivery attempt is over. */
  send(from: string, recipients: readonly string[]): void {
    const text = `From: ${from}\nSubject: lab\n\nhello\n`;
    this.exim(['-odf', '-oi', '-f', from, ...recipients], text);
  }

  exim(args: readonly string[], input = ''): string {
    const command = ['netns', 'exec', this.#namespace, EXIM, ...args];
    return execFileSync('ip', command, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** The connections the receivers saw since the last call. */
  takeTruth(): Truth[] {
    const file = join(this.directory, 'truth.jsonl');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    rmSync(file);
    return lines.map((line): Truth => JSON.parse(line));
  }

  async stop(): Promise<void> {
    const outside = this.#outside;
    if (outside !== undefined && outside.exitCode === null) {
      const ended = new Promise((resolve) => outside.once('exit', resolve));
      outside.stdin?.end();
      await ended;
    }
    try {
      execFileSync('ip', ['netns', 'del', this.#namespace], { stdio: 'pipe' });
    } finally {
      rmSync(this.#etc, { recursive: true, force: true });
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}
