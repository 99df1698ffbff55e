import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../src/ledger/migrations.ts';
import { openPostgres, type PostgresOptions } from '../../src/ledger/postgres.ts';
import type { Leadership, SqlDatabase } from '../../src/ledger/sql.ts';
import { PostgresServer } from './postgres-server.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
});
afterAll(() => server.remove());

/** Two hosts' views of one database. */
async function twoHosts(
  options: PostgresOptions,
  work: (a: Leader, b: Leader, name: string) => Promise<void>,
) {
  const name = await server.createDatabase();
  const open = () => openPostgres(server.url(name), { patience: 500, ...options });
  const [a, b] = await Promise.all([open(), open()]);
  try {
    await migrate(a);
    await work(new Leader(a), new Leader(b), name);
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
}

/** A host that tries to lead, and leads until it is told to stop. */
class Leader {
  readonly #database: SqlDatabase;
  #held: Leadership | undefined;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  get signal(): AbortSignal | undefined {
    return this.#held?.signal;
  }

  /** Resolves to whether it leads. */
  async begin(): Promise<boolean> {
    if (this.#database.takeLead === undefined) throw new Error('this engine has no leaders');
    this.#held = await this.#database.takeLead();
    return this.#held !== undefined;
  }

  async end(): Promise<void> {
    await this.#held?.release();
  }
}

describe.each([
  ['an advisory lock', {}],
  ['a lease', { plain: true, lease: { valid: 2000, renew: 100 } }],
] as const)('leading by %s', (_name, options) => {
  it('is for one at a time, and for the next when the first is done', async () => {
    await twoHosts(options, async (a, b) => {
      expect(await a.begin()).toBe(true);
      expect(await b.begin()).toBe(false);
      await a.end();
      expect(await b.begin()).toBe(true);
      expect(a.signal?.aborted).toBe(false);
      await b.end();
    });
  });

  it('is for one of many who start together', async () => {
    const name = await server.createDatabase();
    const hosts = await Promise.all(Array.from({ length: 6 }, () => openPostgres(server.url(name), options)));
    const [first] = hosts;
    if (first === undefined) throw new Error('no host');
    await migrate(first);
    const leaders = hosts.map((database) => new Leader(database));
    const lead = await Promise.all(leaders.map((leader) => leader.begin()));
    expect(lead.filter(Boolean)).toHaveLength(1);
    await Promise.all(leaders.map((leader) => leader.end()));
    await Promise.all(hosts.map((database) => database.close()));
  });

  it('outlives the work no longer than the work lives', async () => {
    await twoHosts(options, async (a, b, name) => {
      expect(await a.begin()).toBe(true);
      await a.end();
      const locks = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
      expect(await server.sql(locks, name)).toEqual([]);
      expect(await server.sql('SELECT 1 FROM lease', name)).toEqual([]);
      expect(await b.begin()).toBe(true);
      await b.end();
    });
  });
});

it('a leader whose lock is gone is told so, and another leads at once', async () => {
  await twoHosts({}, async (a, b, name) => {
    expect(await a.begin()).toBe(true);
    await server.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database
       WHERE locktype = 'advisory' AND datname = '${name}'`,
    );
    await expect.poll(() => a.signal?.aborted).toBe(true);
    expect(await b.begin()).toBe(true);
    await Promise.all([a.end(), b.end()]);
  });
});

it('the server watches over the connection that holds the lock', async () => {
  await twoHosts({}, async (a, _b, name) => {
    await a.begin();
    const client = await openPostgres(server.url(name));
    const idle = await client.query(
      `SELECT CASE WHEN state = 'idle in transaction' THEN 1 ELSE 0 END AS idle, backend_xmin AS holds FROM pg_stat_activity
       WHERE pid = (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database =
         (SELECT oid FROM pg_database WHERE datname = current_database()))`,
    );
    // An open transaction, but none that keeps dead rows from being cleared away.
    expect(idle).toEqual([{ idle: 1, holds: null }]);
    await client.close();
    await a.end();
  });
});

it('a lease that is not renewed runs out, and its holder is told so', async () => {
  const options = { plain: true, lease: { valid: 300, renew: 100 } };
  await twoHosts(options, async (a, b, name) => {
    expect(await a.begin()).toBe(true);
    await server.sql("UPDATE lease SET holder = 'somebody else', valid_until = 0", name);
    await expect.poll(() => a.signal?.aborted).toBe(true);
    expect(await b.begin()).toBe(true);
    await a.end();
    // The former leader's end took nothing away from the new one.
    expect(await server.sql('SELECT count(*) AS held FROM lease', name)).toEqual([{ held: '1' }]);
    await b.end();
  });
});
