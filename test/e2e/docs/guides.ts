import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'libsql';
import { expect } from 'vitest';
import { SAMPLE_LOG } from '../../cli/place.ts';
import { ROOT } from '../../docs/markdown.ts';
import type { GuideHost, Mta } from './host.ts';
import type { Walk } from './walk.ts';
import { SENDER } from './zone.ts';

export interface Guide extends Walk {
  readonly page: string;
  readonly mta: Mta;
  /** Makes the host what the guide says it is before its first command. */
  furnish(host: GuideHost, deb: string): Promise<void>;
}

/** A Postfix as Debian sets it up, running, with a day of the sample's in its log. */
async function postfixHost(host: GuideHost): Promise<void> {
  host.clock('2026-11-23T19:32:09Z');
  host.file('var/log/mail.log', withoutRelayed(readFileSync(SAMPLE_LOG, 'utf8')), 0o640);
  host.clock('2026-11-24T05:00:00Z');
  await host.root.ask('chgrp', 'adm', '/var/log/mail.log');
  await run(
    host,
    'postconf -e myhostname=mta1.sender.example inet_interfaces=loopback-only inet_protocols=ipv4',
  );
  // Without the copies of resolv.conf and libraries that a service manager makes at its start.
  await run(host, 'postconf -F "*/unix/chroot=n" && postfix start');
}

/** The sample's messages to a smart host left out: this host has none. */
function withoutRelayed(log: string): string {
  const lines = log.split('\n');
  const ids = lines.flatMap((line) =>
    line.includes(':2525') ? (/\]: ([0-9A-F]{8,}):/.exec(line)?.[1] ?? []) : [],
  );
  return lines
    .filter((line) => !line.includes(':2525') && !ids.some((id) => line.includes(` ${id}:`)))
    .join('\n');
}

/** An Exim as Debian sets it up, running, with a day of the lab's in its log; what it logs itself is taken away. */
async function eximHost(host: GuideHost): Promise<void> {
  host.root.write(
    'etc/exim4/update-exim4.conf.conf',
    readFileSync(join(host.root.path, 'etc/exim4/update-exim4.conf.conf'), 'utf8')
      .replace(/^dc_eximconfig_configtype=.*$/m, "dc_eximconfig_configtype='internet'")
      .replace(/^dc_other_hostnames=.*$/m, `dc_other_hostnames='${SENDER}'`)
      .replace(/^dc_local_interfaces=.*$/m, "dc_local_interfaces='127.0.0.1'"),
  );
  await run(host, 'update-exim4.conf && exim4 -bd -q30m');
  const log = readFileSync(join(ROOT, 'test/lab/exim-debian/mainlog'), 'utf8');
  host.keep('var/log/exim4/mainlog', log, '2026-11-23T19:36:16Z');
  host.clock('2026-11-24T05:00:00Z');
  await host.root.ask('chown', 'Debian-exim:adm', '/var/log/exim4/mainlog');
}

async function install(host: GuideHost, deb: string): Promise<void> {
  copyPackage(host, deb);
  await run(host, `dpkg -i /root/${basename(deb)}`);
}

function copyPackage(host: GuideHost, deb: string): void {
  cpSync(deb, join(host.root.path, 'root', basename(deb)));
}

