import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './certificates.ts';
import { type EximPackage, unpackExim } from './package.ts';
import type { Truth, World } from './plan.ts';

const PROGRAMS = ['ip', 'openssl', 'apt-get', 'dpkg-deb'];
/** Where Debian's Exim looks for its configuration; what it sees there is the namespace's own. */
const CONFIGURATION = '/etc/exim4';

/** Why the lab cannot run here, or undefined. */
export function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  return PROGRAMS.find((program) => {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'pipe' });
      return false;
    } catch {
      return true;
    }
  });
}

/**
 * A real Exim in one network namespace, its outer world in another. It sees `/etc/exim4`, the resolver and the users of
 * its namespace (ip-netns(8)); program, spool and log lie in the lab's directory, so a host's own Exim is not touched.
 */
export class Lab {
  readonly directory: string;
  readonly #inside = `mlt-in-${process.pid}`;
  readonly #beyond = `mlt-out-${process.pid}`;
  readonly #madeConfiguration: boolean;
  readonly package: EximPackage;
  #outside: ChildProcess | undefined;

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'exim-lab-'));
    chmodSync(this.directory, 0o755);
    this.package = unpackExim(this.directory);
    // A namespace can only hide what is there.
    this.#madeConfiguration = !existsSync(CONFIGURATION);
    if (this.#madeConfiguration) mkdirSync(CONFIGURATION);
  }

  get #etc(): string {
    return `/etc/netns/${this.#inside}`;
  }

  /** Brings up namespaces, certificates, resolver and receivers. */
  async start(world: World): Promise<void> {
    writeFileSync(join(this.directory, 'world.json'), JSON.stringify(world));
    makeCertificates(this.directory, world.receivers);
    this.#connect(world);
    mkdirSync(this.#etc, { recursive: true });
    const resolver = `nameserver ${world.resolver}\noptions trust-ad edns0 timeout:2\n`;
    writeFileSync(join(this.#etc, 'resolv.conf'), resolver);
    writeFileSync(join(this.#etc, 'passwd'), this.package.passwd);
    writeFileSync(join(this.#etc, 'group'), this.package.group);
    const program = new URL('./outside.ts', import.meta.url).pathname;
    const node = [process.execPath, '--import', 'tsx', program, this.directory];
    this.#outside = spawn('ip', ['netns', 'exec', this.#beyond, ...node], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve, reject) => {
      this.#outside?.stdout?.once('data', () => resolve());
      this.#outside?.once('exit', (code) => reject(new Error(`the outer world ended with ${code}`)));
    });
  }

  #connect(world: World): void {
    const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
    ip('netns', 'add', this.#inside);
    ip('netns', 'add', this.#beyond);
    ip(
      'link',
      'add',
      'world',
      'netns',
      this.#inside,
      'type',
      'veth',
      'peer',
      'name',
      'mta',
      'netns',
      this.#beyond,
    );
    const up = (namespace: string, device: string, addresses: readonly string[]) => {
      for (const address of addresses) ip('-n', namespace, 'address', 'add', `${address}/32`, 'dev', device);
      ip('-n', namespace, 'link', 'set', 'lo', 'up');
      ip('-n', namespace, 'link', 'set', device, 'up');
      ip('-n', namespace, 'route', 'add', 'default', 'dev', device);
    };
    up(this.#inside, 'world', [world.sender]);
    up(this.#beyond, 'mta', [world.resolver, ...world.receivers.map(({ address }) => address)]);
  }

  /** Gives Exim a configuration, and an empty spool and log: `log/mainlog` in the directory returned. */
  configure(conf: (directory: string) => string): string {
    const directory = mkdtempSync(join(this.directory, 'exim-'));
    chmodSync(directory, 0o755);
    for (const part of ['spool', 'log']) {
      mkdirSync(join(directory, part));
      chownSync(join(directory, part), this.package.uid, this.package.gid);
    }
    mkdirSync(join(this.#etc, 'exim4'), { recursive: true });
    writeFileSync(join(this.#etc, 'exim4', 'exim4.conf'), conf(directory));
    return join(directory, 'log', 'mainlog');
  }

  /** Hands a message to Exim and waits until its first delivery attempt is over. */
  send(from: string, recipients: readonly string[], mode: '-odf' | '-odq' = '-odf'): void {
    const text = `From: ${from}\nSubject: lab\n\nhello\n`;
    this.exim([mode, '-oi', '-f', from, ...recipients], text);
  }

  /** Runs Exim with these arguments, in its namespace. */
  exim(args: readonly string[], input = ''): string {
    return this.run(this.package.exim, args, input);
  }

  /** Runs a program as Exim would see the world. */
  run(program: string, args: readonly string[], input = ''): string {
    const command = ['netns', 'exec', this.#inside, program, ...args];
    return execFileSync('ip', command, { input, encoding: 'utf8', stdio: 'pipe' });
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
    for (const namespace of [this.#inside, this.#beyond]) {
      execFileSync('sh', ['-c', `ip netns del ${namespace} 2>/dev/null || true`]);
    }
    if (this.#madeConfiguration) rmdirSync(CONFIGURATION);
    rmSync(this.#etc, { recursive: true, force: true });
    rmSync(this.directory, { recursive: true, force: true });
  }
}
