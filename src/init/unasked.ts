import { type Ask, askLocalMta, honouredBy, type LocalMta, MTA_NAMES } from '../policy/local-mta.ts';
import type { FoundLog, InitFacts } from './facts.ts';

/**
 * What `auto` would leave to an MTA that does not answer the user of the units, written out as it says itself now: the
 * honours, and the address it is bound to. An Exim is such a one whose configuration is for root and itself alone.
 * @param asService asks as that user would
 */
export async function writtenOut(
  local: LocalMta,
  asService: Ask,
  logs: readonly FoundLog[],
): Promise<Pick<InitFacts, 'logs' | 'honours' | 'hidden'>> {
  const hidden = (local.hidden ?? []).map((name) => MTA_NAMES[name]);
  const { hidden: unasked = [] } = await askLocalMta(asService);
  const told = unasked.filter((name) => local[name] !== undefined);
  if (told.length === 0) return { logs, hidden };
  return {
    logs: logs.map((log) => (told.includes(log.parser) ? withAddress(log, local) : log)),
    honours: honouredBy(local),
    hidden,
  };
}

/** An MTA that is bound to no address goes by this host's routes, which `auto` sees too. */
function withAddress(log: FoundLog, { postfix, exim }: LocalMta): FoundLog {
  const bound =
    log.parser === 'exim' ? exim?.interfaceAddress : (postfix?.bindAddress ?? postfix?.bindAddress6);
  return bound === undefined ? log : { ...log, sendingMtaIp: bound };
}
