import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DebianRoot, runToEnd, type Said } from '../debian/root.ts';
import { FIRST_ZONE, RECEIVER, type Zone } from './zone.ts';

/** What a host of the guides has, besides what Debian demands. */
const TOOLS = ['openssl', 'systemd', 'jq', 'cron', 'acl', 'xz-utils', 'zstd', 'bzip2', 'ca-certificates'];
const ANSWERS = `postfix postfix/main_mailer_type select Internet Site
postfix postfix/mailname string sender.example
`;
export type Mta = 'postfix' | 'exim';
const PACKAGES: Record<Mta, string> = { postfix: 'postfix', exim: 'exim4-daemon-light' };

/** A directory in which prepared hosts are kept from one run to the next, for those who write the guides. */
const KEEP = process.env['DOCS_HOSTS'];

/** Debian with an MTA in it and nothing of ours, by MTA: what each guide gets a copy of. */
export class BareHosts {
  readonly #hosts = new Map<Mta, DebianRoot>();
  #common: DebianRoot | undefined;

  /** A copy of the host with this MTA, which is made when it is first asked for. */
  async copy(mta: Mta): Promise<DebianRoot> {
    const host = this.#hosts.get(mta) ?? (await this.#make(mta));
    this.#hosts.set(mta, host);
    return host.copy();
  }

