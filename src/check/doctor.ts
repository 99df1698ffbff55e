import { checkClock } from './clock.ts';
import type { Check, CheckDeps } from './deps.ts';
import { checkDkim } from './dkim.ts';
import { checkExim } from './exim-settings.ts';
import type { Finding } from './finding.ts';
import { checkHonours } from './honours.ts';
import { checkLoops } from './loops.ts';
import { checkLogs } from './mail-logs.ts';
import { checkOutputs } from './outputs.ts';
import { checkPostfix } from './postfix-settings.ts';
import { checkResolver } from './resolver.ts';
import { checkSender } from './sender.ts';
import { checkState } from './state.ts';
import { checkUnits } from './units.ts';
import { checkWayOut } from './way-out.ts';

/** In the order of the way of the data: what is read, kept, asked, signed, sent, and what runs it. */
const CHECKS: readonly Check[] = [
  checkLogs,
  checkPostfix,
  checkExim,
  checkHonours,
  checkState,
  checkResolver,
  checkDkim,
  checkSender,
  checkWayOut,
  checkOutputs,
  checkLoops,
  checkClock,
  checkUnits,
];

/** All findings; the checks that only look up the network go at the same time. */
export async function examine(deps: CheckDeps): Promise<Finding[]> {
  return (await Promise.all(CHECKS.map((check) => check(deps)))).flat();
}
