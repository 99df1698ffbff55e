import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
let parts: Buffer[];
beforeEach(async () => {
  place = await makePlace();
  const log = await readFile(SAMPLE_LOG);
  const [first = 0, second = 0] = [0.3, 0.7].map((part) => log.indexOf(10, log.length * part) + 1);
  parts = [log.subarray(0, first), log.subarray(first, second), log.subarray(second)];
});
afterEach(() => place.remove());

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const READING = ['--timezone', 'UTC', '--host', 'mta1', '--now', MORNING_AFTER, '--offline'];

function backfill(file: string) {
  return runCli(['backfill', file, ...READING, '--config', place.config]);
}

/** What comes through a pipe is read by a process of its own. */
function pipe(log: Buffer): number | null {
  const words = ['backfill', '-', ...READING, '--config', place.config];
  const program = ['--import', 'tsx', '--conditions=source', MAIN];
  return spawnSync(process.execPath, [...program, ...words], { input: log }).status;
}

async function readArchives(): Promise<string> {
  for (const [index, part] of parts.entries())
    await backfill(await place.write(`mail.log.${3 - index}.gz`, gzipSync(part)));
  return sessions();
}

async function sessions(): Promise<string> {
  const { stdout } = await runCli(['status', '--json', '--config', place.config, '--now', MORNING_AFTER]);
  return JSON.stringify((JSON.parse(stdout) as { sessions: unknown }).sessions);
}

it('refuses archives that were joined in one file after they were read', async () => {
  const once = await readArchives();
  const joined = await backfill(await place.write('all.log', Buffer.concat(parts)));
  expect(joined.code).toBe(65);
  expect(joined.stderr).toContain('mail.log.2.gz was read from');
  expect(await sessions()).toBe(once);
});

it('refuses them in one gzip file, and through a pipe', async () => {
  const once = await readArchives();
  const members = parts.map((part) => gzipSync(part));
  expect((await backfill(await place.write('all.log.gz', Buffer.concat(members)))).code).toBe(65);
  expect(pipe(Buffer.concat(parts))).toBe(65);
  expect(await sessions()).toBe(once);
});

it('refuses archives that came through a pipe before, the newest first', async () => {
  const hours = parts.map((part, index) => moved(part, index * 4));
  expect(pipe(Buffer.concat(hours.toReversed()))).toBe(0);
  const once = await sessions();
  const codes: number[] = [];
  for (const [index, part] of hours.entries())
    codes.push((await backfill(await place.write(`mail.log.${3 - index}`, part))).code);
  expect(codes).toEqual([65, 65, 0]);
  expect(await sessions()).toBe(once);
});

it('reads one on that has grown by the next, which was not read yet', async () => {
  const [first, ...rest] = parts;
  await backfill(await place.write('mail.log', first ?? ''));
  await backfill(await place.write('mail.log', Buffer.concat(parts)));
  const grown = await sessions();
  expect(rest).toHaveLength(2);
  const whole = await makePlace();
  await runCli(['backfill', SAMPLE_LOG, ...READING, '--config', whole.config]);
  const { stdout } = await runCli(['status', '--json', '--config', whole.config, '--now', MORNING_AFTER]);
  expect(grown).toBe(JSON.stringify((JSON.parse(stdout) as { sessions: unknown }).sessions));
  await whole.remove();
});

/** The same lines, so many hours later, as if they were of other files. */
function moved(part: Buffer, hours: number): Buffer {
  return Buffer.from(
    part.toString('latin1').replace(/^(Nov 23) (\d\d)/gm, (_, day: string, hour: string) => {
      return `${day} ${String(Number(hour) - 12 + hours).padStart(2, '0')}`;
    }),
    'latin1',
  );
}
