import type { Day } from '../day.ts';
import { number } from './rows.ts';
import type { SqlConnection } from './sql.ts';

/**
 * Drops what belongs to no day and is of no use any more. Logs and their positions stay, or an old archive would count
 * again.
 * @param day days before it are pruned
 * @param before UTC ms, by the wall clock: what nobody has touched since then is forgotten
 * @param now UTC ms
 */
export async function tidy(connection: SqlConnection, day: Day, before: number, now: number): Promise<void> {
  await connection.query('DELETE FROM cached WHERE valid_until < $1', [now]);
  await connection.query('DELETE FROM lease WHERE valid_until < $1', [before]);
  await connection.query('DELETE FROM host WHERE seen_at < $1', [before]);
  await connection.query(
    'DELETE FROM trusting WHERE last_day < $1 AND last_day < COALESCE((SELECT MIN(day) FROM traffic), $1)',
    [day],
  );
  // Read by a program that did not note it: from now on it does.
  await connection.query('UPDATE log SET read_at = COALESCE(read_to_end_at, $1) WHERE read_at IS NULL', [
    now,
  ]);
  await dropOpenOfDeadLogs(connection, before);
  await dropOpenOfDeadHosts(connection, before, now);
}

/** Sessions of a log that nobody reads any more would be of days that are long dropped, if they ever ended. */
async function dropOpenOfDeadLogs(connection: SqlConnection, before: number): Promise<void> {
  // The version moves on, so that one who has them in memory takes them up anew.
  const logs = await connection.query(
    `UPDATE log SET version = version + 1, oldest_open = NULL
     WHERE read_at < $1 AND id IN (SELECT log_id FROM open_session) RETURNING id`,
    [before],
  );
  for (const log of logs)
    await connection.query('DELETE FROM open_session WHERE log_id = $1', [number(log, 'id')]);
}

/**
 * Each host of a collector's file has a clock of its own, which stands still when the host is gone: what it left open
 * never falls idle by it. It does when the whole log is further by as long as anything is kept.
 */
async function dropOpenOfDeadHosts(connection: SqlConnection, before: number, now: number): Promise<void> {
  const silence = now - before;
  const newest = await connection.query(
    'SELECT log_id, MAX(changed_at) AS newest FROM open_session WHERE changed_at <= $1 GROUP BY log_id',
    [now],
  );
  for (const row of newest) {
    const dead = [number(row, 'log_id'), number(row, 'newest') - silence];
    const which = 'log_id = $1 AND changed_at + idle_seconds * 1000 < $2';
    const logs = await connection.query(
      `UPDATE log SET version = version + 1 WHERE id = $1 AND EXISTS (SELECT 1 FROM open_session WHERE ${which}) RETURNING id`,
      dead,
    );
    if (logs.length > 0) await connection.query(`DELETE FROM open_session WHERE ${which}`, dead);
  }
}
