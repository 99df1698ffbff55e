import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { createResolver } from '../../src/policy/dns-client.ts';

/** A zone of the lab: records without SOA and NS, which the lab adds. */
export interface LabZone {
  readonly name: string;
  readonly records: string;
  /** Signed, with its key in the resolver's trust anchors; else the resolver knows it as unsigned. */
  readonly signed: boolean;
  /** Text of the signed zone to be altered afterwards: what holds it then is forged. */
  readonly forge?: readonly (readonly [string, string])[];
}

export interface SignedDns {
  /** A validating resolver. */
  readonly port: number;
  /** The same without extended error codes, as most are. */
  readonly terse: number;
  close(): Promise<void>;
}

/** The programs the lab needs: Debian packages unbound, nsd, ldnsutils. */
const PROGRAMS = { unbound: '/usr/sbin/unbound', nsd: '/usr/sbin/nsd' } as const;

/**
 * Signs the zones, serves them by nsd and starts two unbounds that validate them by trust anchors of their own; all on
 * loopback ports, in a directory of its own, ended and removed by `close`.
 * @param broken zones the resolver is sent to in vain: `dead` where nobody answers, `refused` where the server does
 * not know the zone.
 */
export async function startSignedDns(
  zones: readonly LabZone[],
  broken: { readonly dead?: string; readonly refused?: string } = {},
): Promise<SignedDns> {
  const directory = mkdtempSync(join(tmpdir(), 'maillog-tlsrpt-dns-'));
  const started: Started[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map(({ child }) => stop(child)));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const anchors = zones.map((zone) => (zone.signed ? sign(directory, zone) : writeZone(directory, zone)));
    const [authority, deadPort, port, terse] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    writeFileSync(join(directory, 'nsd.conf'), nsdConfig(directory, authority, zones));
    started.push(run(PROGRAMS.nsd, ['-d', '-c', join(directory, 'nsd.conf')]));
    for (const [name, own, ede] of [
      ['talkative', port, 'yes'],
      ['terse', terse, 'no'],
    ] as const) {
      const config = join(directory, `${name}.conf`);
      writeFileSync(
        config,
        unboundConfig({ directory, port: own, ede, authority, deadPort, zones, broken, anchors }),
      );
      started.push(run(PROGRAMS.unbound, ['-d', '-p', '-c', config]));
    }
    for (const own of [port, terse]) await untilAnswers(own, zones[0]?.name ?? 'example');
    return { port, terse, close };
  } catch (error) {
    await close();
    const words = started.flatMap((one) => one.words).join('');
    throw new Error(
      `the lab's name servers did not start (Debian packages unbound, nsd, ldnsutils): ${words}`,
      {
        cause: error,
      },
    );
  }
}

function zoneText({ name, records }: LabZone): string {
  return `$ORIGIN ${name}.\n$TTL 300\n@ IN SOA ns.${name}. hostmaster.${name}. 1 3600 900 86400 60\n@ IN NS ns.${name}.\nns IN A 127.0.0.1\n${records}\n`;
}

function writeZone(directory: string, zone: LabZone): undefined {
  writeFileSync(join(directory, `${zone.name}.zone`), zoneText(zone));
}

/** Signs a zone in place and returns its trust anchor. */
function sign(directory: string, zone: LabZone): string {
  const plain = join(directory, `${zone.name}.plain`);
  writeFileSync(plain, zoneText(zone));
  const generate = (...flags: string[]): string =>
    execFileSync('ldns-keygen', [...flags, '-a', 'ECDSAP256SHA256', zone.name], {
      cwd: directory,
      encoding: 'utf8',
    }).trim();
  const [zsk, ksk] = [generate(), generate('-k')];
  const target = join(directory, `${zone.name}.zone`);
  execFileSync('ldns-signzone', ['-n', '-f', target, plain, zsk, ksk], { cwd: directory });
  let text = readFileSync(target, 'utf8');
  for (const [from, to] of zone.forge ?? []) {
    if (!text.includes(from)) throw new Error(`nothing to forge: ${from}`);
    text = text.replace(from, to);
  }
  writeFileSync(target, text);
  const key = readdirSync(directory).find((file) => file === `${ksk}.key`);
  if (key === undefined) throw new Error(`no key file ${ksk}.key`);
  return readFileSync(join(directory, key), 'utf8').trim().replace(/\s+/g, ' ').replace(/ ;.*$/, '');
}

