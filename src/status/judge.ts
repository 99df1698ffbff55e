import { addDays, dayEnd, dayOf } from '../day.ts';
import { LAG_MS } from '../fleet.ts';
import {
  critical,
  type Facts,
  type JudgeOptions,
  RECENT_DAYS,
  SHARE,
  several,
  TOLD_DAYS,
  warning,
} from './findings.ts';
import { judgeHosts } from './judge-hosts.ts';
import { judgeLogs } from './judge-logs.ts';
import { judgeSending } from './judge-sending.ts';
import type { Finding, Status } from './schema.ts';

/** What of a status calls for a person, worst first. Pure. */
export function judge(facts: Facts, options: JudgeOptions): Pick<Status, 'state' | 'findings'> {
  const findings = [
    ...judgeLogs(facts, options),
    ...ofDays(facts, options),
    ...judgeSending(facts, options),
    ...judgeHosts(facts, options),
  ];
  const worst = findings.filter(({ severity }) => severity === 'critical');
  const rest = findings.filter(({ severity }) => severity === 'warning');
  return {
    state: worst.length > 0 ? 'critical' : rest.length > 0 ? 'warning' : 'ok',
    findings: [...worst, ...rest],
  };
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

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
