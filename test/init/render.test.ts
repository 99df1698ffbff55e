import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/file.ts';
import { type ConfigKey, configKeys } from '../../src/config/keys.ts';
import { configSchema } from '../../src/config.ts';
import type { InitFacts } from '../../src/init/facts.ts';
import { renderConfig } from '../../src/init/render.ts';

const NOTHING: InitFacts = {
  mtas: [],
  logs: [],
  hidden: [],
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
  hidden: [],
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

it('reads the journal where that is all there is, and says so where nothing of the MTA was seen in it', () => {
  const log = { parser: 'postfix', relayhosts: [], fallbackRelays: [] } as const;
  const seen = renderConfig({ ...ALL, logs: [{ ...log, journal: { units: ['postfix.service'] } }] });
  expect(parseConfig(seen.text, 'config.yaml').logs).toMatchObject([
    { journal: { units: ['postfix.service'], identifiers: [] }, parser: 'postfix', 'sending-mta-ip': 'auto' },
  ]);
  expect(seen.todo.join('\n')).not.toContain('journal');
  const exim = { ...log, parser: 'exim', journal: { identifiers: ['exim'] }, unseen: true } as const;
  const unseen = renderConfig({ ...ALL, logs: [exim] });
  expect(parseConfig(unseen.text, 'config.yaml').logs).toMatchObject([
    { journal: { units: [], identifiers: ['exim'] } },
  ]);
  expect(unseen.todo.join('\n')).toContain('see that Exim logs to the journal');
});

it('writes out, and says why, what the user of the units will not be able to ask', () => {
  const log = { path: '/var/log/exim4/mainlog', parser: 'exim', relayhosts: [], fallbackRelays: [] } as const;
  const { text } = renderConfig({
    ...ALL,
    logs: [{ ...log, sendingMtaIp: '192.0.2.77' }],
    honours: ['dane'],
  });
  expect(parseConfig(text, 'config.yaml')).toMatchObject({
    mta: { honours: ['dane'] },
    logs: [{ 'sending-mta-ip': '192.0.2.77' }],
  });
  const reasons = text.replace(/\n[ #]*# (?=\S)/g, ' ').match(/Written out as found, .* cannot ask it/g);
  expect(reasons).toHaveLength(2);
});

it('sends who may not see the settings of the MTA to root', () => {
  const { todo } = renderConfig({ ...NOTHING, hidden: ['Exim'] });
  expect(todo.join('\n')).toContain('run init as root: Exim does not show its settings');
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
  const joined = text.replace(/\n[ #]*# (?=\S)/g, ' ');
  for (const { name, words } of leaves(configKeys())) {
    expect(text, name).toMatch(new RegExp(`^[ #-]*${name}:`, 'm'));
    expect(words, name).not.toBe('');
    expect(joined).toContain(words);
  }
});

it('shows defaults that are true: taking the # away changes nothing', () => {
  const { text } = renderConfig(NOTHING);
  // What stands further in are elements of lists, which have no default as a whole.
  const bare = text.replace(/^((?: {2})?)#(?=[a-z-]+: \S)/gm, '$1');
  expect(bare.split('\n').filter((line) => /^\s*[a-z-]+: \S/.test(line)).length).toBeGreaterThan(30);
  expect(parseConfig(bare, 'config.yaml')).toEqual(parseConfig(text, 'config.yaml'));
});

/** What somebody could write behind a key that has no default. */
const WRITTEN: Readonly<Record<string, string>> = {
  timezone: 'Europe/Berlin',
  host: 'mta1',
  rotated: '/var/log/old',
  'sending-mta-ip': '192.0.2.7',
  'tls-log-level': '1',
  from: 'tls@example.org',
  user: 'tls',
  'password-file': '/etc/maillog-tlsrpt/password',
  dkim: 'mta',
  directory: '/var/lib/tlsrpt',
  'https-ca': '/etc/ssl/ca.pem',
  instance: 'mta1',
  'export-key': '/etc/maillog-tlsrpt/export.pem',
  command: '[/usr/local/bin/tls-alert]',
  textfile: '/var/lib/prometheus/node-exporter/maillog-tlsrpt.prom',
};

interface Example {
  readonly name: string;
  /** The whole file with this one taken out of its comment. */
  readonly text: string;
}

/** Every comment that is an example: a key in its mapping, or the block of a list's element. */
function examples(text: string): Example[] {
  const lines = text.split('\n');
  return lines.flatMap((line, i) => {
    const [, before = '', dash = '', name = '', value = ''] = /^( *)#(- )?([a-z-]+):(.*)$/.exec(line) ?? [];
    if (name === '') return [];
    const block = `${before}#  `;
    const beyond = lines.findIndex((other, j) => j > i && !other.startsWith(block));
    const end = dash === '' ? i + 1 : beyond;
    const taken = lines.slice(i, end).map((each) => before + each.slice(before.length + 1));
    if (dash === '' && value === '') taken[0] = `${before}${name}: ${WRITTEN[name]}`;
    return [{ name, text: [...lines.slice(0, i), ...taken, ...lines.slice(end)].join('\n') }];
  });
}

const JOURNAL: InitFacts = {
  ...ALL,
  logs: [{ journal: { units: ['postfix.service'] }, parser: 'postfix', relayhosts: [], fallbackRelays: [] }],
};

it.each([
  ['nothing', NOTHING],
  ['all', ALL],
  ['a journal', JOURNAL],
] as const)(
  'can be changed by taking one example alone out of its comment, where %s was found',
  (_, facts) => {
    const { text } = renderConfig(facts);
    const found = examples(text);
    expect(found.length).toBeGreaterThan(40);
    for (const { name, text: changed } of found)
      expect(() => parseConfig(changed, 'config.yaml'), `${name}\n${changed}`).not.toThrow();
    const added = ['- path', '- journal', '- domain', '- host'].filter((each) => text.includes(`#${each}:`));
    expect(added).toHaveLength(facts === NOTHING ? 4 : 3);
  },
);

it('takes what stands behind an example for what it says, and adds a log where a log is shown', () => {
  const { text } = renderConfig(ALL);
  const before = parseConfig(text, 'config.yaml');
  const taken = (name: string) =>
    parseConfig(examples(text).find((each) => each.name === name)?.text ?? '', 'config.yaml');
  expect(taken('directory').delivery.directory).toBe('/var/lib/tlsrpt');
  expect(taken('journal').logs).toEqual([
    ...before.logs,
    expect.objectContaining({ journal: { units: ['postfix@-.service'], identifiers: [] } }),
  ]);
});
