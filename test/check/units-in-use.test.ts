import { readFile, rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serviceAccess } from '../../src/check/access.ts';
import type { Ask } from '../../src/policy/local-mta.ts';
import { set } from './broken-set-ups.ts';
import { type Host, healthyHost } from './place.ts';

const FOLLOW = 'maillog-tlsrpt-follow.service';
const RUN = 'maillog-tlsrpt.service';

let host: Host;
beforeEach(async () => {
  host = await healthyHost();
  await rm(host.place.path('root'), { recursive: true });
});
afterEach(() => host.close());

function packaged(unit: string, text: string): Promise<void> {
  return host.file(`usr/lib/systemd/system/${unit}`, `[Service]\n${text}`);
}

/** The follower is the one enabled, and of the other only the file is there. */
async function followed(text: string, other: string): Promise<void> {
  await packaged(FOLLOW, text);
  await packaged(RUN, other);
  await host.file(`etc/systemd/system/multi-user.target.wants/${FOLLOW}`, '');
}

async function troubles(): Promise<string[]> {
  const findings = await host.examine();
  return findings.flatMap(({ severity, text }) => (severity === 'ok' ? [] : [text]));
}

it('looks for a credential in the drop-in of the follower where that is enabled', async () => {
  await followed('', `LoadCredential=dkim.pem:${host.key}\n`);
  set(host, /key: [^}]*/, 'key: "credential:dkim.pem"');
  expect(await troubles()).toEqual([`${FOLLOW} is not given the credential dkim.pem that mail.dkim names`]);
  await host.file(
    `etc/systemd/system/${FOLLOW}.d/dkim.conf`,
    '[Service]\nLoadCredential=dkim.pem:/dkim.pem\n',
  );
  await host.file('dkim.pem', await readFile(host.key, 'utf8'));
  expect((await host.examine()).map(({ id }) => id)).toContain('dkim-record');
});

it('looks for the places that may be written to in the follower where that is enabled', async () => {
  host.config += `metrics: {textfile: ${host.place.path('tlsrpt.prom')}}\n`;
  await followed('ProtectSystem=strict\n', `ProtectSystem=strict\nReadWritePaths=${host.place.directory}\n`);
  expect(await troubles()).toEqual([
    `${host.place.directory} is read-only for ${FOLLOW}: metrics cannot be written there`,
  ]);
  await host.file(
    `etc/systemd/system/${FOLLOW}.d/metrics.conf`,
    `[Service]\nReadWritePaths=${host.place.directory}\n`,
  );
  expect(await troubles()).toEqual([]);
});

it('lets sendmail pass where only the unit that is not in use forbids new privileges', async () => {
  set(host, /via: .*$/m, 'via: sendmail\n  sendmail: /bin/true');
  await followed('', 'NoNewPrivileges=yes\n');
  expect(await troubles()).toEqual([]);
  await followed('NoNewPrivileges=yes\n', '');
  expect((await host.examine()).find(({ id }) => id === 'sendmail-no-privileges')?.text).toContain(FOLLOW);
});

it('asks as the user of the unit in use, in its groups, and without new privileges where it forbids them', async () => {
  await followed('User=tlsrpt\nGroup=tlsrpt\nSupplementaryGroups=adm nobodys\nNoNewPrivileges=yes\n', '');
  await host.file(`etc/systemd/system/${FOLLOW}.d/exim.conf`, '[Service]\nSupplementaryGroups=Debian-exim\n');
  const asked: string[] = [];
  const ask: Ask = async (program, args) => {
    asked.push([program, ...args].join(' '));
    if (program === 'getent') return args[1] === 'nobodys' ? undefined : 'there';
    return program === 'id' ? 'tlsrpt mailers\n' : undefined;
  };
  const access = await serviceAccess(ask, host.place.path('root'), 0);
  expect(access.who).toBe('tlsrpt');
  await access.ask('exim4', ['-bV']);
  const groups = ['tlsrpt', 'mailers', 'adm', 'Debian-exim'].map((name) => `-G ${name}`).join(' ');
  expect(asked.at(-1)).toBe(`runuser -u tlsrpt -g tlsrpt ${groups} -- setpriv --no-new-privs exim4 -bV`);
  await access.can('read', '/etc/key');
  expect(asked.at(-1)).toMatch(/^runuser -u tlsrpt -g tlsrpt .* -- \/bin\/sh -c test -r .* \/etc\/key$/);
});

it('asks as the caller where that is not root', async () => {
  const ask: Ask = async (program) => program;
  const access = await serviceAccess(ask, host.place.path('root'), 1000);
  expect(await access.ask('exim4', ['-bV'])).toBe('exim4');
});
