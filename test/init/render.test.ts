import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/file.ts';
import { type ConfigKey, configKeys } from '../../src/config/keys.ts';
import { configSchema } from '../../src/config.ts';
import type { InitFacts } from '../../src/init/facts.ts';
import { renderConfig } from '../../src/init/render.ts';

const NOTHING: InitFacts = {
  mtas: [],
  logs: [],
  zone: 'Europe/Berlin',
  validates: false,
  keys: [],
  nativeTlsrpt: false,
};
const ALL: InitFacts = {
  domain: 'example.org',
  mtas: ['Postfix 3.7.11', 'Exim 4.96'],
  logs: [
    {
      path: '/var/log/mail.log',
      parser: 'postfix',
      relayhosts: ['[smtp.isp.example]:587'],
      fallbackRelays: ['[backup.example]'],
    },
    { path: '/var/log/exim4/mainlog', parser: 'exim', relayhosts: [], fallbackRelays: [] },
  ],
  zone: 'Europe/Berlin',
  resolver: '127.0.0.1',
  validates: true,
  keys: [{ signer: 'opendkim', domain: 'example.org', selector: 's1', path: '/etc/dkim/s1.key' }],
  via: 'smtp://127.0.0.1:25',
  nativeTlsrpt: true,
};

it('is a configuration, however little was found', () => {
  const { text, todo } = renderConfig(NOTHING);
  expect(parseConfig(text, 'config.yaml')).toEqual(
    configSchema.parse({
      organization: 'example.com',
      contact: 'postmaster@example.com',
      state: '/var/lib/maillog-tlsrpt',
      mail: {},
    }),
  );
  expect(todo.join('\n')).toMatch(/example\.com[\s\S]*DKIM[\s\S]*log of your MTA[\s\S]*port 25[\s\S]*DNSSEC/);
});

it('holds all that was found', () => {
  const { text, todo } = renderConfig(ALL);
  const config = parseConfig(text, 'config.yaml');
  expect(config).toMatchObject({
    contact: 'postmaster@example.org',
    logs: [
      {
        path: '/var/log/mail.log',
        parser: 'postfix',
        timezone: 'Europe/Berlin',
        relayhosts: ['[smtp.isp.example]:587'],
        'fallback-relays': ['[backup.example]'],
        'sending-mta-ip': 'auto',
      },
      { path: '/var/log/exim4/mainlog', parser: 'exim', relayhosts: [] },
    ],
    dns: { servers: ['127.0.0.1'] },
    mail: { via: 'smtp://127.0.0.1:25', dkim: 'mta' },
  });
  expect(todo.join('\n')).toContain('opendkim signs mail of example.org (selector s1)');
  expect(todo.join('\n')).toContain('Postfix reports by itself');
});

it('takes the domain that a key is for, where the host’s own has none', () => {
  const { text } = renderConfig({ ...ALL, domain: 'mta1.example.net' });
  expect(parseConfig(text, 'config.yaml').contact).toBe('postmaster@example.org');
});

function leaves(keys: readonly ConfigKey[]): ConfigKey[] {
  return keys.flatMap((key) => (key.keys.length === 0 ? [key] : leaves(key.keys)));
}

it('shows every key there is, with the words of the schema', () => {
  const { text } = renderConfig(ALL);
  const joined = text.replace(/\n *# (?=\S)/g, ' ');
  for (const { name, words } of leaves(configKeys())) {
    expect(text, name).toMatch(new RegExp(`^[ #-]*${name}:`, 'm'));
    expect(words, name).not.toBe('');
    expect(joined).toContain(words);
  }
});

it('shows defaults that are true: taking the # away changes nothing', () => {
  const { text } = renderConfig(NOTHING);
  const lines = text.split('\n');
  // What stands further in are elements of lists, which have no default as a whole.
  const isKey = (line: string) => /^(?: {2})?#[a-z-]+: \S/.test(line);
  const bare = lines.map((line, i) => {
    const header = /^(\s*)#([a-z-]+):$/.exec(line);
    const indent = header?.[1]?.length ?? 0;
    const below = lines.slice(i + 1, lines.findIndex((other, j) => j > i && other === '') >>> 0);
    const holdsKey = below.some((other) => isKey(other) && other.search(/\S/) === indent + 2);
    return isKey(line) || (header !== null && holdsKey) ? line.replace('#', '') : line;
  });
  expect(bare.filter((line) => /^\s*[a-z-]+:/.test(line)).length).toBeGreaterThan(30);
  expect(parseConfig(bare.join('\n'), 'config.yaml')).toEqual(parseConfig(text, 'config.yaml'));
});
