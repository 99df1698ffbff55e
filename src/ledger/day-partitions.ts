import type { Pool, PoolClient } from 'pg';
import type { Day } from '../day.ts';
import { isLockTimeout, lacksPartition } from './postgres-faults.ts';
import { DayInUse } from './sql.ts';

/** Hosts may have accounts of their own, members of the one that made the tables: partitions are that one's too. */
const AS_OWNER = `SELECT set_config('role', pg_get_userbyid(relowner), true) FROM pg_class
  WHERE relname = 'tally' AND pg_table_is_visible(oid)`;

/** How long pruning may make writers wait behind it before it leaves the day to the next run. */
const LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'";

/**
 * The partitions of PostgreSQL's table `tally`, one a day: made when the first tally of a day comes, dropped as a whole
 * when the day is pruned.
 */
export class DayPartitions {
  readonly #lockKey: string;
  readonly #known = new Set<Day>();

  /** @param lockKey the arguments of pg_advisory_xact_lock, so that two hosts do not make the same partition */
  constructor(lockKey: string) {
    this.#lockKey = lockKey;
  }

  /** Sees to it that each of the days has its partition. */
  async prepare(pool: Pool, days: readonly Day[]): Promise<void> {
    for (const day of days) {
      if (this.#known.has(day)) continue;
      if (!(await exists(pool, day))) await this.#make(pool, day);
      this.#known.add(day);
    }
  }

  /** Whether a failed insert only needs `prepare` again, for another host has pruned the day meanwhile. */
  forgets(error: unknown): boolean {
    if (!lacksPartition(error)) return false;
    this.#known.clear();
    return true;
  }

  /** Attaching, unlike making it as a partition at once, lets readers and writers of other days go on. */
  async #make(pool: Pool, day: Day): Promise<void> {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`SELECT pg_advisory_xact_lock${this.#lockKey}`);
      if (!(await exists(client, day))) {
        await client.query(AS_OWNER);
        await client.query(
          `CREATE TABLE ${tableOf(day)} (LIKE tally INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)`,
        );
        await client.query(`ALTER TABLE tally ATTACH PARTITION ${tableOf(day)} FOR VALUES IN ('${day}')`);
      }
      await client.query('COMMIT');
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }
  }
}

/**
 * Drops a day's tallies within the caller's transaction.
 * @returns how many; undefined when some were read at `ingestedBefore` (UTC ms) or later: then nothing is dropped
 * @throws DayInUse when somebody reads them for long: a backup, say
 */
export async function dropDay(
  client: PoolClient,
  day: Day,
  ingestedBefore: number,
): Promise<number | undefined> {
  try {
    return await dropUnlessFresh(client, day, ingestedBefore);
  } catch (cause) {
    throw isLockTimeout(cause) ? new DayInUse(`the tallies of ${day} are in use`, { cause }) : cause;
  }
}

async function dropUnlessFresh(
  client: PoolClient,
  day: Day,
  ingestedBefore: number,
): Promise<number | undefined> {
  await client.query(LOCK_TIMEOUT);
  await client.query(`LOCK TABLE ${tableOf(day)} IN SHARE ROW EXCLUSIVE MODE`);
  const { rows } = await client.query<{ tallies: number; newest: number | null }>(
    `SELECT COUNT(*) AS tallies, MAX(ingested_at) AS newest FROM ${tableOf(day)}`,
  );
  if ((rows[0]?.newest ?? 0) >= ingestedBefore) return undefined;
  await client.query(AS_OWNER);
  await client.query(`DROP TABLE ${tableOf(day)}`);
  await client.query('RESET ROLE');
  return rows[0]?.tallies ?? 0;
}

async function exists(connection: Pool | PoolClient, day: Day): Promise<boolean> {
  const { rows } = await connection.query(
    'SELECT 1 FROM pg_class WHERE relname = $1 AND pg_table_is_visible(oid)',
    [tableOf(day)],
  );
  return rows.length > 0;
}

/** A table's name; a day that is none would be a statement of a stranger's. */
function tableOf(day: Day): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw new Error(`"${day}" is no day`);
  return `tally_${day.replaceAll('-', '')}`;
}
