/**
 * What a ledger carries: tallies a second into SQLite and PostgreSQL with 1 to 8 writers, each a process of its own;
 * then a fleet's day (hosts, domains and 500 sessions a domain, or as many as stand behind an @) read, given its
 * policies and closed on PostgreSQL, at several sizes, to show that cost grows with the domains and no faster.
 *
 *   npx tsx --conditions=source test/bench/ledger.ts [writers | day [DOMAINS[@SESSIONS]…]]
 *
 * POSTGRES_BIN names the directory of another PostgreSQL's programs; it runs with its own defaults but for
 * shared_buffers and max_wal_size.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PostgresServer } from '../ledger/postgres-server.ts';

const WORKER = fileURLToPath(new URL('fleet/worker.ts', import.meta.url));
const HOSTS = 200;
const SESSIONS_A_DOMAIN = 500;
const SETTINGS = { shared_buffers: '1GB', max_wal_size: '8GB' };

interface Done {
  readonly seconds: number;
  readonly megabytes: number;
  readonly tallies: number;
  readonly sessions: number;
  readonly reports: number;
  readonly milliseconds: number;
}

function work(order: Record<string, unknown>): Promise<Done> {
  return new Promise((resolve, reject) => {
    const words = ['--conditions=source', '--import', 'tsx', WORKER, JSON.stringify(order)];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`a worker ended with ${code}`)),
    );
  });
}

/** One host a writer, an hour a commit: what a host's `run` brings. */
async function writersOn(state: string, writers: number): Promise<number> {
  const orders = Array.from({ length: writers }, (_, host) => ({
    work: 'write',
    state,
    hosts: [host],
    domains: 50_000,
    sessionsAnHour: 10_000,
  }));
  const done = await Promise.all(orders.map(work));
  const tallies = done.reduce((sum, one) => sum + one.tallies, 0);
  return tallies / (Math.max(...done.map(({ milliseconds }) => milliseconds)) / 1000);
}

async function benchWriters(server: PostgresServer): Promise<void> {
  for (const writers of [1, 2, 4, 8]) {
    const directory = mkdtempSync(join(tmpdir(), 'bench-ledger-'));
    const sqlite = await writersOn(directory, writers);
    rmSync(directory, { recursive: true });
    const database = await server.createDatabase();
    const postgres = await writersOn(server.url(database), writers);
    await server.sql(`DROP DATABASE ${database}`);
    say({ writers, 'SQLite tallies/s': Math.round(sqlite), 'PostgreSQL tallies/s': Math.round(postgres) });
  }
}

async function benchDay(server: PostgresServer, domains: number, each = SESSIONS_A_DOMAIN): Promise<void> {
  const database = await server.createDatabase();
  const state = server.url(database);
  const sessionsAnHour = Math.round((domains * each) / HOSTS / 24);
  const writers = [0, 1].map((part) => ({
    work: 'write',
    state,
    domains,
    sessionsAnHour,
    hosts: Array.from({ length: HOSTS }, (_, host) => host).filter((host) => host % 2 === part),
  }));
  const begun = performance.now();
  const written = await Promise.all(writers.map(work));
  const reading = (performance.now() - begun) / 1000;
  const tallies = written.reduce((sum, one) => sum + one.tallies, 0);
  const read = await bytesOf(server, database);
  // The whole day takes an hour and more: what is known is told at once.
  say({ domains, tallies, 'read, s': round(reading), 'MB read': Math.round(read / 1e6) });
  const attributed = await work({ work: 'attribute', state, domains });
  say({ domains, 'policies, s': round(attributed.seconds), 'emitter, MB': attributed.megabytes });
  const closed = await work({ work: 'close', state, domains });
  say({
    domains,
    reports: closed.reports,
    'close, s': round(closed.seconds),
    'emitter, MB': closed.megabytes,
  });
  const again = await work({ work: 'close', state, domains });
  const [folded] = await server.sql('SELECT COUNT(*) AS tallies FROM tally', database);
  const done = await bytesOf(server, database);
  await server.sql('VACUUM FULL tally', database);
  say({
    domains,
    sessions: written.reduce((sum, one) => sum + one.sessions, 0),
    tallies,
    'read, s': round(reading),
    'tallies/s': Math.round(tallies / reading),
    'MB read': Math.round(read / 1e6),
    'policies, s': round(attributed.seconds),
    'tallies of the day': Number(folded?.['tallies']),
    'MB closed': Math.round(done / 1e6),
    'MB packed': Math.round((await bytesOf(server, database)) / 1e6),
    reports: closed.reports,
    'close, s': round(closed.seconds),
    'ms a report': round((closed.seconds * 1000) / closed.reports),
    'emitter, MB': closed.megabytes,
    'next pass, s': round(again.seconds),
  });
  await server.sql(`DROP DATABASE ${database}`);
}

async function bytesOf(server: PostgresServer, database: string): Promise<number> {
  const [row] = await server.sql(`SELECT pg_database_size('${database}') AS bytes`);
  return Number(row?.['bytes']);
}

function round(value: number): number {
  return Number(value.toFixed(1));
}

function say(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const [what, ...sizes] = process.argv.slice(2);
const server = await PostgresServer.create({ settings: SETTINGS });
try {
  if (what !== 'day') await benchWriters(server);
  if (what !== 'writers') {
    for (const size of sizes.length > 0 ? sizes : ['2500', '5000', '10000', '20000']) {
      const [domains, each] = size.split('@').map(Number);
      await benchDay(server, domains ?? 0, each);
    }
  }
} finally {
  await server.remove();
}
