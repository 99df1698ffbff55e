import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace(`mta: {honours: []}\nlogs: [{path: ${SAMPLE_LOG}, timezone: UTC}]\n`);
});
afterEach(() => place.remove());

const PROGRAM = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Starts the program; resolves to its exit code. */
function exitOf(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve) => child.on('exit', resolve));
}

it('ends a pass though nobody hears its messages', async () => {
  const words = [
    '--import',
    'tsx',
    '--conditions=source',
    PROGRAM,
    'run',
    '--offline',
    '--verbose',
    '--now',
    MORNING_AFTER,
  ];
  const args = [...words, '--config', place.config];
  const full = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', openSync('/dev/full', 'w')] });
  expect(await exitOf(full)).toBe(0);
  const gone = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  gone.stderr?.destroy();
  expect(await exitOf(gone)).toBe(0);
  const [status] = (
    await runCli(['status', '--json', '--config', place.config, '--now', MORNING_AFTER])
  ).json();
  expect(status).toMatchObject({ lastRun: { exitCode: 0 }, logs: [{ name: SAMPLE_LOG, bytes: 146669 }] });
});
