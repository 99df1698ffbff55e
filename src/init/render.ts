import { stringify } from 'yaml';
import { type ConfigKey, configKeys } from '../config/keys.ts';
import type { FoundKey, InitFacts } from './facts.ts';

/** A key's value as found; `undefined` in the tree means: shown as a comment, with its default. */
type Found = {
  readonly [name: string]: Found | readonly Found[] | string | number | boolean | readonly string[];
};

const WIDTH = 100;

/** A configuration as `init` writes it. */
export interface Rendered {
  readonly text: string;
  /** What the admin must see to before the first run, one sentence each. */
  readonly todo: readonly string[];
}

/** The config for a host: what was found stands as it is, all else as comments with the defaults. */
export function renderConfig(facts: InitFacts): Rendered {
  const domain = senderDomain(facts);
  const found: Found = {
    organization: domain,
    contact: `postmaster@${domain}`,
    state: '/var/lib/maillog-tlsrpt',
    logs: facts.logs.map((log) => ({
      path: log.path,
      parser: log.parser,
      timezone: facts.zone,
      'sending-mta-ip': 'auto',
      ...(log.relayhosts.length > 0 && { relayhosts: log.relayhosts }),
      ...(log.fallbackRelays.length > 0 && { 'fallback-relays': log.fallbackRelays }),
    })),
    mail: {
      via: facts.via ?? 'smtp://127.0.0.1:25',
      ...(signerOf(facts, domain) !== undefined && { dkim: 'mta' }),
    },
    ...(facts.resolver !== undefined && { dns: { servers: [facts.resolver] } }),
  };
  const head = [
    `# The configuration of maillog-tlsrpt, as found on this host${facts.mtas.length === 0 ? '' : `: ${facts.mtas.join(', ')}`}.`,
    '# What stands behind a # is the default. `maillog-tlsrpt check` says whether all is well.',
  ];
  const body = configKeys().flatMap((key) => ['', ...renderKey(key, found[key.name], '')]);
  return { text: `${[...head, ...body].join('\n')}\n`, todo: todoOf(facts, domain) };
}

/** The domain reports are from: that of the host's mail, or the only one a DKIM key was found for. */
function senderDomain({ domain, keys }: InitFacts): string {
  if (domain !== undefined && (keys.length === 0 || keys.some((key) => key.domain === domain))) return domain;
  return keys[0]?.domain ?? domain ?? 'example.com';
}

function signerOf({ keys }: InitFacts, domain: string): FoundKey | undefined {
  return keys.find((key) => key.domain === domain);
}

function todoOf(facts: InitFacts, domain: string): string[] {
  const signer = signerOf(facts, domain);
  const todo = [
    `set organization to your name, and contact to an address of ${domain} that somebody reads`,
    signer === undefined
      ? `make a DKIM key and set mail.dkim (docs/dkim.md): receivers ignore unsigned reports`
      : `${signer.signer} signs mail of ${domain} (selector ${signer.selector}), so mail.dkim is "mta": rehearse with \`send --to\` and see that a report arrives signed`,
  ];
  if (facts.domain === undefined && facts.keys.length === 0)
    todo.unshift('this host does not know its mail domain: replace example.com');
  if (facts.logs.length === 0) todo.push('name the log of your MTA: none was found');
  if (facts.via === undefined) todo.push('nothing takes mail on port 25 of this host: set mail.via');
  if (!facts.validates)
    todo.push('no resolver here validates DNSSEC: install unbound, or DANE cannot be seen');
  if (facts.nativeTlsrpt)
    todo.push('Postfix reports by itself (smtp_tlsrpt_enable): turn one of the two off (docs/faq.md)');
  return todo;
}

function renderKey(key: ConfigKey, value: Found[string] | undefined, indent: string): string[] {
  const words = key.words === '' ? [] : comment(key.words, indent);
  if (key.keys.length > 0 && key.list) return [...words, ...renderList(key, value, indent)];
  if (key.keys.length > 0) return [...words, ...renderMap(key, value, indent)];
  if (value !== undefined) return [...words, `${indent}${key.name}: ${flow(value)}`];
  return [...words, `${indent}#${key.name}:${key.fallback === undefined ? '' : ` ${key.fallback}`}`];
}

function renderMap(key: ConfigKey, value: Found[string] | undefined, indent: string): string[] {
  const found = isFound(value) ? value : undefined;
  const lines = key.keys.flatMap((inner) => renderKey(inner, found?.[inner.name], `${indent}  `));
  // A mapping of which nothing is set is a comment as a whole, for an empty one is no mapping to YAML.
  return found === undefined ? [`${indent}#${key.name}:`, ...lines] : [`${indent}${key.name}:`, ...lines];
}

function renderList(key: ConfigKey, value: Found[string] | undefined, indent: string): string[] {
  const elements = Array.isArray(value) ? value.filter(isFound) : [];
  const lines = elements.flatMap((element, i) => renderElement(key, element, i === 0, indent));
  const further = key.keys.filter((inner) => elements[0]?.[inner.name] === undefined);
  const shown = further.flatMap((inner) => renderKey(inner, undefined, `${indent}    `));
  return lines.length === 0
    ? [`${indent}#${key.name}:`, ...asElement(shown, indent)]
    : [`${indent}${key.name}:`, ...lines, ...shown];
}

/** One element of a list; the first one says what its keys mean. */
function renderElement(key: ConfigKey, element: Found, explained: boolean, indent: string): string[] {
  const present = key.keys.filter((inner) => element[inner.name] !== undefined);
  return present.flatMap((inner, i) => [
    ...(explained ? comment(inner.words, `${indent}${i === 0 ? '  ' : '    '}`) : []),
    `${indent}  ${i === 0 ? '-' : ' '} ${inner.name}: ${flow(element[inner.name])}`,
  ]);
}

/** The first key of a list's element stands behind a dash. */
function asElement(lines: readonly string[], indent: string): string[] {
  const first = lines.findIndex(
    (line) => line.trimStart().startsWith('#') && !line.trimStart().startsWith('# '),
  );
  return lines.map((line, i) => (i === first ? `${indent}  #- ${line.trimStart().slice(1)}` : line));
}

function isFound(value: unknown): value is Found {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One value in YAML's flow style, quoted where it must be. */
function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

/** A sentence as comment lines. */
function comment(words: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words.split(' ')) {
    if (line !== '' && indent.length + 2 + line.length + 1 + word.length > WIDTH) {
      lines.push(`${indent}# ${line}`);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, `${indent}# ${line}`];
}
