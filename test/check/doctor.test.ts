import { chmod, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Access, ownAccess } from '../../src/check/access.ts';
import { type Finding, worstOf } from '../../src/check/finding.ts';
import { fixedClock } from '../../src/clock.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { type Host, healthyHost, LOGGED, NOW } from './place.ts';

let host: Host;
beforeEach(async () => {
  host = await healthyHost();
});
afterEach(() => host.close());

function trouble(findings: readonly Finding[]): string[] {
  return findings.filter(({ severity }) => severity !== 'ok').map(({ severity, id }) => `${severity} ${id}`);
}

it('finds nothing to say against a host on which all is well', async () => {
  const findings = await host.examine();
  expect(trouble(findings)).toEqual([]);
  expect(worstOf(findings)).toBe('ok');
  expect(findings.map(({ id }) => id)).toEqual([
    'log',
    'postfix-loglevel',
    'ledger',
    'resolver',
    'dkim-record',
    'contact-mx',
    'spf',
    'dmarc',
    'own-tlsrpt',
    'way-out',
    'clock',
    'runner',
  ]);
});

/** One fault each: what breaks it, and the finding that must name it, and no other. */
const BROKEN: readonly [string, (host: Host) => Promise<unknown> | undefined, ...string[]][] = [
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

describe('names what is broken, and nothing else', () => {
  it.each(BROKEN.map(([name, breakIt, ...ids]) => ({ name, breakIt, ids })))(
    '$name',
    async ({ breakIt, ids }) => {
      await breakIt(host);
      const findings = await host.examine();
      expect(trouble(findings)).toEqual(ids);
      for (const { severity, help } of findings) if (severity !== 'ok') expect(help).not.toBe('');
    },
  );
});

it('says so when the resolver is silent, and of nothing else that it is missing', async () => {
  host.dns.silent = true;
  const found = trouble(await host.examine());
  expect(found).toContain('fail resolver-silent');
  expect(found.filter((line) => line.startsWith('fail'))).toEqual(['fail resolver-silent']);
});

it('looks with the rights of the user that will run it', async () => {
  const access: Access = { ...ownAccess(), who: 'maillog-tlsrpt', can: async () => false };
  const found = await host.examine({ access });
  expect(trouble(found)).toEqual([
    'fail log-unreadable',
    'fail state-unwritable',
    'fail dkim-key-unreadable',
    'fail config-unreadable',
  ]);
  expect(found.find(({ id }) => id === 'log-unreadable')?.help).toContain('maillog-tlsrpt');
});

it('sees a clock that is behind the configuration', async () => {
  const found = await host.examine({ clock: fixedClock(NOW - 400 * 86_400_000) });
  expect(trouble(found)).toContain('fail clock-behind');
});

it('sees in the log what the MTA would not say: failures without a success', async () => {
  const lines = Array.from(
    { length: 40 },
    (_, i) =>
      `Nov 23 19:31:${String(i % 60).padStart(2, '0')} mta1 postfix/smtp[${100 + i}]: A${i}B0C0D0: to=<u@d${i}.example>, relay=mx.d${i}.example[192.0.2.${i + 1}]:25, delay=1, delays=0/0/0.5/0.5, dsn=2.0.0, status=sent (250 ok)\n`,
  );
  await writeFile(host.log, lines.join(''));
  await utimes(host.log, LOGGED / 1000, LOGGED / 1000);
  expect(trouble(await host.examine())).toEqual(['fail postfix-loglevel-0']);
});

it('reads the end of a large log only, and still sees what it is', async () => {
  const noise = 'Nov 23 19:00:00 mta1 dovecot: imap-login: Login: user=<\xe4>, method=PLAIN, rip=192.0.2.1\n';
  const long = Buffer.from(noise.repeat(150_000), 'latin1');
  await writeFile(host.log, Buffer.concat([long, await readFile(host.log)]));
  await utimes(host.log, LOGGED / 1000, LOGGED / 1000);
  const findings = await host.examine();
  expect(trouble(findings)).toEqual([]);
  const lines = Number(/last (\d+) lines/.exec(findings[0]?.text ?? '')?.[1]);
  expect(lines).toBeLessThan(100_000);
  expect(lines).toBeGreaterThan(50_000);
});

describe('what the ledger tells', () => {
  async function mailed(): Promise<void> {
    const ledger = await openLedger(host.place.path('state'));
    for (let i = 0; i < 6; i++) {
      const report = {
        day: '2026-11-22',
        domain: `d${i}.example`,
        revision: 1,
        reportId: `r${i}`,
        json: '{}',
        builtAt: NOW,
      };
      const { id: reportId } = await ledger.freeze(
        report,
        [],
        [{ rua: `mailto:a@d${i}.example`, state: 'due', notBefore: 0 }],
      );
      const [row] = await ledger.outbox({ reportId });
      await ledger.moveOutbox(row?.id ?? 0, 'due', { state: 'sent' });
    }
    await ledger.setNote('last-run:mta1', { at: NOW - 86_400_000, seconds: 1, exitCode: 0 });
    await ledger.close();
  }

  it('reports that the log never shows again are a loop in the making; and no run for a day', async () => {
    await mailed();
    expect(trouble(await host.examine())).toEqual(['warn loops', 'warn run-overdue']);
  });
});

function set(h: Host, from: string | RegExp, to: string): void {
  h.config = h.config.replace(from, to);
}

function put(h: Host, name: string, value: string): void {
  h.postconf[name] = value;
}

function dkim(h: Host, change: (record: string) => string): void {
  const name = 'tlsrpt._domainkey.reports.example';
  h.txt.set(name, (h.txt.get(name) ?? []).map(change));
}

async function unit(h: Host): Promise<void> {
  const directory = h.place.path('root/usr/lib/systemd/system');
  await mkdir(directory, { recursive: true });
  await writeFile(`${directory}/maillog-tlsrpt.service`, '[Service]\nNoNewPrivileges=yes\n');
}
