/**
 * `npm run bench:follow`: how long a line takes from the write to the commit under `follow`, and what processor time
 * that takes, at a steady rate of lines. Seen from outside: the position that the ledger tells, looked at every 5 ms.
 *   --rates 1000,10000 (lines a second)   --seconds N (10)
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { writeBusyLog } from './busy-log.ts';
import { Feed, positionOf } from './feed.ts';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '1000,10000' },
    seconds: { type: 'string', default: '10' },
  },
});
const SECONDS = Number(values.seconds);
const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
/** A line is a good 140 bytes. */
const LINE_BYTES = 150;
const WRITE_MS = 10;
const LOOK_MS = 5;
/** Linux tells processor time in hundredths of a second (USER_HZ). */
const TICK_MS = 10;

for (const rate of values.rates.split(',').map(Number)) {
  const place = mkdtempSync(join(tmpdir(), 'tlsrpt-follow-'));
  try {
    await bench(place, rate);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** One rate, with a log, a ledger and a program of its own. */
async function bench(place: string, rate: number): Promise<void> {
  if (!existsSync(PROGRAM)) throw new Error('build it first: npm run build');
  const source = join(place, 'source');
  writeBusyLog(source, (rate * SECONDS + 1000) * LINE_BYTES);
  const log = join(place, 'mail.log');
  writeFileSync(log, '');
  const state = join(place, 'state');
  const config = join(place, 'config.yaml');
  const words = [
    'organization: Bench',
    'contact: tls@bench.example',
    `state: ${state}`,
    `logs: [{path: ${log}, parser: postfix, timezone: UTC}]`,
  ];
  writeFileSync(config, `${words.join('\n')}\n`);
  const ledger = await openLedger(state);
  const child = spawn(process.execPath, [PROGRAM, 'follow', '--offline', '--quiet', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await follow(new Feed(readFileSync(source), log), ledger, child, rate);
  } finally {
    const over = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    if (child.exitCode === null) await over;
    await ledger.close();
  }
}

async function follow(feed: Feed, ledger: Ledger, child: ChildProcess, rate: number): Promise<void> {
  feed.write(1);
  await feed.settled(ledger);
  feed.latencies.length = 0;
  const cpuBefore = processorMs(child.pid);
  const began = performance.now();
  const writing = write(feed, rate, began);
  let isWriting = true;
  void writing.then(() => {
    isWriting = false;
  });
  while (isWriting) {
    feed.look(await positionOf(ledger));
    await sleep(LOOK_MS);
  }
  await writing;
  const wrote = (performance.now() - began) / 1000;
  await feed.settled(ledger);
  const cpu = (processorMs(child.pid) - cpuBefore) / 10 / ((performance.now() - began) / 1000);
  const sorted = feed.latencies.sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN);
  const actual = Math.round(feed.lines / wrote);
  process.stdout.write(
    `${rate} lines/s (${actual} written): write to commit median ${at(0.5)} ms, 99 % ${at(0.99)} ms, most ${at(1)} ms; ${cpu.toFixed(1)} % of a processor\n`,
  );
}

/** Writes at a steady rate, whatever the timer does. */
async function write(feed: Feed, rate: number, began: number): Promise<void> {
  for (let now = began; now < began + SECONDS * 1000; now = performance.now()) {
    const due = Math.floor(((now - began) / 1000) * rate) - feed.lines;
    if (due > 0) feed.write(due);
    await sleep(WRITE_MS);
  }
}

/** Processor time a process has had so far, user and system. */
function processorMs(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
