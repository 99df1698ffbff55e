import type { Day } from '../day.ts';
import { type Done, isDear, isTooSoon } from '../dear-work.ts';
import type { DomainDay } from './ledger.ts';
import { number, text } from './rows.ts';
import type { SqlConnection } from './sql.ts';
import { daysWithTallies, domainDaysOf } from './tallies.ts';

/** A UTC day of other people's mail as a whole. */
export interface DaySum {
  readonly day: Day;
  readonly domains: number;
  readonly sessions: number;
  readonly failures: number;
  /** Sessions that came after their report was built. */
  readonly late: number;
  /** The same by the host that read them; only hosts with any. */
  readonly lateByHost: Readonly<Record<string, number>>;
  readonly unattributed: number;
  /** Domains with a report. */
  readonly reports: number;
  /** Each domain has its report or asks for none. */
  readonly settled: boolean;
}

/** What was summed up once, by the wall clock of who did. */
interface Kept extends Done {
  readonly state: string;
  readonly sum: DaySum;
}

/**
 * The days with tallies, oldest first. What was summed up once is kept until something about the day changes, for a
 * month of a fleet has hundreds of millions of tallies, and nearly all of its days are over. The day that goes on
 * changes with every batch: where summing it up takes seconds, what is told of it may be minutes old.
 */
export async function daySums(connection: SqlConnection): Promise<DaySum[]> {
  const states = await statesOfDays(connection);
  const kept = new Map<Day, Kept>();
  for (const row of await connection.query('SELECT * FROM day_sum')) {
    const { at = 0, took = 0, ...sum } = JSON.parse(text(row, 'content')) as DaySum & Partial<Kept>;
    kept.set(text(row, 'day'), { state: text(row, 'state'), sum, at, took });
  }
  const sums: DaySum[] = [];
  for (const day of await daysWithTallies(connection)) {
    const state = states.get(day) ?? '';
    const known = kept.get(day);
    if (known !== undefined && (known.state === state || isTooSoon(known, Date.now()))) sums.push(known.sum);
    else sums.push(await sumUp(connection, day, state));
  }
  return sums.filter(({ domains }) => domains > 0);
}

/** For each day a text that changes when sessions, reports or demands come to it. */
async function statesOfDays(connection: SqlConnection): Promise<Map<Day, string>> {
  const states = new Map<Day, string>();
  for (const sql of [
    'SELECT day, SUM(sessions) AS a, 0 AS b FROM traffic GROUP BY day',
    'SELECT day, COUNT(*) AS a, SUM(revision) AS b FROM report GROUP BY day',
    'SELECT day, COUNT(*) AS a, MAX(looked_up_at) AS b FROM demand GROUP BY day',
  ]) {
    for (const row of await connection.query(sql)) {
      const day = text(row, 'day');
      states.set(day, `${states.get(day) ?? ''} ${number(row, 'a')}/${number(row, 'b')}`);
    }
  }
  return states;
}

async function sumUp(connection: SqlConnection, day: Day, state: string): Promise<DaySum> {
  const begun = performance.now();
  const sum = { domains: 0, sessions: 0, failures: 0, late: 0, unattributed: 0, reports: 0, settled: true };
  for (const entry of await domainDaysOf(connection, { day })) {
    sum.domains++;
    sum.sessions += entry.sessions;
    sum.failures += entry.failures;
    sum.late += entry.late;
    sum.unattributed += entry.unattributed;
    if (entry.revision > 0) sum.reports++;
    sum.settled &&= isSettled(entry);
  }
  const lateByHost = sum.late === 0 ? {} : await lateHosts(connection, day);
  const took = Math.round(performance.now() - begun);
  // Policies may be given to tallies without anything else changing; there is no end to that before all have theirs.
  if (connection.readOnly !== true && (sum.unattributed === 0 || isDear({ took }))) {
    const stateNow = sum.unattributed === 0 ? state : '';
    await connection.query(
      `INSERT INTO day_sum (day, state, content) VALUES ($1, $2, $3)
       ON CONFLICT (day) DO UPDATE SET state = excluded.state, content = excluded.content`,
      [day, stateNow, JSON.stringify({ day, ...sum, lateByHost, at: Date.now(), took })],
    );
  }
  return { day, ...sum, lateByHost };
}

async function lateHosts(connection: SqlConnection, day: Day): Promise<Record<string, number>> {
  const rows = await connection.query(
    `SELECT host, SUM(sessions) AS sessions FROM tally WHERE day = $1 AND own = 0 AND revision = 0
       AND domain IN (SELECT domain FROM report WHERE day = $1) GROUP BY host ORDER BY host`,
    [day],
  );
  return Object.fromEntries(rows.map((row) => [text(row, 'host'), number(row, 'sessions')]));
}

function isSettled(entry: DomainDay): boolean {
  return entry.revision > 0 || entry.demand?.kind === 'none' || entry.demand?.kind === 'malformed';
}
