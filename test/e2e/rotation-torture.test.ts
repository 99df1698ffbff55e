import { mkdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';
import type { Gap } from '../../src/reading/gaps.ts';
import { gapsOf } from '../../src/reading/trail.ts';
import { makePlace, type Place } from '../cli/place.ts';
import { BEGIN } from '../reading/numbered-lines.ts';
import { NUMBERED_PARSER, Program, runProgram } from './program.ts';
import { RotatingHost } from './rotating-host.ts';

const LINES = 200_000;
const LINES_A_SECOND = 3000;
const KILLS = 50;
/** The writer alone takes over a minute. */
const TIMEOUT_MS = 600_000;

let place: Place;
let host: RotatingHost;
let random: () => number;
beforeEach(async () => {
  const logs = `logs: [{path: log/mail.log, parser: ${NUMBERED_PARSER}, host: mta1, timezone: UTC}]`;
  place = await makePlace(`mta: {honours: []}\n${logs}\n`);
  await mkdir(place.path('log'));
  random = randomFrom(20261123);
  host = new RotatingHost(place.path('log'), LINES, LINES_A_SECOND, random);
});
afterEach(async () => {
  await host.end();
  await place.remove();
});

/** Numbers from 0 to 1, the same at every start. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** Every so many times the reader is let be: one that never comes to an end never notices anything. */
const SPARED = 4;

/** Starts the reader again and again, and kills it at a random moment unless it has ended by itself. */
async function readAndKill(command: 'run' | 'follow', longest: number): Promise<number> {
  let kills = 0;
  for (let lives = 1; kills < KILLS || !host.done; lives++) {
    if (lives % SPARED === 0) {
      await host.whileRead(() => readToEnd(command));
      continue;
    }
    const program = start(command);
    await Promise.race([program.ended(), wait(150 + random() * longest)]);
    if ((await program.end('SIGKILL')) === null) kills++;
  }
  return kills;
}

function start(command: 'run' | 'follow'): Program {
  return new Program([command, '--offline', '--config', place.config]);
}

async function readToEnd(command: 'run' | 'follow'): Promise<void> {
  const begun = Date.now();
  const program = start(command);
  if (command === 'follow') await hasReadSince(begun);
  expect([await (command === 'run' ? program.ended() : program.end()), program.stderr]).toEqual([
    0,
    expect.not.stringContaining('error'),
  ]);
}

async function hasReadSince(begun: number): Promise<void> {
  const ledger = await openLedger(place.path('state'));
  const readToEndAt = async () => (await ledger.logs())[0]?.readToEndAt ?? 0;
  await expect.poll(readToEndAt, { timeout: 120_000, interval: 50 }).toBeGreaterThanOrEqual(begun);
  await ledger.close();
}

interface Findings {
  readonly counted: ReadonlyMap<number, number>;
  readonly strange: readonly string[];
  readonly gaps: readonly Gap[];
}

async function findings(): Promise<Findings> {
  const ledger = await openLedger(place.path('state'));
  const counted = new Map<number, number>();
  const strange: string[] = [];
  for (const { recipientDomain, count } of await ledger.tallies({})) {
    const number = /^n(\d+)\.test$/.exec(recipientDomain)?.[1];
    if (number === undefined) strange.push(recipientDomain);
    else counted.set(Number(number), (counted.get(Number(number)) ?? 0) + count);
  }
  const [log] = await ledger.logs();
  const gaps = await gapsOf(ledger, log?.id ?? 0);
  await ledger.close();
  return { counted, strange, gaps };
}

/** Every line the kernel kept counts once, none twice, in their order; every other one lies in a hole that is said. */
async function expectEveryLineOnce(): Promise<void> {
  const { code } = await runProgram('run', '--offline', '--config', place.config);
  expect(code).toBe(0);
  const kept = await host.kept();
  const { counted, strange, gaps } = await findings();
  expect(strange).toEqual([]);
  expect([...counted].filter(([number, count]) => count !== 1 || number >= LINES)).toEqual([]);
  expect(rangesOf([...kept].filter((number) => !counted.has(number)))).toEqual([]);
  const missing = Array.from({ length: LINES }, (_, number) => number).filter(
    (number) => !counted.has(number),
  );
  const unsaid = missing.filter((number) => !gaps.some((gap) => covers(gap, BEGIN + number * 1000)));
  expect(rangesOf(unsaid)).toEqual([]);
  expect(new Set(gaps.map(({ kind }) => kind))).toEqual(new Set(missing.length > 0 ? ['copied'] : []));
}

/** `3-7` for 3, 4, 5, 6, 7. */
function rangesOf(numbers: readonly number[]): string[] {
  const ends = numbers.filter((number, at) => numbers[at + 1] !== number + 1);
  const starts = numbers.filter((number, at) => numbers[at - 1] !== number - 1);
  return starts.map((start, at) => `${start}-${ends[at]}`);
}

function covers({ after = 0, before = Number.POSITIVE_INFINITY }: Gap, time: number): boolean {
  return time > after && time < before;
}

function expectTorture(kills: number): void {
  expect(kills).toBeGreaterThanOrEqual(KILLS);
  for (const count of Object.values(host.rotations)) expect(count).toBeGreaterThan(3);
}

test('`run` in a loop, killed again and again, counts every line of a rotated log once', {
  timeout: TIMEOUT_MS,
}, async () => {
  // What was lost before somebody first read the log, nobody can tell.
  await host.begun();
  await readToEnd('run');
  const rotating = host.rotate();
  const kills = await readAndKill('run', 2000);
  await rotating;
  await expectEveryLineOnce();
  expectTorture(kills);
});

test('`follow`, killed again and again, counts every line of a rotated log once', {
  timeout: TIMEOUT_MS,
}, async () => {
  // What was lost before somebody first read the log, nobody can tell.
  await host.begun();
  await readToEnd('follow');
  const rotating = host.rotate();
  const kills = await readAndKill('follow', 2000);
  await rotating;
  await expectEveryLineOnce();
  expectTorture(kills);
});
