import type { LogConfig } from '../config.ts';
import { askLocalMta, honouredBy, type LocalMta, MTA_NAMES, type MtaName } from '../policy/local-mta.ts';
import type { Check, CheckDeps } from './deps.ts';
import { type Finding, warn } from './finding.ts';

/**
 * Whether the units can ask the MTA what `auto` leaves to it, and, where they cannot, whether what the configuration
 * says in its place is still true. Root, who can ask, knows.
 */
export const checkHonours: Check = async (deps) => {
  const { hidden = [] } = await askLocalMta(deps.access.ask);
  return hidden.flatMap((name) => {
    const logs = deps.config.logs.filter((log) => log.parser === name && log.host === undefined);
    if (logs.length === 0) return [];
    return [...honoursFindings(name, deps), ...logs.flatMap((log) => addressFindings(name, log, deps))];
  });
};

function honoursFindings(name: MtaName, { config, local, access: { who } }: CheckDeps): Finding[] {
  const { honours } = config.mta;
  const known = local[name] === undefined ? undefined : honouredBy(local);
  const help =
    known === undefined ? 'check as root, which can ask it' : `set mta: {honours: [${known.join(', ')}]}`;
  if (honours === 'auto')
    return [
      warn(
        'mta-hidden',
        `${who} cannot ask ${MTA_NAMES[name]} what it honours (mta.honours: auto), for it may not read its configuration: of DANE only what the log proves would count`,
        help,
      ),
    ];
  if (known === undefined || known.includes('dane') === honours.includes('dane')) return [];
  const words = known.includes('dane')
    ? 'honours DANE, yet mta.honours does not say'
    : 'does not honour DANE, yet mta.honours says';
  return [warn('mta-honours', `${MTA_NAMES[name]} ${words} so, for ${who} cannot ask it`, help)];
}

function addressFindings(name: MtaName, log: LogConfig, { local, access: { who } }: CheckDeps): Finding[] {
  const said = log['sending-mta-ip'];
  const bound = boundTo(name, local);
  const [only] = bound;
  if (said === undefined || only === undefined || bound.includes(said)) return [];
  const text =
    said === 'auto'
      ? `mail leaves from ${only}, which ${who} cannot ask ${MTA_NAMES[name]} (sending-mta-ip: auto)`
      : `mail leaves from ${only}, yet sending-mta-ip says ${said}, for ${who} cannot ask ${MTA_NAMES[name]}`;
  return [
    warn(
      'sending-address',
      text,
      `set sending-mta-ip: "${only}" in the entry of ${log.path ?? 'its journal'}`,
    ),
  ];
}

/** The addresses an MTA is bound to, as it says itself. */
function boundTo(name: MtaName, { postfix, exim }: LocalMta): string[] {
  const found = name === 'exim' ? [exim?.interfaceAddress] : [postfix?.bindAddress, postfix?.bindAddress6];
  return found.flatMap((address) => address ?? []);
}
