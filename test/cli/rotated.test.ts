import { mkdir, readFile, rename } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

async function configWith(log: string): Promise<string> {
  const head = `organization: R\ncontact: tls@r.example\nstate: ${place.path('state')}\n`;
  return place.write('with-log.yaml', `${head}logs:\n  - ${log}\n`);
}

it('reads the rest of a log that was rotated into a directory of its own', async () => {
  const config = await configWith('{path: mail.log, rotated: old, timezone: UTC, host: mta1}');
  const run = ['run', '--offline', '--config', config, '--now', MORNING_AFTER];
  const log = await readFile(SAMPLE_LOG);
  const cuts = [0.3, 0.7].map((part) => log.indexOf(10, log.length * part) + 1);
  await mkdir(place.path('old'));
  await place.write('mail.log', log.subarray(0, cuts[0]));
  await runCli(run);
  await place.write('mail.log', log.subarray(0, cuts[1]));
  await rename(place.path('mail.log'), place.path('old/mail.log.1'));
  await place.write('mail.log', log.subarray(cuts[1]));
  expect((await runCli(run)).stderr).toContain('read 2 files');

  const status = await runCli(['status', '--json', '--config', config, '--now', MORNING_AFTER]);
  const [{ logs }] = status.json() as [{ logs: { gaps: unknown[] }[] }];
  expect(logs.map(({ gaps }) => gaps)).toEqual([[]]);
  const reports = async (file: string) => (await runCli(['report', '--json', '--config', file])).stdout;
  const chained = await reports(config);
  await place.remove();
  place = await makePlace();
  await place.write('mail.log', log);
  const whole = await configWith('{path: mail.log, timezone: UTC, host: mta1}');
  await runCli(['run', '--offline', '--config', whole, '--now', MORNING_AFTER]);
  const withoutId = (text: string) => text.replaceAll(/"report-id":"[^"]*"/g, '');
  expect(withoutId(chained).length).toBeGreaterThan(1000);
  expect(withoutId(chained)).toBe(withoutId(await reports(whole)));
});

it('says which directory of rotations is not there, and that a journal has none', async () => {
  await place.write('mail.log', await readFile(SAMPLE_LOG));
  const missing = await configWith('{path: mail.log, rotated: none}');
  const run = await runCli(['run', '--offline', '--config', missing, '--now', MORNING_AFTER]);
  expect([run.code, run.stderr]).toEqual([65, expect.stringContaining(place.path('none'))]);
  const journal = await configWith('{journal: {units: [postfix.service]}, rotated: old}');
  const refused = await runCli(['run', '--offline', '--config', journal]);
  expect([refused.code, refused.stderr]).toEqual([78, expect.stringContaining('`rotated` is for')]);
});