  async #make(mta: Mta): Promise<DebianRoot> {
    const kept = KEEP === undefined ? undefined : join(KEEP, mta);
    if (kept !== undefined && existsSync(kept)) return new DebianRoot(kept).copy();
    this.#common ??= await withTools();
    const root = await this.#common.copy();
    this.#hosts.set(mta, root);
    root.write('tmp/answers', ANSWERS);
    await root.ask('debconf-set-selections', '/tmp/answers');
    await root.install(PACKAGES[mta]);
    if (kept !== undefined) await runToEnd('cp', ['-a', root.path, kept], process.env);
    return root;
  }

  remove(): void {
    for (const root of [...this.#hosts.values(), this.#common]) root?.remove();
  }
}

async function withTools(): Promise<DebianRoot> {
  const root = await DebianRoot.make();
  await root.install(...TOOLS);
  return root;
}

/**
 * A mail host as a guide finds it: a Debian of its own, in a network of its own, whose clock stands where the guide says.
 * Needs root, debootstrap and iproute2.
 */
export class GuideHost {
  readonly root: DebianRoot;
  readonly #shared = mkdtempSync(join(tmpdir(), 'guide-'));
  readonly #namespace = `mlt-docs-${process.pid}-${++hosts}`;
  #world: ChildProcess | undefined;
  #kept: { readonly path: string; readonly text: string; readonly seconds: number } | undefined;
  #clock = '2026-11-23T20:00:00Z';

  constructor(root: DebianRoot) {
    this.root = root;
  }

  async start(): Promise<void> {
    this.publish(FIRST_ZONE);
    const ip = (...words: string[]) => execFileSync('ip', words, { stdio: 'pipe' });
    ip('netns', 'add', this.#namespace);
    ip('-n', this.#namespace, 'link', 'set', 'lo', 'up');
    ip('-n', this.#namespace, 'address', 'add', `${RECEIVER.address}/32`, 'dev', 'lo');
    const program = new URL('./world.ts', import.meta.url).pathname;
    const node = [process.execPath, '--import', 'tsx', program, this.#shared];
    const world = spawn('ip', ['netns', 'exec', this.#namespace, ...node], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#world = world;
    await new Promise<void>((resolve, reject) => {
      world.stdout.once('data', () => resolve());
      world.once('exit', (code) => reject(new Error(`the world ended with ${code}`)));
    });
    this.root.write('etc/resolv.conf', 'nameserver 127.0.0.1\n');
    this.root.write('etc/mailname', 'sender.example\n');
    this.root.write('etc/hosts', '127.0.0.1 localhost\n127.0.1.1 mta1.sender.example mta1\n');
    this.root.write('etc/hostname', 'mta1\n');
    // The guides' clock, for the commands that ask for the time.
    const clock = '"$(cat /etc/guide-clock)"';
    const script = `#!/bin/sh\nexec /usr/bin/maillog-tlsrpt "$@" --now ${clock}\n`;
    this.root.write('usr/local/bin/maillog-tlsrpt', script, 0o755);
    this.root.write('usr/local/bin/date', `#!/bin/sh\nexec /bin/date -u -d ${clock} "$@"\n`, 0o755);
    // As in any chroot: units are enabled, and nothing is started.
    const systemctl = '#!/bin/sh\n[ "$1 $2" = "enable --now" ] && shift 2 && set -- enable "$@"\n';
    this.root.write(
      'usr/local/bin/systemctl',
      `${systemctl}SYSTEMD_OFFLINE=1 exec /bin/systemctl "$@"\n`,
      0o755,
    );
    this.clock(this.#clock);
  }

  /** Sets the clock. */
  clock(time: string): void {
    this.#clock = time;
    this.root.write('etc/guide-clock', time);
  }

  /** What the DNS says from now on. */
  publish(zone: Zone): void {
    writeFileSync(join(this.#shared, 'zone.json'), JSON.stringify(zone));
  }

  /** Adds a TXT record. */
  publishText(name: string, text: string): void {
    const zone = JSON.parse(readFileSync(join(this.#shared, 'zone.json'), 'utf8')) as Zone;
    this.publish({ txt: { ...zone.txt, [name]: [text] } });
  }

  /** Writes a file as if the host had written it just now. */
  file(path: string, text: string, mode = 0o644): void {
    this.root.write(path, text, mode);
    const now = Date.parse(this.#clock) / 1000;
    utimesSync(join(this.root.path, path), now, now);
  }

  /** A file that is as it was before each command, whatever writes to it in the meantime. */
  keep(path: string, text: string, time: string): void {
    this.file(path, text, 0o640);
    this.#kept = { path: join(this.root.path, path), text, seconds: Date.parse(time) / 1000 };
    this.#restore();
  }

  #restore(): void {
    if (this.#kept === undefined) return;
    const { path, text, seconds } = this.#kept;
    writeFileSync(path, text);
    utimesSync(path, seconds, seconds);
  }

  /** A file of a guide: what is there already keeps its owner and mode. */
  guideFile(path: string, text: string): void {
    const whole = join(this.root.path, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, text);
  }

  /** The mails that left, by receiver. */
  get mails(): string {
    return join(this.#shared, 'mails');
  }

  /** Runs a command line of a guide, as root, in root's home. */
  async shell(line: string): Promise<Said> {
    this.#restore();
    const script = `mount -t proc proc /proc 2>/dev/null; mount -t tmpfs tmpfs /dev/shm 2>/dev/null; cd /root; exec 2>&1; ${line}`;
    const inside = ['chroot', this.root.path, 'unshare', '--uts', 'bash', '-c', `hostname mta1; ${script}`];
    const command = ['netns', 'exec', this.#namespace, ...inside];
    const said = await runToEnd('ip', command, {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
      NO_COLOR: '1',
      DEBIAN_FRONTEND: 'noninteractive',
    });
    this.#settleTimes();
    return said;
  }

  /** What a command wrote has the guide's time, not that of the machine. */
  #settleTimes(): void {
    const places = ['etc/maillog-tlsrpt', 'var/log'].map((place) => join(this.root.path, place));
    for (const place of places.filter((each) => existsSync(each)))
      execFileSync('find', [
        place,
        '-newermt',
        this.#clock,
        '-exec',
        'touch',
        '-h',
        '-d',
        this.#clock,
        '{}',
        '+',
      ]);
  }

  /** Daemons that the guide started. */
  #pids(): number[] {
    const found = execFileSync('ip', ['netns', 'pids', this.#namespace], { encoding: 'utf8' });
    return found.trim().split('\n').filter(Boolean).map(Number);
  }

  async stop(): Promise<void> {
    const world = this.#world;
    if (world !== undefined && world.exitCode === null) {
      const ended = new Promise((resolve) => world.once('exit', resolve));
      world.stdin?.end();
      await ended;
    }
    for (const pid of this.#pids()) process.kill(pid, 'SIGKILL');
    execFileSync('sh', ['-c', `ip netns del ${this.#namespace} 2>/dev/null || true`]);
    rmSync(this.#shared, { recursive: true, force: true });
    this.root.remove();
  }
}
let hosts = 0;
