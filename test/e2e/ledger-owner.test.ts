import { spawnSync } from 'node:child_process';
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';
import { SAMPLE_LOG } from '../cli/place.ts';
import { runCli } from '../cli/run-cli.ts';
import { PROGRAM } from './program.ts';

/** Debian's nobody; these tests run as root. */
const NOBODY = 65_534;

/** With each of them a user who may only read the ledger gets an answer. */
const LOOKS = ['status --check', 'status', 'posture', 'dashboard', 'metrics', 'report'].map((words) =>
  words.split(' '),
);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'owner-'));
  await chown(directory, NOBODY, NOBODY);
});
afterEach(() => rm(directory, { recursive: true }));

async function owners(): Promise<number[]> {
  const files = ['ledger.sqlite', 'ledger.sqlite-wal', 'ledger.sqlite-shm'];
  return Promise.all(files.map(async (file) => (await stat(join(directory, file))).uid));
}

it('a ledger that root opens first belongs to the owner of its directory, journal and all', async () => {
  const ledger = await openLedger(directory);
  await ledger.setNote('a', 1);
  expect(await owners()).toEqual([NOBODY, NOBODY, NOBODY]);
  await ledger.close();
});

it('a ledger that is there already keeps its owner', async () => {
  await writeFile(join(directory, 'ledger.sqlite'), '');
  await chown(join(directory, 'ledger.sqlite'), 1, 1);
  const ledger = await openLedger(directory);
  await ledger.setNote('a', 1);
  expect(await owners()).toEqual([1, 1, 1]);
  await ledger.close();
});

it('is looked at by a user who may only read it, and keeps its files as they are', async () => {
  const state = join(directory, 'state');
  await mkdir(state, { mode: 0o755 });
  await chmod(directory, 0o755);
  const config = join(directory, 'config.yaml');
  const log = join(directory, 'mail.log');
  await copyFile(SAMPLE_LOG, log);
  const configure = (parser: string) =>
    writeFile(
      config,
      `organization: R\ncontact: tls@reports.example\nstate: ${state}\nmta: {honours: []}\nlogs: [{path: ${log}, parser: ${parser}, timezone: UTC, host: mta1}]\n`,
    );
  await configure('postfix');
  const words = ['--now', '2026-11-23T20:00:00Z', '--config', config];
  expect((await runCli(['run', '--offline', ...words])).code).toBe(0);
  // Whoever looks now finds the parser out, and cannot note it.
  await configure('auto');
  await chmod(log, 0o644);
  await chmod(join(state, 'ledger.sqlite'), 0o644);
  const before = await readdir(state);
  for (const command of LOOKS) {
    const { status, stdout, stderr } = asNobody(...command, ...words);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toBe('');
  }
  expect(await readdir(state)).toEqual(before);
  await chmod(join(state, 'ledger.sqlite'), 0o640);
  const refused = asNobody('status', '--check', ...words);
  expect(refused).toMatchObject({
    status: 3,
    stdout: expect.stringMatching(
      /^TLSRPT UNKNOWN: the ledger cannot be read by this user .*sudo -u maillog-tlsrpt/,
    ),
  });
});

function asNobody(...words: readonly string[]) {
  const nobody = ['--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups'];
  return spawnSync('setpriv', [...nobody, process.execPath, PROGRAM, ...words], { encoding: 'utf8' });
}