/** The package as npm would install it into the host, which has no way to the registry; with its Node and npm. */
function installByNpm(host: GuideHost): void {
  const local = join(host.root.path, 'usr/local');
  const packed = mkdtempSync(join(host.root.path, 'tmp/npm-'));
  const npm = (...words: string[]) =>
    execFileSync('npm', words, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
  npm('pack', '--ignore-scripts', '--silent', '--pack-destination', packed);
  const [archive = ''] = readdirSync(packed);
  // In the way of npm's own link.
  rmSync(join(local, 'bin/maillog-tlsrpt'));
  npm('install', '--silent', '--prefer-offline', '--global', '--prefix', local, join(packed, archive));
  cpSync(process.execPath, join(local, 'bin/node'), { dereference: true });
  writeFileSync(
    join(local, 'bin/npm'),
    '#!/bin/sh\n[ "$*" = "root -g" ] && echo /usr/local/lib/node_modules\n',
    {
      mode: 0o755,
    },
  );
  rmSync(packed, { recursive: true });
}

/** With the guide for Postfix done: set up, a day read and reported. */
async function runningHost(host: GuideHost, deb: string): Promise<void> {
  await install(host, deb);
  await postfixHost(host);
  await doGuide(host);
}

async function doGuide(host: GuideHost): Promise<void> {
  await run(host, 'postconf -e smtp_tls_loglevel=1');
  await run(
    host,
    'openssl genrsa -out /etc/maillog-tlsrpt/dkim.pem 2048 && chgrp maillog-tlsrpt /etc/maillog-tlsrpt/dkim.pem',
  );
  await run(host, 'chmod 0640 /etc/maillog-tlsrpt/dkim.pem');
  const key = await run(
    host,
    'openssl pkey -in /etc/maillog-tlsrpt/dkim.pem -pubout -outform der | base64 -w0',
  );
  host.publishText(`tlsrpt._domainkey.${SENDER}`, `v=DKIM1; k=rsa; p=${key}`);
  host.guideFile(
    'etc/maillog-tlsrpt/config.yaml',
    `organization: Sender Ltd.
contact: tls-reports@${SENDER}
state: /var/lib/maillog-tlsrpt
logs: [{path: /var/log/mail.log, timezone: UTC}]
mail: {dkim: {domain: ${SENDER}, selector: tlsrpt, key: /etc/maillog-tlsrpt/dkim.pem}}
`,
  );
  await run(host, 'systemctl enable --now maillog-tlsrpt.timer && maillog-tlsrpt run --quiet');
}

/** The lines of a sample, as a file in the home of the one who reads the guide. */
function sample(host: GuideHost, name: string, folder: string): void {
  host.file(`root/${name}`, readFileSync(join(ROOT, 'samples', folder, 'input.log'), 'utf8'));
}

/** As a later version leaves a ledger that it has opened. */
function makeNewer(host: GuideHost): void {
  const database = new Database(join(host.root.path, 'var/lib/maillog-tlsrpt/ledger.sqlite'));
  database.exec("UPDATE meta SET content = CAST(content AS INTEGER) + 1 WHERE name = 'schema'");
  database.close();
}

async function run(host: GuideHost, command: string): Promise<string> {
  const { status, stdout } = await host.shell(command);
  expect(status, `${command}: ${stdout}`).toBe(0);
  return stdout;
}

/** What the guide told to publish is in the DNS from now on. */
function publishes(selector: string) {
  return (host: GuideHost, output: string) =>
    host.publishText(`${selector}._domainkey.${SENDER}`, output.trim());
}

/** The strings of a record as a zone file has it. */
function publishesZoneLines(selector: string) {
  return (host: GuideHost, output: string) =>
    host.publishText(
      `${selector}._domainkey.${SENDER}`,
      [...output.matchAll(/"([^"]*)"/g)].map(([, text = '']) => text).join(''),
    );
}

/** All that left was signed. */
function mailsAreSigned(least: number) {
  return async (host: GuideHost): Promise<void> => {
    await expect
      .poll(() => readdirSync(host.mails).length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(least);
    const reports = readdirSync(host.mails).map((name) => readFileSync(join(host.mails, name), 'latin1'));
    expect(
      reports.every((text) =>
        text.includes(`DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=${SENDER}`),
      ),
    ).toBe(true);
  };
}

export const GUIDES: readonly Guide[] = [
  {
    page: 'README.md',
    mta: 'postfix',
    async furnish(host, deb) {
      copyPackage(host, deb);
      await install(host, deb);
      await postfixHost(host);
    },
    before: { 'maillog-tlsrpt status': doGuide },
    notRun: { 'npm run demo': '.ci/run runs it in the checkout' },
  },
  {
    page: 'docs/install.md',
    mta: 'postfix',
    async furnish(host, deb) {
      copyPackage(host, deb);
      host.root.write('var/log/maillog', '', 0o600);
    },
    before: {
      'apt-get -qq remove maillog-tlsrpt': (host) =>
        host.guideFile('etc/maillog-tlsrpt/config.yaml', 'organization: Sender Ltd.\n'),
      '…npm root -g': installByNpm,
    },
    notRun: {
      'npm install -g maillog-tlsrpt':
        'the host has no way to the registry: the same package is put there by npm itself',
      'apt install unbound': 'the host has no way to the mirror, and a resolver that validates already',
    },
  },
  {
    page: 'docs/postfix.md',
    mta: 'postfix',
    async furnish(host, deb) {
      await install(host, deb);
      await postfixHost(host);
    },
    after: { '…echo "v=DKIM1': publishes('tlsrpt'), 'maillog-tlsrpt status': mailsAreSigned(80) },
    exits: { 'maillog-tlsrpt check': 1 },
  },
  {
    page: 'docs/exim.md',
    mta: 'exim',
    async furnish(host, deb) {
      await install(host, deb);
      await eximHost(host);
    },
    after: { '…echo "v=DKIM1': publishes('tlsrpt'), 'maillog-tlsrpt status': mailsAreSigned(50) },
    exits: { 'maillog-tlsrpt check': 1 },
  },
  {
    page: 'docs/dkim.md',
    mta: 'postfix',
    async furnish(host, deb) {
      await install(host, deb);
      await postfixHost(host);
    },
    after: {
      "…echo 'tlsrpt._domainkey IN TXT": publishesZoneLines('tlsrpt'),
      '…k=ed25519': publishes('tlsrpt-ed'),
      '…dkim-2027.pem -pubout': publishes('tlsrpt-2027'),
    },
  },
  {
    page: 'docs/what-a-log-can-tell.md',
    mta: 'postfix',
    async furnish(host, deb) {
      await install(host, deb);
      host.clock('2026-11-23T20:00:00Z');
      host.file('root/mail.log', withoutRelayed(readFileSync(SAMPLE_LOG, 'utf8')));
      sample(host, 'postfix-3.11.log', 'postfix/servers-without-starttls-as-the-tls-field-shows-them');
      sample(host, 'postfix-level-0.log', 'postfix/log-level-0-tells-failures-only');
      sample(host, 'exim-first-mx.log', 'exim/a-first-mx-whose-failure-is-not-logged');
      sample(host, 'exim-events.log', 'exim/events-of-a-first-mx-that-fails');
    },
  },
  { page: 'docs/monitoring.md', mta: 'postfix', furnish: runningHost },
  {
    page: 'docs/upgrade.md',
    mta: 'postfix',
    furnish: runningHost,
    before: { 'maillog-tlsrpt status': makeNewer },
    exits: { 'maillog-tlsrpt status': 78 },
  },
];
