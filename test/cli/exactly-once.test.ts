import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { type CliResult, runCli } from './run-cli.ts';

let place: Place;
let log: Buffer;
beforeEach(async () => {
  place = await makePlace();
  log = await readFile(SAMPLE_LOG);
});
afterEach(() => place.remove());

const READING = ['--timezone', 'UTC', '--host', 'mta1', '--now', MORNING_AFTER];

function backfill(files: string[], ...options: string[]): Promise<CliResult> {
  return runCli(['backfill', ...files, ...READING, '--config', place.config, ...options]);
}

async function reports(): Promise<string> {
  return (await runCli(['report', '--json', '--config', place.config, '--now', MORNING_AFTER])).stdout;
}

it('counts a file once, whatever its name, and however often it is given', async () => {
  const path = await place.write('mail.log', log);
  expect((await backfill([path])).stdout).toContain('1016 new lines');
  const once = await reports();
  expect(once.split('\n').length).toBeGreaterThan(80);
  expect((await backfill([path])).stdout).toContain('held nothing new');
  const archive = await place.write('mail.log.2.gz', gzipSync(log));
  const renamed = await place.write('quite-another-name.log', log);
  expect((await backfill([archive, renamed])).code).toBe(0);
  expect(await reports()).toBe(once);
});

it('reads what was appended, and not what was there', async () => {
  const half = log.indexOf(10, log.length / 2) + 1;
  const whole = await makePlace();
  await runCli(['backfill', SAMPLE_LOG, ...READING, '--config', whole.config]);
  const expected = (await runCli(['report', '--json', '--config', whole.config])).stdout;
  await whole.remove();

  const path = await place.write('mail.log', log.subarray(0, half));
  await backfill([path]);
  await place.write('mail.log', log);
  await backfill([path]);
  expect(await reports()).toBe(expected);
});

it('reads a chain of rotations in any order as one log', async () => {
  const cut = [0.3, 0.7].map((part) => log.indexOf(10, log.length * part) + 1);
  const oldest = await place.write('mail.log.2.gz', gzipSync(log.subarray(0, cut[0])));
  const middle = await place.write('mail.log.1', log.subarray(cut[0], cut[1]));
  const live = await place.write('mail.log', log.subarray(cut[1]));
  await backfill([live, oldest, middle]);
  const chained = await reports();

  const whole = await makePlace();
  await runCli(['backfill', SAMPLE_LOG, ...READING, '--config', whole.config]);
  expect(chained).toBe((await runCli(['report', '--json', '--config', whole.config])).stdout);
  await whole.remove();
});

it('refuses an extract of what another log covers, and counts it when told to', async () => {
  await backfill([await place.write('mail.log', log)]);
  const once = await reports();
  const lines = log.toString('utf8').split('\n');
  const extract = await place.write(
    'extract.log',
    `${lines.filter((line) => line.includes('ok.test')).join('\n')}\n`,
  );
  const refused = await backfill([extract]);
  expect(refused.code).toBe(65);
  expect(refused.stderr).toMatch(/another file of mta1 covers/);
  expect(refused.stderr).toMatch(/--overlap count/);
  expect(await reports()).toBe(once);
  expect((await backfill([extract], '--overlap', 'count')).code).toBe(0);
  expect(await reports()).not.toBe(once);
});
