import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ask, askLocalMta, askProgram, type LocalMta } from '../../src/policy/local-mta.ts';

/** The MTAs of Debian's packages, unpacked, not installed: two of them would push each other out. */
const PACKAGES = ['postfix', 'exim4-daemon-light'] as const;

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'maillog-tlsrpt-mta-'));
  const options = ['-q', '-o', 'APT::Sandbox::User=root'];
  execFileSync('apt-get', ['download', ...options, ...PACKAGES], { cwd: directory, stdio: 'pipe' });
  for (const archive of readdirSync(directory)) {
    execFileSync('dpkg-deb', ['-x', join(directory, archive), join(directory, 'root')]);
  }
  mkdirSync(join(directory, 'etc'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Asks the unpacked programs with settings of the test's own; all else is as in real life. */
async function ask(mainCf: string, eximConf: string): Promise<LocalMta> {
  writeFileSync(join(directory, 'etc/main.cf'), `compatibility_level = 3.6\n${mainCf}`);
  writeFileSync(join(directory, 'etc/master.cf'), '');
  const exim = join(directory, 'etc/exim.conf');
  writeFileSync(exim, eximConf, { mode: 0o644 });
  const root = join(directory, 'root');
  const run: Ask = async (program, args) => {
    const own = program === 'postconf' ? ['-c', join(directory, 'etc'), ...args] : ['-C', exim, ...args];
    return execFileSync(join(root, 'usr/sbin', program), own, {
      env: { LD_LIBRARY_PATH: join(root, 'usr/lib/postfix'), LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
  };
  return askLocalMta(run);
}

test('MTAs as Debian ships them: Exim tries DANE, Postfix demands nothing', async () => {
  const { postfix, exim } = await ask('', 'begin transports\nremote_smtp:\n driver = smtp\n');
  expect(postfix).toMatchObject({
    version: expect.stringMatching(/^3\.\d+\.\d+/),
    dane: false,
    halfDane: false,
    mtaSts: false,
    relayhosts: [],
    tlsLogLevel: 0,
  });
  expect(exim).toEqual({ version: expect.stringMatching(/^4\.\d+/), dane: true });
});

test('MTAs that were set up: DANE, a policy plugin, relays and addresses; Exim without DANE', async () => {
  const { postfix, exim } = await ask(
    `smtp_tls_security_level = dane
smtp_dns_support_level = dnssec
smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:postfix,
    hash:/etc/postfix/tls_policy
smtp_tls_loglevel = 1
relayhost = [smtp.isp.example]:587
smtp_fallback_relay = [a.example], [b.example]:26
smtp_bind_address = 198.51.100.7
`,
    `begin transports
remote_smtp:
 driver = smtp
 hosts_try_dane =
 interface = 198.51.100.8
`,
  );
  expect(postfix).toMatchObject({
    dane: true,
    halfDane: true,
    mtaSts: true,
    policyServers: ['socketmap:inet:127.0.0.1:8461:postfix'],
    relayhosts: ['[smtp.isp.example]:587'],
    fallbackRelays: ['[a.example]', '[b.example]:26'],
    tlsLogLevel: 1,
    bindAddress: '198.51.100.7',
  });
  expect(exim).toMatchObject({ dane: false, interfaceAddress: '198.51.100.8' });
});

test('MTAs whose configuration is not for who asks are hidden, and not taken for ones with the defaults', async () => {
  chmodSync(directory, 0o755);
  await ask('', 'begin transports\nremote_smtp:\n driver = smtp\n hosts_try_dane =\n');
  chmodSync(join(directory, 'etc/main.cf'), 0o600);
  chmodSync(join(directory, 'etc/exim.conf'), 0o640);
  const root = join(directory, 'root');
  // As the units do it: another user, whom no setuid bit helps.
  const asNobody: Ask = (program, args) => {
    const own =
      program === 'postconf' ? ['-c', join(directory, 'etc')] : ['-C', join(directory, 'etc/exim.conf')];
    const words = [
      'LC_ALL=C',
      `LD_LIBRARY_PATH=${join(root, 'usr/lib/postfix')}`,
      join(root, 'usr/sbin', program),
      ...own,
      ...args,
    ];
    return askProgram('setpriv', [
      ...['--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs', 'env'],
      ...words,
    ]);
  };
  expect(await askLocalMta(asNobody)).toEqual({ hidden: ['postfix', 'exim'] });
  chmodSync(join(directory, 'etc/main.cf'), 0o644);
  chmodSync(join(directory, 'etc/exim.conf'), 0o644);
  expect(await askLocalMta(asNobody)).toMatchObject({ postfix: { dane: false }, exim: { dane: false } });
});

test('the half DANE of Postfix can be switched off', async () => {
  const settings =
    'smtp_tls_security_level = dane\nsmtp_dns_support_level = dnssec\nsmtp_tls_dane_insecure_mx_policy = may\n';
  const { postfix } = await ask(settings, 'begin transports\n');
  expect(postfix).toMatchObject({ dane: true, halfDane: false });
});
