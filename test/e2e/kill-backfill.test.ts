import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addDays } from '../../src/day.ts';
import { makePlace, type Place, SAMPLE_LOG } from '../cli/place.ts';
import { runCli } from '../cli/run-cli.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const DAYS = 40;
const KILLS = 40;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const READING = ['--timezone', 'UTC', '--host', 'mta1', '--now', '2026-11-24T05:00:00Z'];

let disturbed: Place;
let calm: Place;
beforeEach(async () => {
  disturbed = await makePlace();
  calm = await makePlace();
});
afterEach(async () => {
  await disturbed.remove();
  await calm.remove();
});

/** Forty days of log, each a rotation of its own: half of them compressed, the last one large. */
async function rotations(place: Place): Promise<string[]> {
  const sample = await readFile(SAMPLE_LOG, 'utf8');
  const files: string[] = [];
  for (let back = DAYS; back >= 1; back--) {
    const day = addDays('2026-11-23', -back);
    const stamp = `${MONTHS[Number(day.slice(5, 7)) - 1]} ${day.slice(8).replace(/^0/, ' ')} `;
    const text = sample.replace(/^Nov 23 /gm, stamp).repeat(back === 1 ? 20 : 1);
    const gz = back % 2 === 0;
    files.push(await place.write(`mail.log.${back}${gz ? '.gz' : ''}`, gz ? gzipSync(text) : text));
  }
  return files;
}

/** Runs `backfill` and kills it after so many ms; true if it was over before that. */
function backfillFor(milliseconds: number, files: readonly string[], config: string): Promise<boolean> {
  const child = spawn(process.execPath, [PROGRAM, 'backfill', ...files, ...READING, '--config', config], {
    stdio: 'ignore',
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    });
  });
}

async function reports(place: Place): Promise<string> {
  return (await runCli(['report', '--json', '--config', place.config, ...READING.slice(-2)])).stdout;
}

it('a backfill killed again and again ends in byte-identical reports', async () => {
  const files = await rotations(disturbed);
  let state = 20261124;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  let killed = 0;
  for (let attempt = 0; attempt < KILLS; attempt++) {
    if (!(await backfillFor(150 + random() * 500, files, disturbed.config))) killed++;
  }
  expect(await backfillFor(120_000, files, disturbed.config)).toBe(true);
  expect(killed).toBeGreaterThan(5);

  expect(await backfillFor(120_000, await rotations(calm), calm.config)).toBe(true);
  const expected = await reports(calm);
  expect(expected.split('\n').length).toBeGreaterThan(DAYS * 80);
  expect(await reports(disturbed)).toBe(expected);
});

it('a year of old rotations is held: nothing is sent, and status says how to release it', async () => {
  const files = await rotations(calm);
  expect(await backfillFor(120_000, files, calm.config)).toBe(true);
  const later = ['--now', '2026-12-24T05:00:00Z', '--config', calm.config];
  const run = await runCli(['run', '--json', ...later]);
  expect(run.code).toBe(0);
  expect(run.json()).toMatchObject([{ built: 0, sent: { sent: 0 } }]);
  const status = await runCli(['status', ...later]);
  expect(status.stdout).toContain(`${DAYS} held`);
  expect(status.stdout).toContain('send --day 2026-10-14');
  expect(status.stdout).toContain('empty');
});
