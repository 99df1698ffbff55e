import { afterEach, beforeEach, expect, it } from 'vitest';
import { watch } from '../../src/cli/context.ts';
import { Printer, type Volume } from '../../src/cli/io.ts';
import { startTxtServer, type TxtServer } from '../receivers/dns.ts';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { collector, runCli } from './run-cli.ts';

let place: Place;
let dns: TxtServer;
beforeEach(async () => {
  dns = await startTxtServer(() => undefined);
  place = await makePlace(
    `mta: {honours: []}\ndns: {servers: ['${dns.address}']}\nmail: {dkim: mta}\nlogs: [{path: ${SAMPLE_LOG}, timezone: UTC}]\n`,
  );
});
afterEach(() => Promise.all([dns.close(), place.remove()]));

const command = (...words: string[]) => runCli([...words, '--now', MORNING_AFTER, '--config', place.config]);

it('--verbose tells what is read, asked and decided, a line each, as journald wants it', async () => {
  const { stderr, code } = await command('run', '--verbose');
  expect(code).toBe(0);
  expect(stderr).toContain(`<7>config: ${place.config}, one log\n`);
  expect(stderr).toContain(`<7>log: ${SAMPLE_LOG}: 146669 new bytes\n`);
  expect(stderr).toMatch(/^<7>dns: TXT _smtp\._tls\.wildcard\.test: n/m);
  expect(stderr).toMatch(/^<7>day 2026-11-23: wildcard\.test asks for no report \(none\)$/m);
  expect(stderr).toMatch(/^<6>read 1 file,/m);
  const again = await command('run', '--verbose');
  expect(again.stderr).toContain(`<7>log: ${SAMPLE_LOG}: 0 new bytes\n`);
});

it('--quiet says nothing where nothing is wrong; both at once are refused', async () => {
  expect(await command('run', '--quiet')).toMatchObject({ code: 0, stderr: '', stdout: '' });
  expect(await command('run', '--quiet', '--verbose')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('exclude each other'),
  });
});

it.each([
  ['normal', '<5>Exim does not show its settings\n'],
  ['quiet', ''],
] as const)('what is to be mended is said once, however often it is seen, with volume %s', (volume, said) => {
  expect(notedTwice(volume, 'Exim does not show its settings')).toBe(said);
});

function notedTwice(volume: Volume, text: string): string {
  const out = collector({});
  const io = { stdout: out.stream, stderr: out.stream, stdin: process.stdin, env: {} };
  const { witness, end } = watch(new Printer(io, volume));
  for (let pass = 0; pass < 2; pass++) witness.note?.(text);
  end();
  return out.text();
}
