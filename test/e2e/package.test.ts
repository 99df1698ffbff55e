import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDays, dayOf } from '../../src/day.ts';
import { SAMPLE_LOG } from '../cli/place.ts';
import { startTxtServer, type TxtServer } from '../receivers/dns.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../receivers/smtp.ts';
import { buildDeb } from './debian/deb.ts';
import { DebianRoot } from './debian/root.ts';
import { runUnit, startUnit } from './debian/unit.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const METRICS = '/var/lib/prometheus/node-exporter';
const STATE = '/var/lib/maillog-tlsrpt';

let work: string;
let deb: string;
let again: string;
let root: DebianRoot;
let smtp: SmtpReceiver;
let dns: TxtServer;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'package-'));
  // At once after each other, for the sources may change while a clean root is made.
  deb = buildDeb(join(work, 'first'));
  again = buildDeb(join(work, 'second'));
  root = await DebianRoot.make();
  smtp = await startSmtpReceiver();
  dns = await startTxtServer((name) => {
    const domain = /^_smtp\._tls\.(.+\.test)$/.exec(name)?.[1];
    return domain === undefined ? undefined : [`v=TLSRPTv1; rua=mailto:tls-reports@${domain}`];
  });
}, 600_000);
afterAll(async () => {
  await smtp?.close();
  await dns?.close();
  root?.remove();
  rmSync(work, { recursive: true, force: true });
});

/** The sample's day, moved to the day before yesterday: over whatever the time is, and not yet too old. */
function recentLog(): string {
  const day = addDays(dayOf(Date.now()), -2);
  const stamp = `${MONTHS[Number(day.slice(5, 7)) - 1]} ${day.slice(8).replace(/^0/, ' ')} `;
  return readFileSync(SAMPLE_LOG, 'utf8').replace(/^Nov 23 /gm, stamp);
}

