import type { Day } from '../day.ts';
import { text } from './rows.ts';
import { DayInUse, type SqlConnection, type SqlDatabase } from './sql.ts';
import { daysWithTallies } from './tallies.ts';

/** What a day has besides its tallies, each table with a column `day`. */
const BESIDES_TALLIES = ['report', 'demand', 'imported', 'traffic', 'day_sum'] as const;

/**
 * Drops the days before `day`, one at a time, so that nobody waits long; see {@link pruneDay}. Where somebody holds on to
 * the tallies the rest is left to the next run, for every further try would make writers wait again.
 */
export async function pruneDays(
  database: SqlDatabase,
  day: Day,
  ingestedBefore: number,
): Promise<{ tallies: number; reports: number }> {
  const dropped = { tallies: 0, reports: 0 };
  for (const past of (await daysWithTallies(database)).filter((name) => name < day)) {
    const pruned = await database
      .transaction((connection) => pruneDay(connection, past, ingestedBefore))
      .catch((error: unknown) => {
        if (error instanceof DayInUse) return undefined;
        throw error;
      });
    if (pruned === undefined) break;
    dropped.tallies += pruned.tallies;
    dropped.reports += pruned.reports;
  }
  if (dropped.tallies > 0) await pruneSnapshots(database, ingestedBefore);
  return dropped;
}

/**
 * Drops a day with its reports if all of it was read before `ingestedBefore` (UTC ms), unless a report of it is still
 * to be sent: one that was built, released or first tried since then.
 */
async function pruneDay(
  connection: SqlConnection,
  day: Day,
  ingestedBefore: number,
): Promise<{ tallies: number; reports: number }> {
  const nothing = { tallies: 0, reports: 0 };
  const fresh = await connection.query(
    'SELECT 1 AS found FROM tally WHERE day = $1 AND ingested_at >= $2 LIMIT 1',
    [day, ingestedBefore],
  );
  if (fresh.length > 0 || (await isToBeSent(connection, day, ingestedBefore))) return nothing;
  const tallies =
    connection.dropDay === undefined
      ? (await connection.query('DELETE FROM tally WHERE day = $1 RETURNING id', [day])).length
      : await connection.dropDay(day, ingestedBefore);
  if (tallies === undefined) return nothing;
  await rememberPruned(connection, day);
  return { tallies, reports: await dropRest(connection, 'day = $1', day) };
}

/** Days that were dropped are remembered in `meta`, more of them than anybody keeps. */
const PRUNED = 'pruned-days';
const DAYS_KNOWN = 400;

async function prunedDays(connection: SqlConnection): Promise<Day[]> {
  const [row] = await connection.query('SELECT content FROM meta WHERE name = $1', [PRUNED]);
  return row === undefined ? [] : text(row, 'content').split(' ');
}

async function rememberPruned(connection: SqlConnection, day: Day): Promise<void> {
  const days = [...new Set([...(await prunedDays(connection)), day])].sort().slice(-DAYS_KNOWN);
  await connection.query(
    'INSERT INTO meta (name, content) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET content = excluded.content',
    [PRUNED, days.join(' ')],
  );
}

/** Whether a day was dropped: its reports went out long ago, and what came of it now would make others. */
export async function wasPruned(connection: SqlConnection, day: Day): Promise<boolean> {
  return (await prunedDays(connection)).includes(day);
}

/** What could not be sent for so long, because nobody can sign it, say, is given up with its day. */
async function isToBeSent(connection: SqlConnection, day: Day, since: number): Promise<boolean> {
  const rows = await connection.query(
    `SELECT 1 AS found FROM outbox JOIN report ON report.id = outbox.report_id
     WHERE report.day = $1 AND outbox.state IN ('due', 'sending', 'retry')
       AND (report.built_at >= $2 OR outbox.not_before >= $2 OR outbox.first_tried_at >= $2) LIMIT 1`,
    [day, since],
  );
  return rows.length > 0;
}

/** @returns how many reports */
async function dropRest(connection: SqlConnection, which: string, day: Day): Promise<number> {
  await connection.query(`DELETE FROM outbox WHERE report_id IN (SELECT id FROM report WHERE ${which})`, [
    day,
  ]);
  let reports = 0;
  for (const table of BESIDES_TALLIES) {
    const dropped = await connection.query(`DELETE FROM ${table} WHERE ${which} RETURNING day`, [day]);
    if (table === 'report') reports = dropped.length;
  }
  return reports;
}

/**
 * Drops what was written of days before `day` that had no tallies, or none any more: a look-up or a sum that came in
 * just while the day was dropped, a host's file that said of its day that there was nothing.
 */
export async function pruneStrays(database: SqlDatabase, day: Day): Promise<void> {
  await database.transaction((connection) =>
    dropRest(connection, 'day < $1 AND day NOT IN (SELECT day FROM traffic)', day),
  );
}

/** Drops the snapshots that no tally has any more and that were not seen since a time (UTC ms). */
export async function pruneSnapshots(connection: SqlConnection, lastSeenBefore: number): Promise<void> {
  // A fleet's tallies take long to look through, and as a rule there is nothing to look for.
  const old = await connection.query('SELECT 1 AS found FROM snapshot WHERE last_seen < $1 LIMIT 1', [
    lastSeenBefore,
  ]);
  if (old.length === 0) return;
  // Asked of the row twice: one that is given to tallies at this very moment is seen again by that.
  await connection.query(
    `DELETE FROM snapshot WHERE last_seen < $1 AND id IN (
       SELECT id FROM snapshot WHERE last_seen < $1 EXCEPT SELECT snapshot FROM tally)`,
    [lastSeenBefore],
  );
}
