import { appendFile, copyFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { makePlace, type Place, SAMPLE_LOG } from '../cli/place.ts';
import { linesOf, numbers } from '../reading/numbered-lines.ts';
import { startTxtServer } from '../receivers/dns.ts';
import { startSmtpReceiver } from '../receivers/smtp.ts';
import { JournalMaker } from './journal-maker.ts';
import { NotifySocket } from './notify-socket.ts';
import { NUMBERED_PARSER, Program, runProgram } from './program.ts';

const DKIM_KEY = fileURLToPath(new URL('../receivers/dkim-rsa.key.pem', import.meta.url));
/** What is promised of a line from its writing to its commit, ms. */
const PROMISED_MS = 2000;

let place: Place;
let ledger: Ledger;
const started: Program[] = [];
beforeEach(async () => {
  const logs = `logs: [{path: mail.log, parser: ${NUMBERED_PARSER}, host: mta1, timezone: UTC}]`;
  place = await makePlace(`mta: {honours: []}\n${logs}\n`);
  ledger = await openLedger(place.path('state'));
});
afterEach(async () => {
  for (const program of started.splice(0)) await program.end('SIGKILL');
  await ledger.close();
  await place.remove();
});

function follow(words: readonly string[] = [], env = {}, before: readonly string[] = []): Program {
  const program = new Program(['follow', '--offline', '--config', place.config, ...words], env, before);
  started.push(program);
  return program;
}

/** The numbers counted, sorted, each as often as it was; what came out of turn as text. */
async function counted(): Promise<(number | string)[]> {
  const found: (number | string)[] = [];
  for (const { recipientDomain, count } of await ledger.tallies({})) {
    const number = /^n(\d+)\.test$/.exec(recipientDomain)?.[1];
    for (let left = count; left > 0; left--)
      found.push(number === undefined ? recipientDomain : Number(number));
  }
  return found.sort((a, b) => Number(a) - Number(b));
}

async function reaches(count: number, ms: number): Promise<void> {
  await expect.poll(async () => (await counted()).length, { timeout: ms, interval: 20 }).toBe(count);
}

async function says(program: Program, words: string): Promise<void> {
  await expect.poll(() => program.stderr, { timeout: 20_000, interval: 20 }).toContain(words);
}

describe('a log', () => {
  test('that is not there yet is waited for, and its lines are in the ledger within two seconds', async () => {
    const program = follow();
    await says(program, 'it does not exist');
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [2, 500],
      [500, 501],
    ] as const) {
      await appendFile(place.path('mail.log'), linesOf(from, to));
      await reaches(to, PROMISED_MS);
    }
    expect(await program.end()).toBe(0);
  });

  test('is read by looking where no directory can be watched, which is said', async () => {
    await writeFile(place.path('mail.log'), linesOf(0, 10));
    const program = follow([], {}, [
      'unshare',
      '--user',
      '--map-root-user',
      'sh',
      '-c',
      'echo 0 > /proc/sys/user/max_inotify_instances; exec "$0" "$@"',
    ]);
    await says(program, 'following');
    await says(program, 'cannot be watched (');
    for (let from = 10; from < 60; from += 10) {
      await appendFile(place.path('mail.log'), linesOf(from, from + 10));
      await reaches(from + 10, PROMISED_MS);
    }
    await rename(place.path('mail.log'), place.path('mail.log.1'));
    await writeFile(place.path('mail.log'), linesOf(60, 70));
    await reaches(70, PROMISED_MS);
    expect(await counted()).toEqual(numbers(0, 70));
    expect(await program.end()).toBe(0);
  });

  test('rotated by renaming under load loses nothing', async () => {
    const program = follow();
    await writeFile(place.path('mail.log'), '');
    await says(program, 'following');
    for (let from = 0; from < 3000; from += 20) {
      await appendFile(place.path('mail.log'), linesOf(from, from + 20));
      if (from % 600 !== 580) continue;
      for (const number of [4, 3, 2, 1])
        await rename(place.path(`mail.log.${number}`), place.path(`mail.log.${number + 1}`)).catch(() => {});
      await rename(place.path('mail.log'), place.path('mail.log.1'));
      // A daemon that was not told yet goes on in the old file.
      await appendFile(place.path('mail.log.1'), linesOf(from + 20, from + 40));
      from += 20;
    }
    await reaches(3020, PROMISED_MS);
    expect(await counted()).toEqual(numbers(0, 3020));
    expect(await program.end()).toBe(0);
  });

  test('rotated by renaming is read on for a while, though nothing comes but to the old file', async () => {
    const live = place.path('mail.log');
    await writeFile(live, linesOf(0, 10));
    const program = follow();
    await reaches(10, 20_000);
    await rename(live, `${live}.1`);
    await writeFile(live, linesOf(20, 30));
    await reaches(20, PROMISED_MS);
    for (const from of [10, 15]) {
      await wait(3000);
      await appendFile(`${live}.1`, linesOf(from, from + 5));
      await expect.poll(counted, { timeout: PROMISED_MS, interval: 20 }).toContain(from + 4);
    }
    expect((await counted()).filter((one) => typeof one === 'number')).toEqual(numbers(0, 30));
    expect(await program.end()).toBe(0);
  });

  test('rotated by copying and emptying is read on, and the hole is said', async () => {
    const live = place.path('mail.log');
    await writeFile(live, linesOf(0, 100));
    const program = follow();
    await reaches(100, 20_000);
    await copyFile(live, `${live}.1`);
    await truncate(live);
    await appendFile(live, linesOf(100, 150));
    await reaches(150, PROMISED_MS);
    await says(program, 'the file was copied and emptied');
    expect(await counted()).toEqual(numbers(0, 150));
    expect(await program.end()).toBe(0);
  });

  test('that was rotated and compressed while nobody followed is read from where it was left', async () => {
    const live = place.path('mail.log');
    await writeFile(live, linesOf(0, 100));
    const first = follow();
    await reaches(100, 20_000);
    expect(await first.end('SIGKILL')).toBe(null);
    await appendFile(live, linesOf(100, 200));
    await writeFile(`${live}.1.gz`, gzipSync(await readFile(live)));
    await rm(live);
    await writeFile(live, linesOf(200, 210));
    follow();
    await reaches(210, 20_000);
    expect(await counted()).toEqual(numbers(0, 210));
  });
});

