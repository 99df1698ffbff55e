import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace(`mta: {honours: []}\nlogs: [{path: ${SAMPLE_LOG}, timezone: UTC}]\n`);
});
afterEach(() => place.remove());

it.each([
  ['status --state a --state b', /--state may be given once only\n.*status --help/],
  ['status --config a --config b', /--config may be given once only/],
  ['backfill x --overlap count --overlap refuse', /--overlap may be given once only/],
  ['report --day 2026-11-22 --day 2026-11-23', /--day may be given once only/],
  ['status --max-lag 3 --max-lag 4', /--max-lag may be given once only/],
  ['send --unsuppress mailto:a@b.example --dry-run', /--unsuppress and --dry-run exclude each other/],
  ['send --unsuppress mailto:a@b.example --to me@c.example', /--unsuppress and --to exclude each other/],
  ['status --json=maybe', /--json takes no value/],
  ['status --check --json', /--check and --json exclude each other/],
  ['scrub x --json', /`scrub` prints no JSON/],
  ['init --print --json', /`init` prints no JSON/],
  ['dashboard --json', /`dashboard` prints no JSON/],
  ['follow --json', /`follow` prints no JSON/],
  ['status --state mysql://foo/bar', /--state mysql:\/\/foo\/bar is no ledger\n.*a directory, or postgres/],
  ['status --now 2026-02-30T00:00:00Z', /--now 2026-02-30T00:00:00Z is no time\n.*RFC 3339/],
  ['status --now 2026-11-23T12:00:00', /is no time/],
])('%s: nobody can have meant that', async (words, told) => {
  const { code, stdout, stderr } = await runCli(words.split(' '));
  expect(stderr).toMatch(told);
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
});

it('takes what is a list, a switch that is said to be on, and a time with an offset', async () => {
  const words = ['sessions', '--relayhost', 'a.example', '--relayhost', 'b.example', '--mid-stream=true'];
  expect((await runCli([...words, '--', SAMPLE_LOG])).code).toBe(0);
  const status = ['status', '--json', '--config', place.config, '--now', '2026-11-24T06:00:00.5+01:00'];
  expect((await runCli(status)).json()).toMatchObject([{ at: '2026-11-24T05:00:00.500Z' }]);
});

it.each(['scrub', 'init', 'dashboard', 'follow'])('%s --help lists no --json', async (name) => {
  expect((await runCli([name, '--help'])).stdout).not.toContain('--json');
});
