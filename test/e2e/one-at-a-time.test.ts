import { appendFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checkLedger } from '../../src/ledger/care.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import type { Reader } from '../../src/ledger/reader.ts';
import { makePlace, type Place } from '../cli/place.ts';
import { PostgresServer } from '../ledger/postgres-server.ts';
import { linesOf, numbers } from '../reading/numbered-lines.ts';
import { NUMBERED_PARSER, Program, runProgram } from './program.ts';

const READING = ['--parser', NUMBERED_PARSER, '--host', 'mta1', '--timezone', 'UTC'];
const TRY_AGAIN = 75;
/** So many that reading them takes seconds. */
const MANY = 100_000;

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.create({ settings: { fsync: 'off' } });
});
afterAll(() => server.remove());

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function newPlace(state?: string): Promise<{ place: Place; state: string; ledger: Ledger }> {
  const logs = `logs: [{path: mail.log, parser: ${NUMBERED_PARSER}, host: mta1, timezone: UTC}]`;
  const place = await makePlace(`mta: {honours: []}\n${logs}\n`);
  ends.push(() => place.remove());
  const where = state ?? place.path('state');
  const ledger = await openLedger(where);
  ends.push(() => ledger.close());
  return { place, state: where, ledger };
}

function start(place: Place, state: string, command: string, ...words: string[]): Program {
  const program = new Program([command, ...words, '--config', place.config, '--state', state]);
  ends.push(() => program.end('SIGKILL'));
  return program;
}

/** The numbers counted, each as often as it was. */
async function counted(ledger: Ledger): Promise<number[]> {
  const found: number[] = [];
  for (const { recipientDomain, count } of await ledger.tallies({})) {
    const number = /^n(\d+)\.test$/.exec(recipientDomain)?.[1];
    if (number !== undefined) found.push(...Array<number>(count).fill(Number(number)));
  }
  return found.sort((a, b) => a - b);
}

const engines: [string, () => Promise<string | undefined>][] = [
  ['SQLite', async () => undefined],
  ['PostgreSQL', async () => server.url(await server.createDatabase())],
];

describe.each(engines)('on %s', (_, stateOf) => {
  test('`run`, `follow` and `backfill` at one time on the same logs count every line once', async () => {
    const { place, state, ledger } = await newPlace(await stateOf());
    const live = place.path('mail.log');
    await writeFile(`${live}.3.gz`, gzipSync(linesOf(0, 20_000)));
    await writeFile(`${live}.2`, linesOf(20_000, 40_000));
    await writeFile(live, linesOf(40_000, 50_000));
    const files = ['.3.gz', '.2', ''].map((end) => `${live}${end}`);
    const followers = [1, 2].map(() => start(place, state, 'follow', '--offline'));
    const others: Program[] = [];
    let written = 50_000;
    for (let round = 0; round < 6; round++) {
      others.push(start(place, state, 'run', '--offline'), start(place, state, 'run', '--offline'));
      others.push(
        start(place, state, 'backfill', ...(round % 2 === 0 ? files : files.toReversed()), ...READING),
      );
      for (let piece = 0; piece < 5; piece++, written += 400) {
        await appendFile(live, linesOf(written, written + 400));
        await wait(40);
      }
      if (round === 3) await rename(live, `${live}.1`);
    }
    for (const program of others) {
      const code = await program.ended();
      // One who waited too long says for whom, and that nothing was lost.
      if (code === TRY_AGAIN)
        expect(program.stderr).toMatch(/`(run|follow|backfill)` \(process \d+ on mta1\)/);
      else expect([code, program.stderr]).toEqual([0, expect.not.stringContaining('error')]);
    }
    for (const follower of followers) expect(await follower.end()).toBe(0);
    const last = start(place, state, 'run', '--offline');
    expect([await last.ended(), last.stderr]).toEqual([0, expect.any(String)]);
    expect(await counted(ledger)).toEqual(numbers(0, written));
    expect((await checkLedger(state)).faults).toEqual([]);
  });
});

/** Who reads, as soon as somebody does. */
async function holderOf(ledger: Ledger): Promise<Reader> {
  const me = { pid: process.pid, command: 'test', host: 'mta1' };
  for (;;) {
    const hold = await ledger.holdReading(me);
    if (!('release' in hold) && hold.holder.pid > 0) return hold.holder;
    if ('release' in hold) await hold.release();
    await wait(20);
  }
}

test('one who reads and is killed is no obstacle, and what it had not committed is read again', async () => {
  const { place, state, ledger } = await newPlace();
  await writeFile(place.path('mail.log'), linesOf(0, MANY));
  const killed = start(place, state, 'backfill', place.path('mail.log'), ...READING);
  expect(await holderOf(ledger)).toMatchObject({ pid: killed.pid, command: 'backfill' });
  await killed.end('SIGKILL');
  const { code, stderr } = await runProgram('run', '--offline', '--config', place.config);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('waiting')]);
  expect(await counted(ledger)).toEqual(numbers(0, MANY));
});

test('one who waits in vain names the process that reads by number and command, and nothing is lost', async () => {
  const { place, state, ledger } = await newPlace();
  await writeFile(place.path('mail.log'), linesOf(0, MANY));
  const reading = start(place, state, 'backfill', place.path('mail.log'), ...READING);
  await holderOf(ledger);
  reading.child.kill('SIGSTOP');
  const { code, stderr } = await runProgram('run', '--offline', '--config', place.config);
  expect(code).toBe(TRY_AGAIN);
  expect(stderr).toContain(`waiting for \`backfill\` (process ${reading.pid}), which reads`);
  expect(stderr).toContain(`the logs are being read by \`backfill\` (process ${reading.pid} on `);
  expect(stderr).toContain('nothing was lost');
  reading.child.kill('SIGCONT');
  expect([await reading.ended(), reading.stderr]).toEqual([0, expect.any(String)]);
  expect((await runProgram('run', '--offline', '--config', place.config)).code).toBe(0);
  expect(await counted(ledger)).toEqual(numbers(0, MANY));
});
