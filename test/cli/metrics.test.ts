import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

async function withLog(): Promise<string> {
  const log = await place.write('mail.log', await readFile(SAMPLE_LOG));
  return place.write(
    'config.yaml',
    `organization: Reports Inc.
contact: tls@reports.example
state: ${place.path('state')}
logs: [{path: ${log}, timezone: UTC, host: mta1}]
metrics: {textfile: ${place.path('out/tlsrpt.prom')}}
`,
  );
}

function sampleOf(text: string, series: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

it('writes node_exporter’s file after each run, equal to what the command prints', async () => {
  const config = await withLog();
  await runCli(['run', '--offline', '--config', config, '--now', MORNING_AFTER]);
  const file = await readFile(place.path('out/tlsrpt.prom'), 'utf8');
  const printed = await runCli(['metrics', '--config', config, '--now', MORNING_AFTER]);
  expect(printed.code).toBe(0);
  expect(printed.stdout).toBe(file);
  expect(sampleOf(file, 'maillog_tlsrpt_last_run_exit_code')).toBe(0);
  expect(sampleOf(file, 'maillog_tlsrpt_last_run_timestamp_seconds')).toBe(Date.parse(MORNING_AFTER) / 1000);
});

it('tells of deliveries before there were any, so that the first can be seen as one more', async () => {
  const config = await withLog();
  const { stdout } = await runCli(['metrics', '--config', config, '--now', MORNING_AFTER]);
  for (const scheme of ['mailto', 'https', 'directory'])
    for (const state of ['sent', 'given-up', 'suppressed'])
      expect(stdout).toContain(`maillog_tlsrpt_deliveries_total{scheme="${scheme}",state="${state}"} 0\n`);
});

it('counts the same sessions as the report', async () => {
  const config = await withLog();
  await runCli(['run', '--offline', '--config', config, '--now', MORNING_AFTER]);
  const { stdout } = await runCli(['metrics', '--config', config, '--now', MORNING_AFTER]);
  const sessions = [...stdout.matchAll(/^maillog_tlsrpt_sessions_total\{.*\} (\d+)$/gm)].map(([, count]) =>
    Number(count),
  );
  const reported = (
    await runCli(['report', '--json', '--config', config, '--now', MORNING_AFTER])
  ).json() as {
    policies: { summary: Record<string, number> }[];
  }[];
  const summed = reported
    .flatMap((report) => report.policies)
    .flatMap((policy) => Object.values(policy.summary))
    .reduce((total, count) => total + count, 0);
  expect(summed).toBeGreaterThan(100);
  expect(sessions.reduce((total, count) => total + count, 0)).toBe(summed);
});

it('prints JSON when asked', async () => {
  const config = await withLog();
  const found = (await runCli(['metrics', '--json', '--config', config, '--now', MORNING_AFTER])).json();
  expect(found).toContainEqual(
    expect.objectContaining({ name: 'maillog_tlsrpt_outbox_reports', kind: 'gauge' }),
  );
});

it('refuses a file name that node_exporter would pass over', async () => {
  const config = await place.write(
    'config.yaml',
    'organization: A\ncontact: a@b.example\nstate: s\nmetrics: {textfile: /tmp/metrics.txt}\n',
  );
  const { code, stderr } = await runCli(['metrics', '--config', config]);
  expect(code).toBe(78);
  expect(stderr).toContain('config.yaml:4:21: `metrics.textfile` must end in .prom');
});
