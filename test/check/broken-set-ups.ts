import { chmod, rm, utimes, writeFile } from 'node:fs/promises';
import { type Host, LOGGED, NOW } from './place.ts';

/** One fault each: what breaks it, and the finding that must name it, and no other. */
export const BROKEN: readonly [string, (host: Host) => Promise<unknown> | undefined, ...string[]][] = [
  ['the log is not there', (h) => rm(h.log), 'fail log-missing'],
  [
    'nobody can tell whose log it is',
    async (h) => {
      set(h, 'timezone: UTC', 'timezone: UTC, parser: auto');
      await writeFile(h.log, 'Nov 23 19:32:09 mta1 sshd[1]: Connection closed by 192.0.2.1\n');
      await utimes(h.log, LOGGED / 1000, LOGGED / 1000);
    },
    'warn log-no-format',
  ],
  [
    'the directory of rotations is not there',
    async (h) => set(h, 'timezone: UTC', 'timezone: UTC, rotated: /no/such/directory'),
    'fail log-rotated',
  ],
  ['the log is empty', (h) => writeFile(h.log, ''), 'warn log-empty'],
  [
    'the log is another program’s',
    async (h) => {
      await writeFile(h.log, 'Nov 23 19:32:09 mta1 sshd[1]: Connection closed by 192.0.2.1\n');
      await utimes(h.log, LOGGED / 1000, LOGGED / 1000);
    },
    'fail log-no-format',
  ],
  [
    'the log is Exim’s',
    async (h) => {
      const line =
        '2026-11-23 19:32:09 1abc2D-000123-AB => u@example.org R=dnslookup T=remote_smtp H=mx.example.org [192.0.2.25] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes C="250 ok"\n';
      await writeFile(h.log, line.repeat(3));
      await utimes(h.log, LOGGED / 1000, LOGGED / 1000);
    },
    'fail log-other-format',
  ],
  ['the zone is wrong', async (h) => set(h, 'timezone: UTC', 'timezone: Asia/Tokyo'), 'fail log-zone'],
  [
    'nothing was logged for days',
    async (h) => {
      h.now = NOW + 5 * 86_400_000;
      const time = LOGGED / 1000 + 86_400;
      await utimes(h.log, time, time);
    },
    'warn log-stale',
  ],
  ['smtp_tls_loglevel is 0', async (h) => put(h, 'smtp_tls_loglevel', '0'), 'fail postfix-loglevel'],
  ['Postfix never tries TLS', async (h) => put(h, 'smtp_tls_security_level', ''), 'fail postfix-no-tls'],
  ['Postfix reports by itself', async (h) => put(h, 'smtp_tlsrpt_enable', 'yes'), 'warn native-tlsrpt'],
  [
    'a native TLSRPT that reports on reports',
    async (h) => {
      put(h, 'smtp_tlsrpt_enable', 'yes');
      put(h, 'mail_version', '3.10.2');
    },
    'warn native-tlsrpt',
    'warn native-loop',
  ],
  ['Postfix knows no authorities', async (h) => put(h, 'smtp_tls_CApath', ''), 'warn postfix-no-anchors'],
  [
    'a smart host that is not named',
    async (h) => set(h, /, relayhosts: .*\]/, ''),
    'warn postfix-next-hop-unknown',
  ],
  [
    'a journal that the user of the unit may not read',
    async (h) => {
      set(h, /- \{path: .*/, '- {journal: {units: ["postfix@-.service"]}}');
      h.programs.set('journalctl', '{"MESSAGE":"hello"}\n');
      h.barred.add('journalctl');
    },
    'fail log-unreadable',
  ],
  [
    'an old Postfix that demands TLS',
    async (h) => put(h, 'smtp_tls_security_level', 'encrypt'),
    'warn tls-required-ignored',
  ],
  [
    'Postfix logs elsewhere',
    async (h) => put(h, 'maillog_file', '/var/log/postfix.log'),
    'fail postfix-other-log',
  ],
  ['no DKIM at all', async (h) => set(h, /^ {2}dkim: .*$/m, ''), 'fail dkim-missing'],
  [
    'a credential that the unit is not given',
    async (h) => set(h, /key: [^}]*/, 'key: "credential:dkim.pem"'),
    'fail credential-missing',
  ],
  [
    'a password that the unit is not given',
    async (h) => set(h, /(via: .*)$/m, '$1\n  user: u\n  password-file: credential:secret'),
    'fail credential-missing',
  ],
  ['the key is not there', (h) => rm(h.key), 'fail dkim-key'],
  ['the key is no key', (h) => writeFile(h.key, 'hello'), 'fail dkim-key'],
  ['everybody may read the key', (h) => chmod(h.key, 0o644), 'warn dkim-key-open'],
  [
    'no DKIM record',
    async (h) => h.txt.delete('tlsrpt._domainkey.reports.example'),
    'fail dkim-record-missing',
  ],
  [
    'the record is of another key',
    async (h) => dkim(h, (record) => record.replace(/p=.{40}/, 'p=')),
    'fail dkim-record-other-key',
  ],
  [
    'the record is for mail alone',
    async (h) => dkim(h, (record) => `${record}; s=email`),
    'fail dkim-record-service',
  ],
  [
    'the record allows SHA-1 alone',
    async (h) => dkim(h, (record) => `${record}; h=sha1`),
    'fail dkim-record-hash',
  ],
  ['the record is a test', async (h) => dkim(h, (record) => `${record}; t=y:s`), 'warn dkim-record-testing'],
  ['the key is revoked', async (h) => dkim(h, () => 'v=DKIM1; p='), 'fail dkim-record-revoked'],
  ['the record is nonsense', async (h) => dkim(h, () => 'hello world'), 'fail dkim-record-malformed'],
  [
    'two records',
    async (h) => {
      const name = 'tlsrpt._domainkey.reports.example';
      h.txt.set(name, [...(h.txt.get(name) ?? []), 'v=DKIM1; p=']);
    },
    'fail dkim-record-many',
  ],
  ['no SPF', async (h) => h.txt.delete('reports.example'), 'warn spf-missing'],
  [
    'two SPF records',
    async (h) => h.txt.set('reports.example', ['v=spf1 mx -all', 'v=spf1 a -all']),
    'fail spf-many',
  ],
  ['SPF says: no mail', async (h) => h.txt.set('reports.example', ['v=spf1 -all']), 'fail spf-nobody'],
  ['no DMARC', async (h) => h.txt.delete('_dmarc.reports.example'), 'warn dmarc-missing'],
  ['the contact takes no mail', async (h) => h.noMail.add('reports.example'), 'fail contact-no-mx'],
  ['no own record', async (h) => h.txt.delete('_smtp._tls.reports.example'), 'warn own-tlsrpt-missing'],
  [
    'a broken own record',
    async (h) => h.txt.set('_smtp._tls.reports.example', ['v=TLSRPTv1; rua=tls@reports.example']),
    'fail own-tlsrpt-malformed',
  ],
  [
    'the resolver does not validate',
    async (h) => {
      h.dns.validates = false;
    },
    'warn resolver-no-dnssec',
  ],
  [
    'the resolver does not validate, and DANE is honoured',
    async (h) => {
      h.dns.validates = false;
      h.config += 'mta: {honours: [dane]}\n';
    },
    'fail resolver-no-dnssec',
  ],
  [
    'the mail server is away',
    async (h) => set(h, /smtp:\/\/127\.0\.0\.1:\d+/, 'smtp://127.0.0.1:9'),
    'fail way-out',
  ],
  [
    'sendmail under the unit',
    async (h) => {
      set(h, /via: .*$/m, 'via: sendmail\n  sendmail: /bin/true');
      await unit(h);
    },
    'fail sendmail-no-privileges',
  ],
  [
    'an alert command that is not there',
    async (h) => {
      h.config += 'alerts: {command: [/usr/local/bin/no-such-program, -x]}\n';
    },
    'fail alert-command',
  ],
  [
    'a place for metrics that is not there',
    async (h) => {
      h.config += 'metrics: {textfile: /no/such/directory/tlsrpt.prom}\n';
    },
    'fail textfile-unwritable',
  ],
  [
    'a place for metrics that the unit may not write to',
    async (h) => {
      h.config += `metrics: {textfile: ${h.place.path('tlsrpt.prom')}}\n`;
      await h.file(
        'usr/lib/systemd/system/maillog-tlsrpt.service',
        '[Service]\nProtectSystem=strict\nReadWritePaths=-/var/lib/prometheus/node-exporter\n',
      );
    },
    'fail textfile-read-only',
  ],
  [
    'a state that is no directory',
    async (h) => set(h, /state: .*$/m, 'state: /dev/null/state'),
    'fail ledger',
  ],
  [
    'the clock is not synchronized',
    async (h) => h.programs.set('timedatectl', 'no\n'),
    'warn clock-unsynchronized',
  ],
  ['nothing runs it', (h) => rm(h.place.path('root'), { recursive: true }), 'warn nothing-runs'],
];

/** Changes the text of the config. */
export function set(h: Host, from: string | RegExp, to: string): void {
  h.config = h.config.replace(from, to);
}

function put(h: Host, name: string, value: string): void {
  h.postconf[name] = value;
}

function dkim(h: Host, change: (record: string) => string): void {
  const name = 'tlsrpt._domainkey.reports.example';
  h.txt.set(name, (h.txt.get(name) ?? []).map(change));
}

function unit(h: Host): Promise<void> {
  return h.file('usr/lib/systemd/system/maillog-tlsrpt.service', '[Service]\nNoNewPrivileges=yes\n');
}
