import { afterAll, beforeAll, expect, it } from 'vitest';
import { makePlace, type Place, SAMPLE_LOG } from '../../cli/place.ts';
import { PostgresServer } from '../../ledger/postgres-server.ts';
import { runProgram } from '../program.ts';

let server: PostgresServer;
let place: Place;
beforeAll(async () => {
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
  place = await makePlace();
});
afterAll(async () => {
  await server?.remove();
  await place.remove();
});

it('eight processes that start together make the tables once, and each counts its own log', async () => {
  for (let round = 0; round < 3; round++) {
    const name = await server.createDatabase();
    const state = server.url(name);
    const hosts = Array.from({ length: 8 }, (_, index) => `mta${index}`);
    const ended = await Promise.all(
      hosts.map((host) => {
        const log = [SAMPLE_LOG, '--timezone', 'UTC', '--host', host];
        return runProgram('backfill', ...log, '--config', place.config, '--state', state);
      }),
    );
    expect(ended.filter(({ code }) => code !== 0)).toEqual([]);
    const counted = await server.sql(
      'SELECT host, SUM(sessions)::int AS sessions FROM tally GROUP BY host ORDER BY host',
      name,
    );
    expect(counted.map(({ host }) => host)).toEqual(hosts);
    expect(new Set(counted.map(({ sessions }) => sessions)).size).toBe(1);
    expect(
      await server.sql('SELECT COUNT(*)::int AS n FROM pg_constraint WHERE NOT convalidated', name),
    ).toEqual([{ n: 0 }]);
  }
});
