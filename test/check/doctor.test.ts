import { chmod, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Access, ownAccess } from '../../src/check/access.ts';
import { type Finding, worstOf } from '../../src/check/finding.ts';
import { fixedClock } from '../../src/clock.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { BROKEN, set } from './broken-set-ups.ts';
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

it.each([
  ['first', '2026-10-25T00:32:09Z'],
  ['second', '2026-10-25T01:32:09Z'],
])(
  'does not take a log of the hour that comes twice for one of another zone: its %s reading',
  async (_, time) => {
    set(host, 'timezone: UTC', 'timezone: Europe/Berlin');
    const text = await readFile(host.log, 'utf8');
    await writeFile(host.log, text.replaceAll('Nov 23 19:', 'Oct 25 02:'));
    await utimes(host.log, new Date(time), new Date(time));
    host.now = Date.parse(time) + 600_000;
    const findings = await host.examine();
    expect(findings.filter(({ id }) => id.startsWith('log')).map(({ id }) => id)).toEqual(['log']);
  },
);

it('looks at the file of a credential that the unit is given, which its user need not be able to read', async () => {
  set(host, /key: [^}]*/, 'key: "credential:dkim.pem"');
  await host.file('usr/lib/systemd/system/maillog-tlsrpt.service', '[Service]\nUser=maillog-tlsrpt\n');
  await host.file(
    'etc/systemd/system/maillog-tlsrpt.service.d/override.conf',
    '[Service]\nLoadCredential=dkim.pem:/etc/dkim/key.pem\n',
  );
  await host.file('etc/dkim/key.pem', await readFile(host.key, 'utf8'));
  const key = host.place.path('root/etc/dkim/key.pem');
  await chmod(key, 0o600);
  const access: Access = { ...ownAccess(host.ask), can: async (_right, path) => path !== key };
  const findings = await host.examine({ access });
  expect(trouble(findings)).toEqual([]);
  expect(findings.map(({ id }) => id)).toContain('dkim-record');
  await rm(key);
  expect(trouble(await host.examine({ access }))).toEqual(['fail dkim-key']);
});

it('has nothing to say of places and programs that can be used', async () => {
  host.config += `metrics: {textfile: ${host.place.path('tlsrpt.prom')}}\nalerts: {command: [sh, -c, cat]}\n`;
  await host.file('usr/lib/systemd/system/maillog-tlsrpt.service', '[Service]\nProtectSystem=strict\n');
  await host.file(
    'etc/systemd/system/maillog-tlsrpt.service.d/metrics.conf',
    `[Service]\nReadWritePaths=${host.place.directory}\n`,
  );
  expect(trouble(await host.examine())).toEqual([]);
});

it.each(['etc/crontab', 'etc/cron.d/tlsrpt', 'var/spool/cron/crontabs/maillog-tlsrpt'])(
  'knows what runs it by %s',
  async (table) => {
    await rm(host.place.path('root'), { recursive: true });
    await host.file(table, '*/15 * * * * maillog-tlsrpt maillog-tlsrpt run --quiet\n');
    expect(trouble(await host.examine())).toEqual([]);
  },
);

it('says so when the resolver is silent, and of nothing else that it is missing', async () => {
  host.dns.silent = true;
  const found = trouble(await host.examine());
  expect(found).toContain('fail resolver-silent');
  expect(found.filter((line) => line.startsWith('fail'))).toEqual(['fail resolver-silent']);
});

it('shows how a smart host is named', async () => {
  set(host, /, relayhosts: .*\]/, '');
  const finding = (await host.examine()).find(({ id }) => id === 'postfix-next-hop-unknown');
  expect(finding?.help).toContain(`logs: [{path: ${host.log}, relayhosts: ["[smtp.isp.example]:587"]}]`);
});

it('is content with a journal that the user of the unit may read', async () => {
  set(host, /- \{path: .*/, '- {journal: {units: ["postfix@-.service"]}}');
  host.programs.set('journalctl', '{"MESSAGE":"hello"}\n');
  expect(trouble(await host.examine())).toEqual([]);
});

it('looks with the rights of the user that will run it', async () => {
  const access: Access = { ...ownAccess(host.ask), who: 'maillog-tlsrpt', can: async () => false };
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
  const SENT = NOW - 3_600_000;

  /** @param readAt when the log was read to its end, UTC ms; absent: never since */
  async function mailed(readAt?: number): Promise<void> {
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
      await ledger.moveOutbox(row?.id ?? 0, 'due', { state: 'sent', lastTriedAt: SENT });
    }
    for (const [name, at] of [
      ['/var/log/mail.log', readAt],
      ['/old/mail.log', SENT - 30 * 86_400_000],
    ] as const) {
      if (at === undefined) continue;
      const { id: logId, version } = await ledger.log('mta1', 'postfix', name);
      const nothing = { sessions: new Map(), openChanged: [], openDeleted: [], refuseOverlap: false };
      await ledger.commit({ ...nothing, logId, ingestedAt: at, readToEndAt: at, expectedVersion: version });
    }
    await ledger.setNote('last-run:mta1', { at: NOW - 86_400_000, seconds: 1, exitCode: 0 });
    await ledger.close();
  }

  it('reports that the log never shows again are a loop in the making; and no run for a day', async () => {
    await mailed(NOW - 60_000);
    expect(trouble(await host.examine())).toEqual(['warn loops', 'warn run-overdue']);
  });

  it.each([
    ['never', undefined],
    ['before they were sent', SENT - 60_000],
    ['just when they were sent', SENT + 60_000],
  ])('says nothing of reports while the log was read %s', async (_, readAt) => {
    await mailed(readAt);
    expect(trouble(await host.examine())).toEqual(['warn run-overdue']);
  });
});
