import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findDkimKeys } from '../../src/init/dkim-keys.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'init-'));
});
afterEach(() => rm(root, { recursive: true }));

async function file(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

const nothing = async () => undefined;

it('finds nothing where nothing signs', async () => {
  expect(await findDkimKeys(nothing, root)).toEqual([]);
});

it('reads the one key of opendkim.conf, and passes over what is commented out', async () => {
  await file(
    '/etc/opendkim.conf',
    'Syslog yes\n#Domain old.example\nDomain\t\texample.org\nSelector  s2026\nKeyFile /etc/dkimkeys/s2026.private\n',
  );
  expect(await findDkimKeys(nothing, root)).toEqual([
    { signer: 'opendkim', domain: 'example.org', selector: 's2026', path: '/etc/dkimkeys/s2026.private' },
  ]);
});

it.each([
  ['v', 0],
  ['s', 1],
  ['sv', 1],
  ['vs  # both', 1],
  ['v  # signs nothing', 0],
])('takes opendkim for a signer only where its mode has an s: %s', async (mode, keys) => {
  await file(
    '/etc/opendkim.conf',
    `Mode ${mode}\nDomain example.org\nSelector mail\nKeyFile /k/mail.private\n`,
  );
  expect(await findDkimKeys(nothing, root)).toHaveLength(keys);
});

it('reads a Domain that is a list, or a file with one', async () => {
  await file('/etc/opendkim/domains', '# ours\nexample.com\nexample.net\n');
  for (const [list, domains] of [
    ['example.org, example.net', ['example.org', 'example.net']],
    ['csl:example.org,example.net', ['example.org', 'example.net']],
    ['file:/etc/opendkim/domains', ['example.com', 'example.net']],
  ] as const) {
    await file('/etc/opendkim.conf', `Domain ${list}\nSelector mail\nKeyFile /k/mail.private\n`);
    expect((await findDkimKeys(nothing, root)).map(({ domain }) => domain)).toEqual(domains);
  }
});

it('reads a KeyTable that stands in opendkim.conf itself', async () => {
  const table = 'one=example.org:a:/k/a.private,two=example.net:b:/k/b.private';
  await file('/etc/opendkim.conf', `KeyTable csl:${table}\n`);
  expect(await findDkimKeys(nothing, root)).toEqual([
    { signer: 'opendkim', domain: 'example.org', selector: 'a', path: '/k/a.private' },
    { signer: 'opendkim', domain: 'example.net', selector: 'b', path: '/k/b.private' },
  ]);
});

it('reads a KeyTable', async () => {
  await file('/etc/opendkim.conf', 'KeyTable refile:/etc/opendkim/key.table\n');
  await file(
    '/etc/opendkim/key.table',
    '# name domain:selector:key\none example.org:a:/k/a.private\ntwo example.net:b:/k/b.private\n',
  );
  expect(
    (await findDkimKeys(nothing, root)).map(({ domain, selector, path }) => [domain, selector, path]),
  ).toEqual([
    ['example.org', 'a', '/k/a.private'],
    ['example.net', 'b', '/k/b.private'],
  ]);
});

it('reads rspamd’s pattern and the domains with a setting of their own', async () => {
  await file(
    '/etc/rspamd/local.d/dkim_signing.conf',
    `path = "/var/lib/rspamd/dkim/$domain.$selector.key";
selector = "mail";
domain {
  own.example {
    path = "/k/own.key";
    selector = "x";
  }
}
`,
  );
  await file('/var/lib/rspamd/dkim/example.org.mail.key', '');
  await file('/var/lib/rspamd/dkim/example.org.other.key', '');
  expect(await findDkimKeys(nothing, root)).toEqual([
    { signer: 'rspamd', domain: 'own.example', selector: 'x', path: '/k/own.key' },
    {
      signer: 'rspamd',
      domain: 'example.org',
      selector: 'mail',
      path: '/var/lib/rspamd/dkim/example.org.mail.key',
    },
  ]);
});

it('reads the selectors that rspamd signs a domain with at once', async () => {
  await file(
    '/etc/rspamd/local.d/dkim_signing.conf',
    `# domain { old.example { selector = "x"; } }
domain {
  both.example {
    selectors [
      { path: "/k/rsa.key"; selector: "rsa"; },
      {
        path = "/k/ed.key";
        selector = "ed";
      }
    ]
  }
  one.example { selector = "one"; path = "/k/one.key"; }
}
`,
  );
  expect(await findDkimKeys(nothing, root)).toEqual([
    { signer: 'rspamd', domain: 'both.example', selector: 'rsa', path: '/k/rsa.key' },
    { signer: 'rspamd', domain: 'both.example', selector: 'ed', path: '/k/ed.key' },
    { signer: 'rspamd', domain: 'one.example', selector: 'one', path: '/k/one.key' },
  ]);
});

it('knows where rspamd looks for keys without being told', async () => {
  await file('/var/lib/rspamd/dkim/example.org.dkim.key', '');
  // A key that was left over signs nothing.
  expect(await findDkimKeys(nothing, root)).toEqual([]);
  await file('/etc/rspamd/rspamd.conf', '.include "$CONFDIR/common.conf"\n');
  expect(await findDkimKeys(nothing, root)).toEqual([
    {
      signer: 'rspamd',
      domain: 'example.org',
      selector: 'dkim',
      path: '/var/lib/rspamd/dkim/example.org.dkim.key',
    },
  ]);
});

it('takes rspamd for no signer where it signs nothing of this host', async () => {
  await file('/etc/rspamd/local.d/dkim_signing.conf', 'sign_local = false;\n');
  await file('/var/lib/rspamd/dkim/example.org.dkim.key', '');
  expect(await findDkimKeys(nothing, root)).toEqual([]);
});

it('believes rspamd when it is switched off', async () => {
  await file('/etc/rspamd/local.d/dkim_signing.conf', 'enabled = false;\n');
  await file('/var/lib/rspamd/dkim/example.org.dkim.key', '');
  expect(await findDkimKeys(nothing, root)).toEqual([]);
});

it('takes Exim’s fixed keys, not those that depend on the mail', async () => {
  const transports = (domain: string) =>
    `\nremote_smtp transport:\ndriver = smtp\ndkim_domain = ${domain}\ndkim_private_key = /etc/exim4/dkim.key\ndkim_selector = x1\n`;
  const ask = (text: string) => async (program: string) => (program === 'exim4' ? text : undefined);
  expect(await findDkimKeys(ask(transports('example.org')), root)).toEqual([
    { signer: 'exim', domain: 'example.org', selector: 'x1', path: '/etc/exim4/dkim.key' },
  ]);
  expect(await findDkimKeys(ask(transports('\u0024{sender_address_domain}')), root)).toEqual([]);
});
