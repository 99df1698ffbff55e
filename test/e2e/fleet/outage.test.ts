import { appendFile, rename, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { makePlace, type Place } from '../../cli/place.ts';
import { PostgresServer } from '../../ledger/postgres-server.ts';
import { linesOf, numbers } from '../../reading/numbered-lines.ts';
import { NotifySocket } from '../notify-socket.ts';
import { NUMBERED_PARSER, Program, runProgram } from '../program.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.create();
});
afterAll(() => server.remove());

let place: Place;
let state: string;
const started: Program[] = [];
beforeEach(async () => {
  place = await makePlace(
    `mta: {honours: []}\nlogs: [{path: mail.log, parser: ${NUMBERED_PARSER}, host: mta1, timezone: UTC}]\n`,
  );
  state = server.url(await server.createDatabase());
});
afterEach(async () => {
  for (const program of started.splice(0)) await program.end('SIGKILL');
  await place.remove();
});

function follow(env: NodeJS.ProcessEnv = {}): Program {
  const program = new Program(['follow', '--offline', '--config', place.config, '--state', state], env);
  started.push(program);
  return program;
}

const run = () => runProgram('run', '--offline', '--config', place.config, '--state', state);

/** The numbers counted, sorted, each as often as it was; those counted in part. */
async function counted(): Promise<number[]> {
  const ledger = await openLedger(state);
  try {
    const found: number[] = [];
    for (const { recipientDomain, count } of await ledger.tallies({})) {
      const number = Number(/^n(\d+)\.test$/.exec(recipientDomain)?.[1]);
      for (let left = count; left > 0; left--) found.push(number);
    }
    return found.sort((a, b) => a - b);
  } finally {
    await ledger.close();
  }
}

async function position(): Promise<number> {
  const ledger = await openLedger(state);
  try {
    const segments = (await ledger.logs()).flatMap((log) => log.segments);
    return segments.reduce((sum, segment) => sum + segment.position.offset, 0);
  } finally {
    await ledger.close();
  }
}

async function reaches(count: number): Promise<void> {
  await expect.poll(async () => (await counted()).length, { timeout: 120_000, interval: 200 }).toBe(count);
}

async function says(program: Program, words: string): Promise<void> {
  await expect.poll(() => program.stderr, { timeout: 60_000, interval: 50 }).toContain(words);
}

it('`follow` outlives a database that is away, and `run` exits 75: nothing is lost, nothing counts twice', async () => {
  const log = place.path('mail.log');
  await writeFile(log, linesOf(0, 100));
  const program = follow();
  await reaches(100);
  const before = await position();

  await server.stop('immediate');
  await appendFile(log, linesOf(100, 300));
  await says(program, 'the database cannot be reached');
  await rename(log, `${log}.1`);
  await writeFile(log, linesOf(300, 400));
  const refused = await run();
  expect(refused).toMatchObject({ code: 75, stderr: expect.stringContaining('nothing was lost') });
  await server.start();
  expect(await position()).toBeGreaterThanOrEqual(before);
  await reaches(400);

  await server.stop('fast');
  await appendFile(log, linesOf(400, 500));
  await server.start();
  await reaches(500);
  expect(await counted()).toEqual(numbers(0, 500));
  expect(await program.end()).toBe(0);
  expect((await run()).code).toBe(0);
  expect(await counted()).toEqual(numbers(0, 500));
});

it('what `run` could not commit is where it was: the position has not moved', async () => {
  await writeFile(place.path('mail.log'), linesOf(0, 100));
  expect((await run()).code).toBe(0);
  const before = await position();
  await appendFile(place.path('mail.log'), linesOf(100, 200));
  await server.stop('immediate');
  expect((await run()).code).toBe(75);
  expect((await run()).code).toBe(75);
  await server.start();
  expect(await position()).toBe(before);
  expect((await run()).code).toBe(0);
  expect(await counted()).toEqual(numbers(0, 200));
});

it('`follow` may be started before the database, and counts as started while it waits', async () => {
  await writeFile(place.path('mail.log'), linesOf(0, 100));
  await server.stop('fast');
  const socket = await NotifySocket.listen(place.path('notify'));
  const program = follow({ NOTIFY_SOCKET: place.path('notify'), WATCHDOG_USEC: '60000000' });
  await says(program, 'the database cannot be reached');
  await expect
    .poll(() => socket.messages.join('\n'), { timeout: 20_000 })
    .toMatch(/READY=1 STATUS=waiting for the ledger/);
  program.child.kill('SIGHUP');
  await server.start();
  await reaches(100);
  expect(await program.end()).toBe(0);
  await socket.close();
});
