import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePlace, type Place, SAMPLE_LOG } from '../cli/place.ts';
import { runCli } from '../cli/run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

/** Debian's package prometheus has it. */
function promtool(text: string): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}

it('promtool finds no fault with the metrics, not even one of style', async () => {
  const options = ['--config', place.config, '--now', '2026-11-24T05:00:00Z'];
  await runCli(['backfill', SAMPLE_LOG, '--timezone', 'UTC', '--host', 'mta1', ...options]);
  await runCli(['run', '--offline', ...options]);
  const { stdout } = await runCli(['metrics', ...options]);
  expect(stdout).toContain('maillog_tlsrpt_last_run_timestamp_seconds');
  expect(promtool(stdout)).toEqual({ status: 0, output: '' });
});

it('promtool does find faults where there are some', () => {
  expect(promtool('# TYPE a_total gauge\na_total 1\n').status).not.toBe(0);
});
