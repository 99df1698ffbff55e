import { honouredBy } from '../policy/local-mta.ts';
import type { Check, CheckDeps } from './deps.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Zones that have been signed for many years, of different operators. */
export const SIGNED_ZONES = ['ietf.org', 'nic.cz', 'internetsociety.org'] as const;

/** Whether the resolver answers, and whether it validates: without, DANE cannot be told from its absence. */
export const checkResolver: Check = async (deps) => {
  const answers = await Promise.all(SIGNED_ZONES.map((name) => deps.resolver.lookup(name, 'MX')));
  const servers = deps.servers.map(({ address, port }) => (port === 53 ? address : `${address}:${port}`));
  const named = servers.join(', ');
  if (answers.every((answer) => answer.kind === 'temporary')) {
    const reason = answers.flatMap((answer) => (answer.kind === 'temporary' ? answer.reason : []))[0] ?? '';
    return [
      fail(
        'resolver-silent',
        `the resolver (${named}) does not answer: ${reason}`,
        'no policies can be looked up and no report sent: mend /etc/resolv.conf, or set dns.servers',
      ),
    ];
  }
  if (answers.some((answer) => 'secure' in answer && answer.secure))
    return [ok('resolver', `the resolver (${named}) validates DNSSEC`)];
  return [notValidating(deps, named)];
};

function notValidating({ servers, local, config }: CheckDeps, named: string): Finding {
  const honoursDane =
    config.mta.honours === 'auto' ? honouredBy(local).includes('dane') : config.mta.honours.includes('dane');
  const believed = servers.some(({ trusted }) => trusted);
  const text = believed
    ? `the resolver (${named}) does not validate DNSSEC`
    : `the resolver (${named}) is on another host, so its word on DNSSEC is not believed`;
  const help =
    'run a validating resolver on this host (apt install unbound) and name it: dns: {servers: ["127.0.0.1"]}';
  return honoursDane
    ? fail('resolver-no-dnssec', `${text}, and this MTA honours DANE: its policies would be missing`, help)
    : warn('resolver-no-dnssec', `${text}; this MTA does not honour DANE, so nothing is lost for now`, help);
}
