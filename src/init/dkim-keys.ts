import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { toDomain } from '../domain.ts';
import type { Ask } from '../policy/local-mta.ts';
import type { FoundKey } from './facts.ts';

/** The keys that OpenDKIM, rspamd and Exim sign with on this host. @param root in front of /etc; empty but in tests */
export async function findDkimKeys(ask: Ask, root: string): Promise<FoundKey[]> {
  const found = await Promise.all([opendkimKeys(root), rspamdKeys(root), eximKeys(ask)]);
  return found.flat().filter(({ domain, selector }) => toDomain(domain) !== undefined && selector !== '');
}

/** opendkim.conf(5): one key by Domain, Selector and KeyFile, or many by KeyTable. */
async function opendkimKeys(root: string): Promise<FoundKey[]> {
  const text = await read(root, '/etc/opendkim.conf');
  const value = (name: string) => new RegExp(`^\\s*${name}\\s+(\\S+)`, 'im').exec(text)?.[1];
  const [domain, selector, path] = [value('Domain'), value('Selector'), value('KeyFile')];
  const single =
    domain === undefined || selector === undefined
      ? []
      : [{ signer: 'opendkim', domain, selector, ...(path !== undefined && { path }) }];
  const table = await read(root, (value('KeyTable') ?? '').replace(/^(?:refile|file):/, ''));
  const rows = [...table.matchAll(/^(?!\s*#)\s*\S+\s+([^:\s]+):([^:\s]+):(\S+)/gm)];
  return [
    ...single,
    ...rows.map(([, rowDomain = '', rowSelector = '', rowPath = '']) => ({
      signer: 'opendkim',
      domain: rowDomain,
      selector: rowSelector,
      path: rowPath,
    })),
  ];
}

/** rspamd's dkim_signing module: a path with `$domain` and `$selector` in it, and blocks for single domains. */
async function rspamdKeys(root: string): Promise<FoundKey[]> {
  const places = ['/etc/rspamd/local.d/dkim_signing.conf', '/etc/rspamd/override.d/dkim_signing.conf'];
  const text = (await Promise.all(places.map((place) => read(root, place)))).join('\n');
  if (text.trim() === '' || /^\s*enabled\s*=\s*false/m.test(text)) return [];
  const setting = (block: string, name: string) =>
    new RegExp(`^\\s*${name}\\s*[=:]\\s*"?([^";\\n]+)"?\\s*;?`, 'm').exec(block)?.[1]?.trim();
  const common = text.replace(/^\s*domain\s*\{[\s\S]*?^\s*\}\s*$/m, '');
  const selector = setting(common, 'selector') ?? 'dkim';
  const pattern = setting(common, 'path') ?? '/var/lib/rspamd/dkim/$domain.$selector.key';
  const blocks = [...text.matchAll(/^\s*"?([A-Za-z0-9.-]+\.[A-Za-z0-9-]+)"?\s*\{([^{}]*)\}/gm)];
  const named = blocks.map(([, domain = '', block = '']) => {
    const path = setting(block, 'path');
    return {
      signer: 'rspamd',
      domain,
      selector: setting(block, 'selector') ?? selector,
      ...(path !== undefined && { path }),
    };
  });
  return [...named, ...(await matchingFiles(root, pattern, selector))];
}

/** The files that a pattern such as `/var/lib/rspamd/dkim/$domain.$selector.key` stands for. */
async function matchingFiles(root: string, pattern: string, selector: string): Promise<FoundKey[]> {
  if (!pattern.includes('$domain') || dirname(pattern).includes('$')) return [];
  const [before = '', after = ''] = basename(pattern).replaceAll('$selector', selector).split('$domain');
  const names = await readdir(join(root, dirname(pattern))).catch(() => []);
  return names
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .map((name) => ({
      signer: 'rspamd',
      domain: name.slice(before.length, name.length - after.length),
      selector,
      path: join(dirname(pattern), name),
    }));
}

/** Exim signs in its SMTP transports; what depends on the mail (`${…}`) names no single key. */
async function eximKeys(ask: Ask): Promise<FoundKey[]> {
  const text =
    (await ask('exim4', ['-bP', 'transports'])) ?? (await ask('exim', ['-bP', 'transports'])) ?? '';
  return text.split(/^(?=\S+ transport:$)/m).flatMap((section) => {
    const value = (name: string) => {
      const found = new RegExp(`^${name} = (.+)$`, 'm').exec(section)?.[1]?.trim();
      return found?.includes('$') === true ? undefined : found;
    };
    const [domain, selector, path] = [
      value('dkim_domain'),
      value('dkim_selector'),
      value('dkim_private_key'),
    ];
    if (domain === undefined || selector === undefined) return [];
    return [{ signer: 'exim', domain, selector, ...(path?.startsWith('/') === true && { path }) }];
  });
}

async function read(root: string, path: string): Promise<string> {
  if (!path.startsWith('/')) return '';
  return readFile(join(root, path), 'utf8').catch(() => '');
}