function nsdConfig(directory: string, port: number, zones: readonly LabZone[]): string {
  const lines = [
    'server:',
    ` ip-address: 127.0.0.1@${port}`,
    ' server-count: 1',
    ' username: ""',
    ' chroot: ""',
    ' database: ""',
    // All questions come from one address here.
    ' rrl-ratelimit: 0',
    ' rrl-whitelist-ratelimit: 0',
    ` zonesdir: "${directory}"`,
    ` pidfile: "${directory}/nsd.pid"`,
    ` xfrdfile: "${directory}/xfrd.state"`,
    ` xfrdir: "${directory}"`,
    ` zonelistfile: "${directory}/zone.list"`,
    'remote-control:',
    ' control-enable: no',
  ];
  for (const { name } of zones) lines.push('zone:', ` name: "${name}"`, ` zonefile: "${name}.zone"`);
  return `${lines.join('\n')}\n`;
}

interface UnboundParts {
  readonly directory: string;
  readonly port: number;
  readonly ede: 'yes' | 'no';
  readonly authority: number;
  readonly deadPort: number;
  readonly zones: readonly LabZone[];
  readonly broken: { readonly dead?: string; readonly refused?: string };
  readonly anchors: readonly (string | undefined)[];
}

function unboundConfig(parts: UnboundParts): string {
  const lines = [
    'server:',
    ` interface: 127.0.0.1@${parts.port}`,
    ' access-control: 127.0.0.0/8 allow',
    ' do-not-query-localhost: no',
    ' do-ip6: no',
    ' chroot: ""',
    ' username: ""',
    ` directory: "${parts.directory}"`,
    ' pidfile: ""',
    ' use-syslog: no',
    ' verbosity: 0',
    ' module-config: "validator iterator"',
    ' num-threads: 1',
    ' outgoing-range: 512',
    ' num-queries-per-thread: 512',
    ' local-zone: "test." nodefault',
    ' outbound-msg-retry: 2',
    ...(parts.ede === 'yes' ? [' ede: yes'] : []),
  ];
  for (const anchor of parts.anchors) if (anchor !== undefined) lines.push(` trust-anchor: "${anchor}"`);
  for (const { name, signed } of parts.zones) if (!signed) lines.push(` domain-insecure: "${name}"`);
  const { dead, refused } = parts.broken;
  for (const name of [dead, refused]) if (name !== undefined) lines.push(` domain-insecure: "${name}"`);
  for (const { name } of parts.zones) lines.push(...stubZone(name, parts.authority));
  if (dead !== undefined) lines.push(...stubZone(dead, parts.deadPort));
  if (refused !== undefined) lines.push(...stubZone(refused, parts.authority));
  lines.push('remote-control:', ' control-enable: no');
  return `${lines.join('\n')}\n`;
}

function stubZone(name: string, port: number): string[] {
  return ['stub-zone:', ` name: "${name}"`, ` stub-addr: 127.0.0.1@${port}`];
}

interface Started {
  readonly child: ChildProcess;
  /** What it had to say, for a test that cannot start it. */
  readonly words: string[];
}

function run(program: string, args: readonly string[]): Started {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const words: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => words.push(chunk.toString()));
  child.on('error', (error) => words.push(`${program}: ${error.message}\n`));
  return { child, words };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await gone;
  clearTimeout(timer);
}

async function untilAnswers(port: number, zone: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const servers = [{ address: '127.0.0.1', port, trusted: true }];
    const resolver = createResolver({ servers, clock: systemClock, timeoutMs: 500 });
    if ((await resolver.lookup(`ns.${zone}`, 'A')).kind === 'answer') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the resolver on port ${port} does not answer`);
}

/** A UDP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