describe('signals', () => {
  test('SIGTERM ends it within a second, amid a long log, and what was read is committed', async () => {
    const LINES = 60_000;
    // One line in ten is of interest, as in a real log.
    const noise = `${'x'.repeat(100)}\n`.repeat(9);
    await writeFile(place.path('mail.log'), linesOf(0, LINES).replaceAll('\n', `\n${noise}`));
    const program = follow();
    const begun = async () => (await ledger.segments('mta1', 'numbered')).length;
    await expect.poll(begun, { timeout: 60_000, interval: 10 }).toBeGreaterThan(0);
    const asked = performance.now();
    expect(await program.end()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(1000);
    const { length } = await counted();
    expect(length).toBeLessThan(LINES);
    expect(await counted()).toEqual(numbers(0, length));
    const asleep = follow();
    await says(asleep, 'following');
    const askedAsleep = performance.now();
    expect(await asleep.end()).toBe(0);
    expect(performance.now() - askedAsleep).toBeLessThan(1000);
    expect(await counted()).toEqual(numbers(0, LINES));
  });

  test('SIGHUP takes over a good configuration, and a bad one changes nothing', async () => {
    await writeFile(place.path('mail.log'), linesOf(0, 10));
    const program = follow();
    await reaches(10, 20_000);
    const good = await readFile(place.config, 'utf8');
    await writeFile(place.config, `${good}unheard-of: 1\n`);
    program.child.kill('SIGHUP');
    await says(program, 'the former configuration stays in force');
    expect(program.stderr).toContain('config.yaml:7:1: unknown key `unheard-of`');
    await appendFile(place.path('mail.log'), linesOf(10, 20));
    await reaches(20, PROMISED_MS);
    await writeFile(place.config, good.replace('path: mail.log', 'path: other.log'));
    await writeFile(place.path('other.log'), linesOf(20, 30));
    program.child.kill('SIGHUP');
    await says(program, 'was read again and is in force');
    await reaches(30, PROMISED_MS);
    await appendFile(place.path('mail.log'), linesOf(30, 40));
    await appendFile(place.path('other.log'), linesOf(40, 50));
    await reaches(40, PROMISED_MS);
    expect(await counted()).toEqual([...numbers(0, 30), ...numbers(40, 50)]);
    expect(await program.end()).toBe(0);
  });
});

test('the service manager is told of readiness, life, reloads and the end', async () => {
  await writeFile(place.path('mail.log'), linesOf(0, 10));
  const socket = await NotifySocket.listen(place.path('notify'));
  const program = follow([], { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1500000' });
  const hears = (text: string, times = 1) =>
    expect
      .poll(() => socket.messages.filter((message) => message.includes(text)).length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(times);
  await hears('READY=1 STATUS=following one log');
  await hears('WATCHDOG=1', 5);
  program.child.kill('SIGHUP');
  await hears('RELOADING=1');
  await hears('READY=1', 2);
  expect(await program.end()).toBe(0);
  await hears('STOPPING=1');
  await socket.close();
});

test('the service manager hears twice at least in the shortest time it waits for, though nothing happens', async () => {
  await writeFile(place.path('mail.log'), '');
  const socket = await NotifySocket.listen(place.path('notify'));
  const program = follow([], { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '2000000' });
  await says(program, 'following');
  const told = () => socket.messages.filter((message) => message.includes('WATCHDOG=1')).length;
  const before = told();
  await wait(10_000);
  expect(told() - before).toBeGreaterThanOrEqual(10);
  expect(await program.end()).toBe(0);
  await socket.close();
});

test('a bad configuration leaves the service manager with what was told of the one in force', async () => {
  await writeFile(place.path('mail.log'), linesOf(0, 10));
  const socket = await NotifySocket.listen(place.path('notify'));
  const program = follow([], { NOTIFY_SOCKET: socket.path });
  const last = () => socket.messages.at(-1);
  await expect.poll(last, { timeout: 20_000 }).toBe('READY=1 STATUS=following one log');
  const first = await readFile(place.config, 'utf8');
  const two = first.replace(
    /\[(\{.*\})\]/,
    (_, log: string) => `[${log}, ${log.replace('mail.', 'other.')}]`,
  );
  for (const config of [two, `${two}unheard-of: 1\n`]) {
    await writeFile(place.config, config);
    const before = socket.messages.length;
    program.child.kill('SIGHUP');
    await expect.poll(() => socket.messages.length, { timeout: 20_000 }).toBe(before + 2);
    expect(last()).toBe('READY=1 STATUS=following 2 logs');
  }
  await writeFile(place.path('other.log'), linesOf(10, 20));
  await reaches(20, PROMISED_MS);
  expect(await program.end()).toBe(0);
  await socket.close();
});

test('a day that ends is closed and sent by its own clock', async () => {
  const smtp = await startSmtpReceiver();
  const dns = await startTxtServer((name) =>
    name === '_smtp._tls.ok.test' ? ['v=TLSRPTv1; rua=mailto:reports@ok.test'] : undefined,
  );
  await copyFile(SAMPLE_LOG, place.path('mail.log'));
  await writeFile(
    place.config,
    `organization: Reports Inc.
contact: tls@reports.example
state: ${place.path('state')}
mta: {honours: []}
dns: {servers: ["${dns.address}"]}
logs: [{path: mail.log, host: mta1, timezone: UTC}]
delivery: {allow-private: true, spread: 0s}
mail:
  via: smtp://127.0.0.1:${smtp.port}
  dkim: {domain: reports.example, selector: s, key: ${DKIM_KEY}}
`,
  );
  const program = new Program(['follow', '--config', place.config, '--now', '2026-11-24T00:14:52Z']);
  started.push(program);
  await says(program, 'following');
  expect(smtp.received).toEqual([]);
  await expect.poll(() => smtp.received.length, { timeout: 30_000 }).toBe(1);
  expect(smtp.received[0]).toMatchObject({ from: 'tls@reports.example', to: ['reports@ok.test'] });
  await says(program, 'built the report of 2026-11-23 for ok.test');
  await says(program, '1 delivered');
  expect(await program.end()).toBe(0);
  await Promise.all([smtp.close(), dns.close()]);
});

test('a journal is followed', async () => {
  const journal = new JournalMaker(place.path('journal'));
  journal.add(0, 10);
  await writeFile(
    place.config,
    (await readFile(place.config, 'utf8')).replace(
      'path: mail.log',
      'journal: {units: ["postfix@-.service"], directory: journal}',
    ),
  );
  const program = follow();
  await reaches(10, 20_000);
  for (let from = 10; from < 40; from += 10) {
    journal.add(from, from + 10);
    await reaches(from + 10, PROMISED_MS + 1000);
  }
  expect(await counted()).toEqual(numbers(0, 40));
  expect(await program.end()).toBe(0);
});

test('nothing to follow is a fault of the configuration', async () => {
  await writeFile(place.config, (await readFile(place.config, 'utf8')).replace(/logs: .*/, ''));
  const { code, stderr } = await runProgram('follow', '--offline', '--config', place.config);
  expect([code, stderr]).toEqual([78, expect.stringContaining('names no log to follow')]);
});
