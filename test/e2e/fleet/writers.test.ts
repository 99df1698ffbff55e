import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import { PostgresServer } from '../../ledger/postgres-server.ts';
import { LogMaker, randomNumbers } from './log-maker.ts';

const PROGRAM = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));
const NOW = '2026-11-23T00:30:00Z';
const WRITERS = 8;
const KILLS = 40;
const RESTARTS = 5;
/** Every this many kills PostgreSQL is shut down as by a crash. */
const KILLS_A_RESTART = KILLS / RESTARTS;

let server: PostgresServer;
let directory: string;
beforeAll(async () => {
  server = await PostgresServer.create();
  directory = await mkdtemp(join(tmpdir(), 'fleet-'));
});
afterAll(async () => {
  await server?.remove();
  await rm(directory, { recursive: true });
});

/** One host of the fleet: its log, and `run` over and over, as its timer would. */
class Host {
  readonly name: string;
  readonly log: string;
  readonly #maker: LogMaker;
  readonly #random: () => number;
  #child: ChildProcess | undefined;
  #milliseconds = 1000;
  kills = 0;
  runs = 0;

  constructor(index: number) {
    this.name = `mta${index}`;
    this.log = join(directory, `${this.name}.log`);
    this.#maker = new LogMaker(this.name, index + 1);
    this.#random = randomNumbers(1000 + index);
  }

  async writeConfig(state: string): Promise<string> {
    const path = join(directory, `${this.name}-${state.startsWith('postgres') ? 'fleet' : 'calm'}.json`);
    const log = { path: this.log, timezone: 'UTC', host: this.name };
    const config = { organization: 'Fleet', contact: 'tls@sender.example', state, logs: [log] };
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  /** Appends some lines, the last of them broken off anywhere; the rest comes with the next. */
  #rest = '';
  async grow(): Promise<void> {
    const text = this.#rest + this.#maker.lines(1500);
    const cut = text.length - Math.floor(this.#random() * 100);
    this.#rest = text.slice(cut);
    await appendFile(this.log, text.slice(0, cut));
  }

  async finish(): Promise<void> {
    await appendFile(this.log, this.#rest);
  }

  /**
   * Runs the program once; where it is to be killed, at any moment of the time it takes.
   * @returns its exit code; undefined if it was killed
   */
  async run(config: string, kill: boolean): Promise<number | undefined> {
    const begun = Date.now();
    const words = ['run', '--offline', '--now', NOW, '--config', config];
    const child = spawn(process.execPath, [PROGRAM, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    const timer = kill
      ? setTimeout(() => child.kill('SIGKILL'), this.#milliseconds * (0.2 + 0.8 * this.#random()))
      : undefined;
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    this.runs++;
    if (code === null) {
      this.kills++;
      return undefined;
    }
    this.#milliseconds = Date.now() - begun;
    if (code !== 0 && code !== 75) throw new Error(`${this.name} ended with ${code}: ${said}`);
    return code;
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
  }
}

/** Every tally but for its number, which differs from run to run. */
async function talliesOf(ledger: Ledger): Promise<string[]> {
  const found = await ledger.tallies({});
  return found.map(({ id: _, ...tally }) => JSON.stringify(tally)).sort();
}

it('eight writers, killed 40 times, the server five times, count what one undisturbed run counts', async () => {
  const state = server.url(await server.createDatabase());
  const hosts = Array.from({ length: WRITERS }, (_, index) => new Host(index));
  let killed = 0;
  let restarts = 0;
  let tryAgain = 0;
  const writing = hosts.map(async (host) => {
    const config = await host.writeConfig(state);
    while (killed < KILLS || restarts < RESTARTS) {
      await host.grow();
      const code = await host.run(config, killed < KILLS);
      if (code === undefined) killed++;
      if (code === 75) tryAgain++;
    }
  });
  const restarting = (async () => {
    while (restarts < RESTARTS) {
      if (killed >= (restarts + 1) * KILLS_A_RESTART) {
        await server.stop('immediate');
        // One of them takes until somebody has found nobody there, however slow the machine is.
        while (restarts === 2 && tryAgain === 0) await sleep(50);
        await server.start();
        restarts++;
      }
      await sleep(50);
    }
  })();
  try {
    await Promise.all([...writing, restarting]);
  } finally {
    for (const host of hosts) host.stop();
  }
  for (const host of hosts) {
    await host.finish();
    expect(await host.run(await host.writeConfig(state), false)).toBe(0);
  }
  const calm = join(directory, 'calm');
  for (const host of hosts) expect(await host.run(await host.writeConfig(calm), false)).toBe(0);

  expect(killed).toBeGreaterThanOrEqual(KILLS);
  expect(restarts).toBe(RESTARTS);
  expect(tryAgain).toBeGreaterThan(0);
  expect(hosts.every((host) => host.runs > host.kills)).toBe(true);
  const fleet = await openLedger(state);
  const alone = await openLedger(calm);
  const expected = await talliesOf(alone);
  expect(expected.length).toBeGreaterThan(WRITERS * 250);
  expect(await talliesOf(fleet)).toEqual(expected);
  expect(await fleet.trafficSums()).toEqual(await alone.trafficSums());
  const logs = await fleet.logs();
  expect(logs.map(({ segments }) => segments.map(({ position }) => position.offset))).toEqual(
    await Promise.all(hosts.map(async ({ log }) => [(await stat(log)).size])),
  );
  for (const log of logs) {
    const twin = (await alone.logs()).find(({ host }) => host === log.host);
    expect(await fleet.openRows(log.id)).toEqual(await alone.openRows(twin?.id ?? 0));
  }
  await Promise.all([fleet.close(), alone.close()]);
});
