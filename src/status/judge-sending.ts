import { EXIT } from '../errors.ts';
import {
  critical,
  type Facts,
  type JudgeOptions,
  RECENT_DAYS,
  several,
  TOLD_DAYS,
  warning,
} from './findings.ts';
import type { Finding } from './schema.ts';

const DAY_MS = 24 * 3_600_000;
/** A run that ended so did all there was to do, or comes again to what is left. */
const DONE: ReadonlySet<number> = new Set([EXIT.ok, EXIT.tryAgain]);

/** What is to be said of the last run, of the outbox and of alerts: whether anything leaves the house. */
export function judgeSending(facts: Facts, options: JudgeOptions): Finding[] {
  return [
    ...ofLastRun(facts),
    ...ofUnsent(facts, options),
    ...ofDeliveries(facts),
    ...ofAlerts(facts, options),
  ];
}

function ofLastRun({ lastRun }: Facts): Finding[] {
  if (lastRun === undefined || DONE.has(lastRun.exitCode)) return [];
  const { at, exitCode, reason } = lastRun;
  if (exitCode === EXIT.data)
    return [warning('last-run', `the last run (${at}) could not read a log: \`run\` says which`)];
  return [
    critical(
      'last-run',
      `the last run (${at}) stopped: ${reason ?? `exit code ${exitCode}, \`run\` says why`}`,
    ),
  ];
}

function ofUnsent({ unsent: { count, since } }: Facts, { now, maxLag }: JudgeOptions): Finding[] {
  if (since === undefined) return [];
  const it = count === 1 ? 'it' : 'them';
  const text = `${several(count, 'delivery is', 'deliveries are')} due since ${since}, and nobody tried ${it}: \`run\` sends ${it}, or says what is in the way`;
  return [now - Date.parse(since) < maxLag ? warning('unsent', text) : critical('unsent', text)];
}

/** What nobody could be told is no news after a week: the command may have been mended and had no work since. */
function ofAlerts({ alertFault }: Facts, { config, now }: JudgeOptions): Finding[] {
  if (config.alerts.command === undefined || alertFault === undefined) return [];
  if (Date.parse(alertFault.at) < now - TOLD_DAYS * DAY_MS) return [];
  const { reason, times, since } = alertFault;
  const often = times === 1 ? `at ${since}` : `${times} times since ${since}`;
  return [
    warning('alert-command', `${reason} (${often}): nobody is told of domains that fail, see docs/alerts.md`),
  ];
}

function ofDeliveries({ recent, outbox }: Facts): Finding[] {
  const { sent, givenUp, retry } = recent;
  const held = outbox['held'] ?? 0;
  const words = `${several(givenUp, 'delivery', 'deliveries')} of the last ${RECENT_DAYS} days given up, ${sent} made`;
  return [
    ...(givenUp > sent ? [critical('given-up', words)] : []),
    ...(givenUp > 0 && givenUp <= sent ? [warning('given-up', words)] : []),
    ...(retry > sent
      ? [
          warning(
            'retrying',
            `${several(retry, 'delivery waits', 'deliveries wait')} for another try, ${sent} made`,
          ),
        ]
      : []),
    ...(held > 0
      ? [warning('held-reports', `${several(held, 'delivery is', 'deliveries are')} held in the outbox`)]
      : []),
  ];
}
