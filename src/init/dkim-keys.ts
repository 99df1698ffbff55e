import { askExim } from '../check/exim-settings.ts';
import { toDomain } from '../domain.ts';
import type { Ask } from '../policy/local-mta.ts';
import type { FoundKey } from './facts.ts';
import { opendkimKeys } from './opendkim-keys.ts';
import { rspamdKeys } from './rspamd-keys.ts';

/** The keys that OpenDKIM, rspamd and Exim sign with on this host. @param root in front of /etc; empty but in tests */
export async function findDkimKeys(ask: Ask, root: string): Promise<FoundKey[]> {
  const found = await Promise.all([opendkimKeys(root), rspamdKeys(root), eximKeys(ask)]);
  return found.flat().filter(({ domain, selector }) => toDomain(domain) !== undefined && selector !== '');
}

/** Exim signs in its SMTP transports; what depends on the mail (`${…}`) names no single key. */
async function eximKeys(ask: Ask): Promise<FoundKey[]> {
  const text = (await askExim(ask, ['transports'])) ?? '';
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
