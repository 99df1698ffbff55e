import { generateKeyPairSync } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/file.ts';
import { SAMPLE_LOG } from '../cli/place.ts';
import { DebianRoot, runToEnd } from './debian/root.ts';
import { type SignedDns, startSignedDns } from './signed-dns.ts';

const TOP = fileURLToPath(new URL('../..', import.meta.url));
/** A name server can stand in resolv.conf only at port 53; this address of loopback is nobody's. */
const RESOLVER = '127.0.0.77';

let bare: DebianRoot;
let bundle: string;
let dns: SignedDns;
let door: Socket;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

beforeAll(async () => {
  bundle = mkdtempSync(join(tmpdir(), 'bundle-'));
  const made = await runToEnd(process.execPath, [join(TOP, '.ci/bundle.mjs'), bundle], process.env);
  expect(made.stderr).toBe('');
  const record = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  dns = await startSignedDns([
    {
      name: 'sender.example',
      signed: true,
      records: `@ MX 10 mx
mx A 192.0.2.25
@ TXT "v=spf1 mx -all"
_dmarc TXT "v=DMARC1; p=reject"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls-reports@sender.example"
mail._domainkey TXT "v=DKIM1; k=rsa; p=" "${record.slice(0, 200)}" "${record.slice(200)}"
`,
    },
    { name: 'ietf.org', signed: true, records: '@ MX 10 mail\nmail A 192.0.2.26\n' },
  ]);
  door = await forward(RESOLVER, dns.port);
  bare = await DebianRoot.make();
}, 600_000);
afterAll(async () => {
  door?.close();
  await dns?.close();
  bare?.remove();
  rmSync(bundle, { recursive: true, force: true });
});

/** Hands questions on to a resolver at another port, and the answers back. */
async function forward(address: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const onward = createSocket('udp4');
    onward.on('message', (answer) => {
      socket.send(answer, from.port, from.address);
      onward.close();
    });
    onward.send(question, port, '127.0.0.1');
  });
  await new Promise<void>((resolve) => socket.bind(53, address, resolve));
  return socket;
}

/** A host with the program in it, and the lab's resolver as its own. */
function furnish(root: DebianRoot): void {
  const home = join(root.path, 'usr/lib/maillog-tlsrpt');
  cpSync(bundle, home, { recursive: true });
  cpSync(process.execPath, join(home, 'node'));
  root.write(
    'usr/bin/maillog-tlsrpt',
    '#!/bin/sh\nexec /usr/lib/maillog-tlsrpt/node /usr/lib/maillog-tlsrpt/main.mjs "$@"\n',
    0o755,
  );
  root.write('etc/resolv.conf', `nameserver ${RESOLVER}\n`);
  root.write('etc/mailname', 'sender.example\n');
  const wants = join(root.path, 'etc/systemd/system/timers.target.wants');
  mkdirSync(wants, { recursive: true });
  symlinkSync('/usr/lib/systemd/system/maillog-tlsrpt.timer', join(wants, 'maillog-tlsrpt.timer'));
}

/** The unit and its user, as the package makes them. */
async function furnishUnit(root: DebianRoot): Promise<void> {
  const units = join(root.path, 'usr/lib/systemd/system');
  mkdirSync(units, { recursive: true });
  cpSync(join(TOP, 'systemd/maillog-tlsrpt.service'), join(units, 'maillog-tlsrpt.service'));
  const home = ['--home', '/var/lib/maillog-tlsrpt', '--no-create-home'];
  await root.ask('adduser', '--quiet', '--system', '--group', ...home, 'maillog-tlsrpt');
  await root.ask('adduser', '--quiet', 'maillog-tlsrpt', 'adm');
  await root.ask('install', '-d', '-o', 'maillog-tlsrpt', '-m', '0750', '/var/lib/maillog-tlsrpt');
  await root.ask('install', '-d', '-g', 'maillog-tlsrpt', '-m', '0750', '/etc/maillog-tlsrpt');
}

interface Finding {
  readonly id: string;
  readonly severity: string;
}

async function troubles(root: DebianRoot): Promise<string[]> {
  const said = await root.run('maillog-tlsrpt', 'check', '--json');
  const findings = said.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Finding);
  return findings.filter(({ severity }) => severity !== 'ok').map(({ severity, id }) => `${severity} ${id}`);
}

