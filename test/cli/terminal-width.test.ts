import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

it('a terminal that tells no width is none of one word a line', async () => {
  const narrow = await runCli(['check', '--config', place.path('none.yaml')], { columns: 0 });
  expect(narrow.stdout).toBe(
    (await runCli(['check', '--config', place.path('none.yaml')], { columns: 80 })).stdout,
  );
  const help = await runCli(['--help'], { columns: 0 });
  expect(Math.max(...help.stdout.split('\n').map((line) => line.length))).toBeGreaterThan(60);
});
