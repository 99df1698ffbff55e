import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { makePlace, type Place, SAMPLE_LOG } from '../cli/place.ts';
import { runCli } from '../cli/run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

/** Debian's package prometheus has it. */
function promtool(text: string, ...words: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(
    'promtool',
    words.length === 0 ? ['check', 'metrics'] : words,
    {
      input: text,
      encoding: 'utf8',
    },
  );
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

it('promtool takes the rules of docs/monitoring.md, and every metric in them is printed', async () => {
  const page = await readFile(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
  const rules = [...page.matchAll(/^\| `([^`]*maillog_tlsrpt_[^`]*)` \|/gm)].map(([, rule = '']) => rule);
  expect(rules.length).toBeGreaterThan(5);
  // A rule that compares nothing is no condition.
  for (const rule of rules) expect(rule).toMatch(/ (?:>|<|!=|==) \d/);
  const alerts = rules.map((expr, index) => ({ alert: `Rule${index}`, expr }));
  const file = await place.write('rules.yaml', stringify({ groups: [{ name: 'docs', rules: alerts }] }));
  expect(promtool('', 'check', 'rules', file)).toMatchObject({ status: 0 });
  const log = await makePlace(`logs: [{path: ${SAMPLE_LOG}, timezone: UTC, host: mta1}]\n`);
  const options = ['--config', log.config, '--now', '2026-11-24T05:00:00Z'];
  await runCli(['run', '--offline', ...options]);
  const { stdout } = await runCli(['metrics', ...options]);
  await log.remove();
  for (const [name] of rules.join(' ').matchAll(/maillog_tlsrpt_\w+/g))
    expect(stdout).toContain(`\n# TYPE ${name} `);
});

it('promtool does find faults where there are some', () => {
  expect(promtool('# TYPE a_total gauge\na_total 1\n').status).not.toBe(0);
});
