import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace('mta: {honours: []}\nmail: {dkim: mta}\nfleet: {export-key: none.pem}\n');
});
afterEach(() => place.remove());

const NONE_YET = /there is no ledger in .*typo yet: `run` and `backfill` make one/;

it.each([
  ['metrics', 0, NONE_YET],
  ['metrics --json', 0, NONE_YET],
  ['dashboard', 0, NONE_YET],
  ['posture', 0, NONE_YET],
  ['report', 0, NONE_YET],
  ['report --reissue --day 2026-11-23 --domain a.example', 64, NONE_YET],
  ['report --reissue --offline --day 2026-11-23 --domain a.example', 64, /--reissue and --offline exclude/],
  ['send --dry-run', 0, NONE_YET],
  ['send --dry-run --day 2026-11-23', 0, NONE_YET],
  ['send --to me@reports.example', 0, NONE_YET],
  [`explain ${SAMPLE_LOG} --timezone UTC --lines 1-9`, 0, NONE_YET],
  ['tally export --out x', 78, NONE_YET],
  ['status', 0, /^/],
  ['status --check', 0, /^/],
  ['ledger check', 78, /there is no ledger yet/],
  ['ledger backup x.sqlite', 78, /there is no ledger yet/],
])('%s only looks, and makes no ledger', async (words, expected, told) => {
  const state = place.path('some/typo');
  const argv = [...words.split(' '), '--state', state, '--config', place.config, '--now', MORNING_AFTER];
  const { code, stderr } = await runCli(argv);
  expect(stderr).toMatch(told);
  expect(code).toBe(expected);
  expect(existsSync(place.path('some'))).toBe(false);
});

it('check says who will make the ledger, makes none, and then how large it is', async () => {
  const check = async () => (await runCli(['check', '--json', '--config', place.config])).json();
  expect(await check()).toContainEqual({
    severity: 'ok',
    id: 'ledger',
    text: `the first \`run\` makes the ledger in ${place.path('state')}`,
  });
  expect(existsSync(place.path('state'))).toBe(false);
  await runCli(['run', '--offline', '--config', place.config]);
  expect(await check()).toContainEqual({
    severity: 'ok',
    id: 'ledger',
    text: expect.stringMatching(/ can be used, \d+ kB$/),
  });
});
