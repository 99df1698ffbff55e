import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FoundKey } from './facts.ts';
import { readHostFile } from './host-file.ts';

/** What counts goes first: an override before what the admin sets locally. */
const PLACES = ['/etc/rspamd/override.d/dkim_signing.conf', '/etc/rspamd/local.d/dkim_signing.conf'] as const;
const DEFAULT_PATH = '/var/lib/rspamd/dkim/$domain.$selector.key';

/**
 * The keys of rspamd's dkim_signing module, which is on without being asked for: a path with `$domain` and `$selector`
 * in it, and blocks for single domains with a key each, or several as `selectors`.
 */
export async function rspamdKeys(root: string): Promise<FoundKey[]> {
  const texts = await Promise.all(PLACES.map((place) => readHostFile(root, place)));
  const text = texts.join('\n').replace(/^\s*#.*$/gm, '');
  const isThere = text.trim() !== '' || (await readHostFile(root, '/etc/rspamd/rspamd.conf')) !== '';
  // Reports are handed over on this host.
  if (!isThere || /^\s*(?:enabled|sign_local)\s*[=:]\s*(?:false|no|off)\b/m.test(text)) return [];
  const domains = blocksOf(text).filter(({ name }) => name === 'domain');
  const common = domains.reduce((rest, { whole }) => rest.replace(whole, ''), text);
  const selector = setting(common, 'selector') ?? 'dkim';
  const named = domains
    .flatMap(({ inner }) => blocksOf(inner))
    .flatMap((block) => keysOfDomain(block, selector));
  return [...named, ...(await matchingFiles(root, setting(common, 'path') ?? DEFAULT_PATH, selector))];
}

/** The keys of a domain's block: its own, and those of its `selectors`. */
function keysOfDomain({ name, inner }: Block, selector: string): FoundKey[] {
  const several = /^\s*selectors\s*[=:]?\s*\[([^\]]*)\]/m.exec(inner)?.[1];
  const sets =
    several === undefined ? [inner] : [...several.matchAll(/\{([^{}]*)\}/g)].map((set) => set[1] ?? '');
  return sets.map((set) => {
    const path = setting(set, 'path');
    return {
      signer: 'rspamd',
      domain: name,
      selector: setting(set, 'selector') ?? selector,
      ...(path !== undefined && { path }),
    };
  });
}

function setting(text: string, name: string): string | undefined {
  return new RegExp(`(?:^|[;{,])\\s*${name}\\s*[=:]\\s*"?([^";,\\n]+)"?`, 'm').exec(text)?.[1]?.trim();
}

interface Block {
  readonly name: string;
  readonly inner: string;
  readonly whole: string;
}

/** The outermost `name { … }` of a text. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const opening = /"?([A-Za-z0-9._-]+)"?\s*[=:]?\s*\{/g;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const end = closingOf(text, opening.lastIndex);
    const inner = text.slice(opening.lastIndex, end);
    blocks.push({ name: match[1] ?? '', inner, whole: text.slice(match.index, end + 1) });
    opening.lastIndex = end;
  }
  return blocks;
}

/** Where the brace that was opened before is closed again. */
function closingOf(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') depth++;
    if (text[at] === '}' && --depth === 0) return at;
  }
  return text.length;
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
