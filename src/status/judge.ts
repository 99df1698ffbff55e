import type { Config } from '../config.ts';
import { addDays, dayEnd, dayOf } from '../day.ts';
import { LAG_MS } from '../fleet.ts';
import type { Finding, LogStatus, Status } from './schema.ts';

/** Every kind of finding and what it means: the help text and the manual list them. */
export const FINDINGS = {
  'not-read': {
    critical: 'a log of the configuration was never read, or not to its end for --max-lag hours',
    warning: 'not for a third of that',
  },
  overdue: { critical: 'a day is over and not closed --max-lag hours after it should be' },
  'given-up': {
    critical: 'of the last 3 days more deliveries were given up than made',
    warning: 'some were given up',
  },
  retrying: { warning: 'of the last 3 days more deliveries wait for another try than were made' },
  'held-day': {
    warning: 'a day is held; one that was too old when it was read counts for a week',
  },
  'held-reports': { warning: 'deliveries of single reports are held' },
  hole: { warning: 'lines of a log were lost; it counts for a week' },
  incomplete: { warning: 'an archive of the logs ended before its time' },
  'unknown-lines': { warning: 'no rule knows 1 % of the lines that matter, or more' },
  skipped: { warning: 'the parser failed on lines' },
  late: { warning: 'of the last 3 days 1 % of the sessions came after their report was built' },
  'late-host': {
    warning: 'a host of the fleet is --max-lag hours behind, and days wait for it or are closed without it',
  },
  'last-run': { warning: 'the last run could not read a log' },
} as const satisfies Record<string, Partial<Record<Finding['severity'], string>>>;

type FindingId = keyof typeof FINDINGS;

/** Exit code of a run that could not read a log (EXIT.data). */
const UNREADABLE = 65;
const HOUR_MS = 3_600_000;
/** What happened is told for so many days. */
const TOLD_DAYS = 7;
/** Days whose deliveries and late sessions are looked at: a report may be tried for a day. */
export const RECENT_DAYS = 3;
const SHARE = 0.01;

/** By what the status is judged. */
export interface JudgeOptions {
  readonly config: Pick<Config, 'fleet' | 'logs'>;
  /** UTC ms. */
  readonly now: number;
  /** ms. */
  readonly maxLag: number;
}

type Facts = Omit<Status, 'state' | 'findings'>;

/** What of a status calls for a person, worst first. Pure. */
export function judge(facts: Facts, options: JudgeOptions): Pick<Status, 'state' | 'findings'> {
  const findings = [
    ...facts.logs.filter(({ configured }) => configured).flatMap((log) => ofLog(log, facts, options)),
    ...ofDays(facts, options),
    ...ofDeliveries(facts),
    ...ofHosts(facts, options),
    ...(facts.lastRun?.exitCode === UNREADABLE
      ? [warning('last-run', `the last run (${facts.lastRun.at}) could not read a log: \`run\` says which`)]
      : []),
  ];
  const critical = findings.filter(({ severity }) => severity === 'critical');
  const rest = findings.filter(({ severity }) => severity === 'warning');
  return {
    state: critical.length > 0 ? 'critical' : rest.length > 0 ? 'warning' : 'ok',
    findings: [...critical, ...rest],
  };
}

function ofLog(log: LogStatus, facts: Facts, { now, maxLag }: JudgeOptions): Finding[] {
  const since = now - TOLD_DAYS * 24 * HOUR_MS;
  const holes = log.gaps.filter(({ noticedAt }) => Date.parse(noticedAt) >= since);
  const last = holes.at(-1);
  return [
    ...lagOf(log, maxLag),
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

function lagOf({ name, readToEndAt, lagSeconds }: LogStatus, maxLag: number): Finding[] {
  if (lagSeconds === undefined)
    return [critical('not-read', `${name} was never read to its end: \`run\` or \`follow\` reads it`)];
  const lag = lagSeconds * 1000;
  if (lag < maxLag / 3) return [];
  const text = `${name} was not read since ${readToEndAt}: is the timer (or \`follow\`) on?`;
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

function ofDays({ days, hosts }: Facts, { now, maxLag, config }: JudgeOptions): Finding[] {
  // Where tallies are carried elsewhere by file, days are closed there.
  if (config.fleet['export-key'] !== undefined) return [];
  const today = dayOf(now);
  const late = days.filter(({ day }) => day >= addDays(today, -RECENT_DAYS));
  const [lateSessions, sessions] = [sum(late, (day) => day.late), sum(late, (day) => day.sessions)];
  const held = days.filter(
    ({ day, state, heldBecause }) =>
      state === 'held' && (heldBecause !== 'too-old' || day >= addDays(today, -TOLD_DAYS)),
  );
  const overdue = days.filter(
    ({ day, state }) =>
      state === 'closing' &&
      !hosts.some(({ holdsUp }) => holdsUp.includes(day)) &&
      now >= dayEnd(day) + LAG_MS + config.fleet.grace + maxLag,
  );
  return [
    ...overdue.map(({ day, unattributed }) =>
      critical(
        'overdue',
        `${day} is over and not closed${unattributed > 0 ? `, and the policies of ${several(unattributed, 'session')} were not found: does the resolver answer?` : ''}`,
      ),
    ),
    ...(held[0] === undefined
      ? []
      : [
          warning(
            'held-day',
            `${held.length === 1 ? `${held[0].day} is` : `${held.length} days are`} held: \`send --day ${held[0].day}\` releases ${held.length === 1 ? 'it' : 'the oldest'}`,
          ),
        ]),
    ...(lateSessions > 0 && lateSessions >= SHARE * sessions
      ? [warning('late', `${several(lateSessions, 'session')} came after the report of their day was built`)]
      : []),
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

function ofHosts({ hosts }: Facts, { maxLag }: JudgeOptions): Finding[] {
  if (hosts.length < 2) return [];
  return hosts
    .filter(({ lagSeconds = Number.POSITIVE_INFINITY }) => lagSeconds * 1000 >= maxLag)
    .flatMap(({ host, holdsUp, behind }) => [
      ...(holdsUp.length > 0
        ? [warning('late-host', `${host} is late: ${holdsUp.join(', ')} waits for it`)]
        : []),
      ...(behind.length > 0
        ? [warning('late-host', `${host} is late: ${behind.join(', ')} is closed without the rest of it`)]
        : []),
    ]);
}

function critical(id: FindingId, text: string): Finding {
  return { severity: 'critical', id, text };
}

function warning(id: FindingId, text: string): Finding {
  return { severity: 'warning', id, text };
}

function several(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
