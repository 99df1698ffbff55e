import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findPrograms, type Programs, RUN_AS } from './postgres-programs.ts';

export interface PostgresOptions {
  /** Lines of postgresql.conf: `{fsync: 'off'}`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf, the first match counts; by default whoever comes over the Unix socket is trusted. */
  readonly access?: readonly string[];
  /** Files put into the data directory before the first start, by name: certificates and the like. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A real PostgreSQL of a test's own: in a temporary directory, on a Unix socket and a free loopback port. */
export class PostgresServer {
  readonly #root: string;
  readonly #programs: Programs;
  readonly port: number;
  #process: ChildProcess | undefined;
  #databases = 0;
  #log = '';

  private constructor(root: string, programs: Programs, port: number) {
    this.#root = root;
    this.#programs = programs;
    this.port = port;
  }

  /** Makes a server and starts it. */
  static async create(options: PostgresOptions = {}): Promise<PostgresServer> {
    const root = mkdtempSync(join(tmpdir(), 'pg-'));
    chmodSync(root, 0o755);
    giveAway(root);
    const server = new PostgresServer(root, findPrograms(root), await freePort());
    // Should the test end before its time, the server does not stay behind.
    process.once('exit', () => server.#process?.kill('SIGQUIT'));
    server.#initialise(options);
    await server.start();
    return server;
  }

  /** The directory of the Unix socket. */
  get socketDirectory(): string {
    return this.#root;
  }

  /** What the server has said since it was made. */
  get log(): string {
    return this.#log;
  }

  /** A database's address, over the Unix socket. */
  url(database: string): string {
    return `postgres://postgres@/${database}?host=${encodeURIComponent(this.#root)}&port=${this.port}`;
  }

  /** Makes a database, empty or a copy of one that nobody is connected to, and gives its name. */
  async createDatabase(template = 'template1'): Promise<string> {
    const name = `ledger${++this.#databases}`;
    await this.sql(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    return name;
  }

  /** Runs one statement as the superuser. */
  async sql(text: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ host: this.#root, port: this.port, user: 'postgres', database });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  async start(): Promise<void> {
    const child = spawn(
      join(this.#programs.bin, 'postgres'),
      ['-D', join(this.#root, 'data'), '-p', String(this.port), '-k', this.#root],
      { ...RUN_AS, env: this.#programs.env, cwd: this.#root, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text;
        if (text.includes('ready to accept connections')) resolve();
      });
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${this.#log}`)));
    });
  }

  /** Shuts the server down: `fast` properly, `immediate` as a crash would, to recover at the next start. */
  async stop(how: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  }

  /** Stops the server and removes all of it. */
  async remove(): Promise<void> {
    await this.stop('immediate');
    rmSync(this.#root, { recursive: true, force: true });
  }

  #initialise({ settings = {}, access = ['local all all trust'], files = {} }: PostgresOptions): void {
    const data = join(this.#root, 'data');
    const made = spawnSync(
      join(this.#programs.bin, 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      { ...RUN_AS, env: this.#programs.env, cwd: this.#root, encoding: 'utf8' },
    );
    if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);
    const all = Object.entries({ listen_addresses: '127.0.0.1', ...settings });
    const written = {
      'postgresql.auto.conf': all.map(([name, value]) => `${name} = '${value}'\n`).join(''),
      'pg_hba.conf': `${access.join('\n')}\n`,
      ...files,
    };
    for (const [name, text] of Object.entries(written)) {
      writeFileSync(join(data, name), text, { mode: 0o600 });
      giveAway(join(data, name));
    }
  }
}

function giveAway(path: string): void {
  if (RUN_AS !== undefined) chownSync(path, RUN_AS.uid, RUN_AS.gid);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(),
      );
    });
  });
}
