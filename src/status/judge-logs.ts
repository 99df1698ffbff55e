import { STALE_MS } from '../reading/stale.ts';
import { critical, type Facts, type JudgeOptions, SHARE, several, TOLD_DAYS, warning } from './findings.ts';
import type { Finding, LogStatus } from './schema.ts';

const DAY_MS = 24 * 3_600_000;

/** What is to be said of the logs that the configuration names. */
export function judgeLogs(facts: Facts, options: JudgeOptions): Finding[] {
  return facts.logs.filter(({ configured }) => configured).flatMap((log) => ofLog(log, facts, options));
}

function ofLog(log: LogStatus, facts: Facts, { now, maxLag }: JudgeOptions): Finding[] {
  const since = now - TOLD_DAYS * DAY_MS;
  const holes = log.gaps.filter(({ noticedAt }) => Date.parse(noticedAt) >= since);
  const last = holes.at(-1);
  return [
    ...lagOf(log, maxLag),
    ...silenceOf(log, facts, maxLag),
    ...(last === undefined
      ? []
      : [
          warning(
            'hole',
            `${log.name}: ${several(holes.length, 'hole')} in ${TOLD_DAYS} days, the last noticed ${last.noticedAt}: \`status\` tells more`,
          ),
        ]),
    ...(log.incomplete.length > 0
      ? [warning('incomplete', `${log.name}: ${several(log.incomplete.length, 'archive')} ended early`)]
      : []),
    ...unknownOf(log, facts),
    ...(log.skipped > 0
      ? [
          warning(
            'skipped',
            `${log.name}: the parser failed on ${several(log.skipped, 'line')}; please report it`,
          ),
        ]
      : []),
  ];
}

/** A log that is read, and tells nothing: the MTA logs elsewhere by now, or always did. */
function silenceOf(log: LogStatus, { logs }: Facts, maxLag: number): Finding[] {
  const { name, host, parser, bytes, lagSeconds = Number.POSITIVE_INFINITY } = log;
  if (lagSeconds * 1000 >= maxLag / 3) return [];
  // A file in which several parsers read need not have lines of each.
  const beside = logs.filter((other) => other.name === name && other.host === host);
  if (beside.some((other) => !isSilent(other)) || beside[0] !== log) return [];
  const last = beside
    .flatMap(({ lastLine }) => lastLine ?? [])
    .sort()
    .at(-1);
  if (last !== undefined)
    return [
      warning(
        'silent',
        `${name}: no line of the MTA since ${last}: does it log elsewhere now? \`check\` looks`,
      ),
    ];
  // An empty one, or one that is not there: the last run says which.
  const what = bytes === 0 ? 'nothing of it was read' : `it has no line of ${parser}`;
  return [warning('silent', `${name}: ${what}: does the MTA log there? \`check\` looks`)];
}

function isSilent({ lastLine, readToEndAt }: LogStatus): boolean {
  if (lastLine === undefined) return true;
  return readToEndAt !== undefined && Date.parse(readToEndAt) - Date.parse(lastLine) > STALE_MS;
}

function lagOf({ name, readToEndAt, lagSeconds }: LogStatus, maxLag: number): Finding[] {
  if (lagSeconds === undefined)
    return [
      critical(
        'not-read',
        `${name} was never read to its end: \`run\` or \`follow\` reads it, or says why it cannot`,
      ),
    ];
  const lag = lagSeconds * 1000;
  if (lag < maxLag / 3) return [];
  const text = `${name} was not read to its end since ${readToEndAt}: is the timer (or \`follow\`) on, and may it read the log?`;
  return [lag < maxLag ? warning('not-read', text) : critical('not-read', text)];
}

/** A line that no rule knows may have told a session: the two are compared. */
function unknownOf({ name, host, unknown }: LogStatus, { sessions, logs }: Facts): Finding[] {
  if (unknown.count === 0) return [];
  const told = Object.values(sessions.byBasis).reduce((sum, count) => sum + count, 0);
  const all = logs.reduce((sum, log) => sum + log.unknown.count, 0);
  if (all < SHARE * (all + told)) return [];
  const where = logs.some((log) => log.name === name && log.host !== host) ? `${name} of ${host}` : name;
  return [
    warning('unknown-lines', `${where}: no rule knows ${several(unknown.count, 'line')}; please report them`),
  ];
}
