import { eximList } from '../check/exim-list.ts';
import { askExim } from '../check/exim-settings.ts';
import { toAddress } from '../domain.ts';
import type { Ask } from '../policy/local-mta.ts';

/**
 * The hosts that manualroute routers of Exim name for every domain, as `relayhosts` has them: Debian's smarthost. A host
 * for single domains is none, for it may be an MX host of others.
 */
export async function eximSmartHosts(ask: Ask): Promise<string[]> {
  const routers = ((await askExim(ask, ['routers'])) ?? '').split(/^(?=\S+ router:$)/m);
  const hosts = routers
    .filter((section) => /^driver = manualroute$/m.test(section))
    .flatMap((section) => eximList(/^route_list = (.+)$/m.exec(section)?.[1] ?? '', ';'))
    .flatMap(hostsOfRule);
  // Debian has one router for mail of users and one for all else.
  return [...new Set(hosts)];
}

/** The hosts of a rule `* "a : b" byname`; a pattern with `!` takes all domains but some. */
function hostsOfRule(rule: string): string[] {
  const [, pattern = '', quoted, plain] = /^("[^"]*"|\S+)\s+(?:"([^"]*)"|(\S+))/.exec(rule) ?? [];
  if (!/^"?\s*(?:\*\s*"?$|!)/.test(pattern)) return [];
  return eximList(quoted ?? plain ?? '').flatMap((item) => relayhostOf(item) ?? []);
}

/** One host: `a`, `a:587`, `a/mx:587`, `[192.0.2.1]:587`; undefined for what is no plain name (a macro, an expansion). */
function relayhostOf(item: string): string | undefined {
  const [, literal = item, addressPort = ''] = /^\[([^\]]*)\](:\d+)?$/.exec(item) ?? [];
  const address = toAddress(literal);
  if (address !== undefined) return `[${address}]${addressPort}`;
  const [, host, mx, port = ''] = /^([a-z0-9-]+(?:\.[a-z0-9-]+)*)(\/mx)?(:\d+)?$/i.exec(item) ?? [];
  if (host === undefined) return undefined;
  // In brackets a host is one whose MX records are not asked for.
  return mx === undefined ? `[${host}]${port}` : `${host}${port}`;
}
