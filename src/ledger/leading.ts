import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Leadership, SqlConnection } from './sql.ts';

/** Times of the lease, ms: whoever does not renew it for `valid` has lost it. */
export interface LeaseTimes {
  readonly valid: number;
  readonly renew: number;
}

/** A leader that dies without a word is followed within half a minute. */
export const LEASE_TIMES: LeaseTimes = { valid: 30_000, renew: 8_000 };

/**
 * Leads as long as an open transaction of its own holds the advisory lock, so that the lock goes when the leader does,
 * through a connection pooler too. The server is told to look after us: a host that lost its power is missed after 20 s.
 * @param client connected, and ended here
 * @param key the arguments of pg_try_advisory_xact_lock
 * @returns undefined when another holds the lock
 */
export async function takeAdvisoryLock(client: Client, key: string): Promise<Leadership | undefined> {
  const lost = new AbortController();
  const abort = () => lost.abort(new Error('the connection that holds the lock has ended'));
  client.on('end', abort);
  const release = async () => {
    client.removeListener('end', abort);
    // Explicitly, so that the next one need not wait until the server sees us gone.
    await client.query('ROLLBACK').catch(() => undefined);
    await client.end().catch(() => undefined);
  };
  try {
    await client.query('BEGIN');
    await client.query(
      'SET LOCAL tcp_keepalives_idle = 5; SET LOCAL tcp_keepalives_interval = 5; SET LOCAL tcp_keepalives_count = 3',
    );
    await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    const { rows } = await client.query<{ mine: boolean }>(`SELECT pg_try_advisory_xact_lock${key} AS mine`);
    if (rows[0]?.mine === true) return { signal: lost.signal, release };
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return undefined;
}

/** The database's clock in ms, for the hosts' own may differ. */
export const NOW = 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)';

/** What a lease is for and who takes it; the lease of `dead` is taken over although it is valid. */
export interface LeaseClaim {
  readonly name: string;
  readonly holder: string;
  readonly dead?: string;
}

/**
 * Leads as long as a row of the table `lease` is renewed: for engines whose advisory locks are missing or mere words.
 * @returns undefined when another's lease is valid
 */
export async function takeLease(
  connection: SqlConnection,
  times: LeaseTimes,
  { name, holder, dead }: LeaseClaim = { name: 'emitter', holder: randomUUID() },
): Promise<Leadership | undefined> {
  const taken = await connection.query(
    `INSERT INTO lease (name, holder, valid_until) VALUES ($3, $1, ${NOW} + $2)
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, valid_until = excluded.valid_until
     WHERE lease.valid_until < ${NOW} OR lease.holder = excluded.holder OR lease.holder = $4 RETURNING holder`,
    [holder, times.valid, name, dead ?? ''],
  );
  if (taken.length === 0) return undefined;
  const lost = new AbortController();
  const done = new AbortController();
  const renewing = renew(connection, holder, times, lost, done.signal);
  return {
    signal: lost.signal,
    async release() {
      done.abort();
      await renewing;
      // What cannot be given back runs out by itself.
      await connection.query('DELETE FROM lease WHERE holder = $1', [holder]).catch(() => undefined);
    },
  };
}

async function renew(
  connection: SqlConnection,
  holder: string,
  times: LeaseTimes,
  lost: AbortController,
  done: AbortSignal,
): Promise<void> {
  for (let until = Date.now() + times.valid; !done.aborted && !lost.signal.aborted; ) {
    await sleep(times.renew, undefined, { signal: done }).catch(() => undefined);
    if (done.aborted) return;
    const asked = Date.now();
    const renewed = await connection
      .query(`UPDATE lease SET valid_until = ${NOW} + $2 WHERE holder = $1 RETURNING holder`, [
        holder,
        times.valid,
      ])
      .catch(() => undefined);
    if (renewed !== undefined && renewed.length > 0) until = asked + times.valid;
    else if (renewed !== undefined || Date.now() > until) lost.abort(new Error('the lease has run out'));
  }
}