function hash(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

it('two builds are one, to the bit', () => {
  expect(hash(again)).toBe(hash(deb));
});

describe.sequential('in a clean Debian 12', () => {
  it('installs, makes its user, and leaves nothing to others', async () => {
    expect(await root.installFile(deb)).toMatchObject({ status: 0, stderr: '' });
    const groups = await root.ask('id', '-nG', 'maillog-tlsrpt');
    expect(groups.trim().split(' ')).toEqual(['maillog-tlsrpt', 'adm']);
    const owners = await root.ask('stat', '-c', '%U:%G %a', STATE, '/etc/maillog-tlsrpt');
    expect(owners).toBe('maillog-tlsrpt:maillog-tlsrpt 750\nroot:maillog-tlsrpt 750\n');
    expect(await root.ask('maillog-tlsrpt', '--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await root.ask('dpkg', '--verify', 'maillog-tlsrpt')).toBe('');
    const files = (await root.ask('dpkg', '-L', 'maillog-tlsrpt')).split('\n');
    for (const page of readdirSync(join(ROOT, 'docs/man')))
      expect(files).toContain(`/usr/share/man/man${page.at(-1)}/${page}.gz`);
    expect(files).toEqual(
      expect.arrayContaining([
        '/usr/share/bash-completion/completions/maillog-tlsrpt',
        '/usr/share/zsh/vendor-completions/_maillog-tlsrpt',
        '/usr/lib/systemd/system/maillog-tlsrpt.timer',
        '/usr/lib/systemd/system/maillog-tlsrpt-follow.service',
        '/usr/share/doc/maillog-tlsrpt/examples/maillog-tlsrpt.cron',
        '/usr/share/doc/maillog-tlsrpt/docs/alerts.md',
      ]),
    );
    expect(files.filter((file) => file.includes('logrotate.d') || file.includes('cron.d'))).toEqual([]);
  });

  it('leaves the modes that the admin chose as they are when the machine starts', async () => {
    const directories = [STATE, '/etc/maillog-tlsrpt'];
    await root.ask('chmod', '2775', STATE);
    await root.ask('chmod', '0755', '/etc/maillog-tlsrpt');
    const prefixes = directories.map((each) => `--prefix=${each}`);
    execFileSync('systemd-tmpfiles', [`--root=${root.path}`, '--create', ...prefixes]);
    expect(await root.ask('stat', '-c', '%a', ...directories)).toBe('2775\n755\n');
    await root.ask('chmod', '0750', ...directories);
    await root.ask('chmod', 'g-s', STATE);
  });

  it('says at once what is missing, and runs nothing', async () => {
    const said = await root.run('maillog-tlsrpt', 'run');
    expect(said.status).toBe(78);
    expect(said.stderr).toContain('maillog-tlsrpt init');
  });

  it('init writes a configuration that the units’ user can read', async () => {
    await root.ask('maillog-tlsrpt', 'init');
    const path = '/etc/maillog-tlsrpt/config.yaml';
    expect(await root.ask('stat', '-c', '%U:%G %a', path)).toBe('root:maillog-tlsrpt 640\n');
    const said = await root.run('maillog-tlsrpt', 'check', '--json');
    expect(said.stdout).not.toContain('config-unreadable');
    await root.ask('rm', path);
  });

  it('delivers reports by the unit’s own command, under its user and its restrictions', async () => {
    root.write('var/log/mail.log', recentLog(), 0o640);
    await root.ask('chgrp', 'adm', '/var/log/mail.log');
    root.write(
      'etc/maillog-tlsrpt/dkim.pem',
      readFileSync(join(ROOT, 'test/receivers/dkim-rsa.key.pem'), 'utf8'),
      0o640,
    );
    root.write(
      'etc/maillog-tlsrpt/config.yaml',
      `organization: Reports Inc.
contact: tls@reports.example
state: ${STATE}
logs: [{path: /var/log/mail.log, timezone: UTC}]
dns: {servers: ["${dns.address}"]}
mta: {honours: []}
mail:
  via: smtp://127.0.0.1:${smtp.port}
  dkim: {domain: reports.example, selector: tlsrpt, key: /etc/maillog-tlsrpt/dkim.pem}
delivery: {spread: 0s, allow-private: true}
metrics: {textfile: ${METRICS}/tlsrpt.prom}
`,
      0o640,
    );
    await root.ask('chgrp', '-R', 'maillog-tlsrpt', '/etc/maillog-tlsrpt');
    await root.ask('install', '-d', '-o', 'maillog-tlsrpt', METRICS);
    const said = await runUnit(root, 'maillog-tlsrpt.service');
    expect(said.stderr).not.toMatch(/^<[0-4]>(?!warning: (?:Mail leaves through a smart host|.* is held))/m);
    expect(said.status).toBe(0);
    expect(smtp.received.length).toBeGreaterThan(20);
    expect(smtp.received.every((mail) => mail.message.includes('DKIM-Signature: v=1; a=rsa-sha256'))).toBe(
      true,
    );
  });

  it('writes metrics that node_exporter can read', async () => {
    expect(await root.ask('stat', '-c', '%U %a', `${METRICS}/tlsrpt.prom`)).toBe('maillog-tlsrpt 644\n');
    const text = readFileSync(join(root.path, METRICS, 'tlsrpt.prom'), 'utf8');
    expect(text).toMatch(/^maillog_tlsrpt_last_run_exit_code 0$/m);
    expect(readdirSync(join(root.path, METRICS))).toEqual(['tlsrpt.prom']);
  });

  it('sends nothing twice, and keeps to its state directory', async () => {
    const before = smtp.received.length;
    expect((await runUnit(root, 'maillog-tlsrpt.service')).status).toBe(0);
    expect(smtp.received.length).toBe(before);
    expect(readdirSync(join(root.path, STATE)).every((name) => /\.sqlite(?:-wal|-shm)?$/.test(name))).toBe(
      true,
    );
    const owners = await root.ask('sh', '-c', `stat -c %U ${STATE}/*`);
    expect(new Set(owners.trim().split('\n'))).toEqual(new Set(['maillog-tlsrpt']));
  });

  it('signs with a key that its user cannot read, handed over as a credential', async () => {
    const config = readFileSync(join(root.path, 'etc/maillog-tlsrpt/config.yaml'), 'utf8');
    root.write(
      'etc/systemd/system/maillog-tlsrpt.service.d/dkim.conf',
      '[Service]\nLoadCredential=dkim.pem:/etc/maillog-tlsrpt/dkim.pem\n',
    );
    await root.ask('chown', 'root:root', '/etc/maillog-tlsrpt/dkim.pem');
    await root.ask('chmod', '0600', '/etc/maillog-tlsrpt/dkim.pem');
    const named = config.replace('key: /etc/maillog-tlsrpt/dkim.pem', 'key: "credential:dkim.pem"');
    root.write(
      'etc/maillog-tlsrpt/config.yaml',
      named.replace(/^state: .*$/m, `state: ${STATE}/second`),
      0o640,
    );
    await root.ask('chgrp', 'maillog-tlsrpt', '/etc/maillog-tlsrpt/config.yaml');
    const before = smtp.received.length;
    const said = await runUnit(root, 'maillog-tlsrpt.service');
    expect(said.stderr).not.toContain('error');
    expect(said.status).toBe(0);
    expect(smtp.received.length).toBeGreaterThan(before);
    expect(smtp.received.every((mail) => mail.message.includes('DKIM-Signature: v=1; a=rsa-sha256'))).toBe(
      true,
    );
    const checked = await root.run('maillog-tlsrpt', 'check', '--json');
    expect(checked.stdout).not.toMatch(/"id":"(?:dkim-key|credential)/);
    const shell = await root.run('maillog-tlsrpt', 'send');
    expect(shell).toMatchObject({ status: 0 });
    root.write('etc/maillog-tlsrpt/config.yaml', config, 0o640);
    await root.ask(
      'chown',
      'root:maillog-tlsrpt',
      '/etc/maillog-tlsrpt/dkim.pem',
      '/etc/maillog-tlsrpt/config.yaml',
    );
    await root.ask('chmod', '0640', '/etc/maillog-tlsrpt/dkim.pem');
    await root.ask('rm', '-r', '/etc/systemd/system/maillog-tlsrpt.service.d', `${STATE}/second`);
  });

  it('answers root without taking anything from its user', async () => {
    expect(await root.ask('maillog-tlsrpt', 'status')).toContain('sent');
    await root.run('maillog-tlsrpt', 'check');
    const owners = await root.ask('sh', '-c', `stat -c %U ${STATE}/*`);
    expect(new Set(owners.trim().split('\n'))).toEqual(new Set(['maillog-tlsrpt']));
    expect((await runUnit(root, 'maillog-tlsrpt.service')).status).toBe(0);
  });

  it('follows by the other unit’s command, under its user and its restrictions', async () => {
    const lines = async () => {
      const status = JSON.parse(await root.ask('maillog-tlsrpt', 'status', '--json')) as {
        days: { sessions: number }[];
      };
      return status.days.reduce((sum, { sessions }) => sum + sessions, 0);
    };
    const before = await lines();
    const { child, said, ended } = await startUnit(root, 'maillog-tlsrpt-follow.service');
    await expect.poll(() => said.stderr, { timeout: 60_000 }).toContain('following');
    appendFileSync(join(root.path, 'var/log/mail.log'), recentLog().replaceAll('mta1 ', 'mta2 '));
    await expect.poll(lines, { timeout: 60_000, interval: 500 }).toBeGreaterThan(before);
    child.kill('SIGHUP');
    await expect.poll(() => said.stderr, { timeout: 60_000 }).toContain('the configuration was read again');
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ status: 0 });
  });

  it('the unit cannot read what its user may not, nor write outside its state', async () => {
    root.write(
      'etc/maillog-tlsrpt/broken.sh',
      '#!/bin/sh\ncat /etc/shadow; touch /etc/maillog-tlsrpt/x; touch /tmp/ok && echo tmp\n',
      0o755,
    );
    const path = join(root.path, 'usr/lib/systemd/system/maillog-tlsrpt.service');
    const unit = readFileSync(path, 'utf8');
    root.write(
      'usr/lib/systemd/system/probe.service',
      unit.replace(/^ExecStart=.*$/m, 'ExecStart=/etc/maillog-tlsrpt/broken.sh'),
    );
    const said = await runUnit(root, 'probe.service');
    expect(said.stdout).toBe('tmp\n');
    expect(said.stderr).toContain('Permission denied');
    expect(said.stderr).toContain('Read-only file system');
  });

  it('the unit’s filter refuses system calls and address families that the program has no use for', async () => {
    const script = `const os = require('node:os');
for (const attempt of [() => os.setPriority(5), () => os.networkInterfaces()])
  try { attempt(); console.log('done'); } catch ({ message }) { console.log(message); }
`;
    root.write('etc/maillog-tlsrpt/probe.js', script);
    const path = join(root.path, 'usr/lib/systemd/system/maillog-tlsrpt.service');
    root.write(
      'usr/lib/systemd/system/probe.service',
      readFileSync(path, 'utf8').replace(
        /^ExecStart=.*$/m,
        'ExecStart=/usr/lib/maillog-tlsrpt/node /etc/maillog-tlsrpt/probe.js',
      ),
    );
    const said = await runUnit(root, 'probe.service');
    expect(said.stdout.split('\n')).toEqual([
      expect.stringContaining('uv_os_setpriority returned EPERM'),
      // 97: EAFNOSUPPORT, of AF_NETLINK.
      expect.stringContaining('uv_interface_addresses returned Unknown system error 97'),
      '',
    ]);
  });

  it('loads a parser of the admin’s from /etc, by the package’s own name', async () => {
    root.write(
      'etc/maillog-tlsrpt/mine.mjs',
      `import { CONTRACT, z } from 'maillog-tlsrpt/parser';
export const parser = {
  name: 'mine', contract: CONTRACT, options: z.object({}),
  create: () => ({ envelope: 'syslog', needles: ['mine'], idleSeconds: 1, entry(entry, open, emit) {
    emit({ time: entry.time, recipientDomain: 'example.org', outcome: 'success', basis: 'tls-line' });
  } }),
};
`,
    );
    root.write('tmp/mine.log', 'Nov 20 10:00:00 h mine[1]: x\n');
    const said = await root.ask(
      'sh',
      '-c',
      'cd /etc/maillog-tlsrpt && maillog-tlsrpt sessions /tmp/mine.log --parser ./mine.mjs',
    );
    expect(JSON.parse(said)).toMatchObject({ parser: 'mine', recipientDomain: 'example.org' });
  });

  it('removing keeps configuration and data, purging takes them', async () => {
    expect((await root.run('dpkg', '-r', 'maillog-tlsrpt')).status).toBe(0);
    expect(statSync(join(root.path, STATE, 'ledger.sqlite')).size).toBeGreaterThan(0);
    expect(statSync(join(root.path, 'etc/maillog-tlsrpt/config.yaml')).size).toBeGreaterThan(0);
    expect((await root.run('maillog-tlsrpt', '--version')).status).toBe(127);
    expect((await root.installFile(deb)).status).toBe(0);
    expect(await root.ask('maillog-tlsrpt', 'status')).toContain('sent');
    expect((await root.run('dpkg', '-P', 'maillog-tlsrpt')).status).toBe(0);
    for (const path of [STATE, 'etc/maillog-tlsrpt', 'usr/lib/maillog-tlsrpt'])
      expect(() => statSync(join(root.path, path))).toThrow('ENOENT');
  });
});

describe('units', () => {
  const systemd = join(ROOT, 'systemd');

  it.each(['maillog-tlsrpt.service', 'maillog-tlsrpt-follow.service'])('%s is hardened', (unit) => {
    const words = execFileSync(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', join(systemd, unit)],
      {
        encoding: 'utf8',
      },
    );
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(words)?.[1]);
    expect(exposure).toBeGreaterThan(0);
    expect(exposure).toBeLessThanOrEqual(1.5);
  });

  it('systemd-analyze verify finds nothing to say', () => {
    const installed = unpackedWithTargets();
    try {
      const units = readdirSync(systemd).filter((name) => /\.(?:service|timer)$/.test(name));
      const said = execFileSync(
        'systemd-analyze',
        [
          'verify',
          '--man=no',
          `--root=${installed}`,
          ...units.map((name) => join('/usr/lib/systemd/system', name)),
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
      );
      expect(said).toBe('');
    } finally {
      rmSync(installed, { recursive: true, force: true });
    }
  });

  /** The package unpacked, with systemd's own targets: all that `verify` looks for. */
  function unpackedWithTargets(): string {
    const directory = mkdtempSync(join(tmpdir(), 'verify-'));
    execFileSync('dpkg-deb', ['-x', deb, directory]);
    execFileSync('cp', ['-a', '--parents', '/usr/lib/systemd/system', directory]);
    execFileSync('cp', ['--parents', '/bin/sh', directory]);
    return directory;
  }
});
