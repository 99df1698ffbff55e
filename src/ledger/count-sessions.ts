import type { Day } from '../day.ts';
import { addTallies, dayNamer, type TallyPart } from './add-tallies.ts';
import { number, text } from './rows.ts';
import type { InsertTarget, SqlConnection } from './sql.ts';

/** Sessions of one host on one UTC day. */
export interface HostSum {
  readonly host: string;
  readonly day: Day;
  readonly sessions: number;
}

const TRUSTING: InsertTarget = {
  table: 'trusting',
  columns: { host: 'TEXT', parser: 'TEXT', last_day: 'TEXT' },
  onConflict: `ON CONFLICT (host, parser) DO UPDATE SET last_day =
    CASE WHEN excluded.last_day > trusting.last_day THEN excluded.last_day ELSE trusting.last_day END`,
};

const HOST_DAY: InsertTarget = {
  table: 'host_day',
  columns: { host: 'TEXT', day: 'TEXT', sessions: 'BIGINT' },
  onConflict: 'ON CONFLICT (host, day) DO UPDATE SET sessions = host_day.sessions + excluded.sessions',
};

/**
 * Counts newly read sessions: into their tallies, and into what is asked often and must not cost a look at every
 * tally: which hosts have trust anchors, and how many sessions each host has had.
 */
export async function countSessions(connection: SqlConnection, parts: readonly TallyPart[]): Promise<void> {
  await addTallies(connection, parts);
  const trusting = new Map<string, [string, string, Day]>();
  const days = new Map<string, [string, Day, number]>();
  const nameOfDay = dayNamer();
  for (const { key, count } of parts) {
    const day = nameOfDay(key.hour);
    const known = days.get(`${key.host} ${day}`);
    days.set(`${key.host} ${day}`, [key.host, day, (known?.[2] ?? 0) + count]);
    if (key.peerTrust !== 'trusted' && key.peerTrust !== 'verified') continue;
    const name = `${key.host} ${key.parser}`;
    const newest = trusting.get(name)?.[2];
    if (newest === undefined || newest < day) trusting.set(name, [key.host, key.parser, day]);
  }
  await connection.insert(TRUSTING, [...trusting.values()]);
  await connection.insert(HOST_DAY, [...days.values()]);
}

/** The sessions of each host on the days from `since` on. */
export async function hostSums(connection: SqlConnection, since: Day): Promise<HostSum[]> {
  const rows = await connection.query('SELECT * FROM host_day WHERE day >= $1 ORDER BY day, host', [since]);
  return rows.map((row) => ({
    host: text(row, 'host'),
    day: text(row, 'day'),
    sessions: number(row, 'sessions'),
  }));
}