it('on a real Postfix: what init writes is green in check, but for what only the admin can say', async () => {
  const root = await bare.copy();
  try {
    root.write(
      'tmp/answers',
      'postfix postfix/main_mailer_type select Internet Site\npostfix postfix/mailname string sender.example\n',
    );
    await root.ask('debconf-set-selections', '/tmp/answers');
    await root.install('postfix');
    furnish(root);
    // As docs/postfix.md says, and a log of its own, since nobody takes syslog here.
    await root.ask(
      'postconf',
      '-e',
      'smtp_tls_loglevel=1',
      'maillog_file=/var/log/postfix.log',
      'relayhost=[mx.route.test]:2525',
      'inet_interfaces=loopback-only',
      'inet_protocols=ipv4',
    );
    root.write('var/log/postfix.log', readFileSync(SAMPLE_LOG, 'utf8'));
    root.write(
      'etc/opendkim.conf',
      'Domain sender.example\nSelector mail\nKeyFile /etc/dkimkeys/mail.private\n',
    );
    await root.ask('postfix', 'start');
    try {
      const said = await root.run('maillog-tlsrpt', 'init');
      expect(said.status).toBe(0);
      expect(said.stderr).toContain('opendkim signs mail of sender.example (selector mail)');
      const text = readFileSync(join(root.path, 'etc/maillog-tlsrpt/config.yaml'), 'utf8');
      expect(text).toContain('found on this host: Postfix 3.7.11.');
      expect(parseConfig(text, 'config.yaml')).toMatchObject({
        contact: 'postmaster@sender.example',
        logs: [{ path: '/var/log/postfix.log', parser: 'postfix', relayhosts: ['[mx.route.test]:2525'] }],
        mail: { via: 'smtp://127.0.0.1:25', dkim: 'mta' },
        dns: { servers: [] },
      });
      expect(await troubles(root)).toEqual(['warn dkim-by-mta']);
      const again = await root.run('maillog-tlsrpt', 'init');
      expect(again.status).toBe(73);
    } finally {
      await root.ask('postfix', 'stop');
    }
    // The same with a key of its own: nothing is left to say at all.
    root.write(
      'etc/maillog-tlsrpt/dkim.pem',
      privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      0o640,
    );
    const path = 'etc/maillog-tlsrpt/config.yaml';
    const own = readFileSync(join(root.path, path), 'utf8').replace(
      'dkim: mta',
      'dkim: {domain: sender.example, selector: mail, key: /etc/maillog-tlsrpt/dkim.pem}',
    );
    root.write(path, own, 0o640);
    expect(await troubles(root)).toEqual(['fail way-out']);
  } finally {
    root.remove();
  }
}, 600_000);

it('on a real Exim: what init writes is green in check, but for what only the admin can say', async () => {
  const root = await bare.copy();
  try {
    await root.install('exim4-daemon-light');
    furnish(root);
    await furnishUnit(root);
    const settings = join(root.path, 'etc/exim4/update-exim4.conf.conf');
    root.write(
      'etc/exim4/update-exim4.conf.conf',
      readFileSync(settings, 'utf8')
        .replace(/^dc_eximconfig_configtype=.*$/m, "dc_eximconfig_configtype='smarthost'")
        .replace(/^dc_smarthost=.*$/m, "dc_smarthost='smtp.isp.example::587'")
        // As for a configuration with passwords in it: the unit's user may not read it, and so cannot ask.
        .replace(/^CFILEMODE=.*$/m, "CFILEMODE='640'"),
    );
    root.write(
      'etc/exim4/exim4.conf.localmacros',
      'DKIM_DOMAIN = sender.example\nDKIM_SELECTOR = mail\nDKIM_PRIVATE_KEY = /etc/exim4/dkim.key\n',
    );
    await root.ask('update-exim4.conf');
    const line = `${new Date(Date.now() - 60_000).toISOString().slice(0, 19).replace('T', ' ')} 1abcde-000001-AB => u@example.org R=smarthost T=remote_smtp_smarthost H=smtp.isp.example [192.0.2.25] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes C="250 ok"\n`;
    root.write('var/log/exim4/mainlog', line);
    await root.ask('chown', 'Debian-exim:adm', '/var/log/exim4/mainlog');
    await root.ask('exim4', '-bd', '-oX', '127.0.0.1.25', '-oP', '/run/exim-test.pid');
    try {
      const said = await root.run('maillog-tlsrpt', 'init');
      expect(said.status).toBe(0);
      expect(said.stderr).toContain('exim signs mail of sender.example (selector mail)');
      const text = readFileSync(join(root.path, 'etc/maillog-tlsrpt/config.yaml'), 'utf8');
      expect(parseConfig(text, 'config.yaml')).toMatchObject({
        contact: 'postmaster@sender.example',
        logs: [{ path: '/var/log/exim4/mainlog', parser: 'exim', relayhosts: ['[smtp.isp.example]:587'] }],
        mail: { via: 'smtp://127.0.0.1:25', dkim: 'mta' },
        mta: { honours: ['dane'] },
      });
      const wanted = ['warn exim-no-events', 'warn exim-interface-hidden', 'warn dkim-by-mta'];
      expect(await troubles(root)).toEqual(wanted);
      root.write('etc/maillog-tlsrpt/config.yaml', text.replace('honours: [ dane ]', 'honours: auto'), 0o644);
      expect(await troubles(root)).toEqual(wanted.toSpliced(2, 0, 'warn mta-hidden'));
    } finally {
      process.kill(Number(readFileSync(join(root.path, 'run/exim-test.pid'), 'utf8')));
    }
  } finally {
    root.remove();
  }
}, 600_000);
