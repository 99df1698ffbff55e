import { execFile, spawn, spawnSync } from 'node:child_process';
import {
  appendFile,
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';
import { SAMPLE_LOG } from '../cli/place.ts';
import { runCli } from '../cli/run-cli.ts';
import { startTxtServer } from '../receivers/dns.ts';
import { PROGRAM } from './program.ts';

/** Debian's nobody; these tests run as root. */
const NOBODY = 65_534;

/** With each of them a user who may only read the ledger gets an answer. */
const LOOKS = ['status --check', 'status', 'posture', 'dashboard', 'metrics', 'report', 'ledger check'].map(
  (words) => words.split(' '),
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
  const { state, log, configure, words } = await readPlace();
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

it('shows to a user who may only read it what would be sent of a day that is still to be closed', async () => {
  const dns = await startTxtServer((name) =>
    name === '_smtp._tls.ok.test' ? ['v=TLSRPTv1; rua=mailto:tls@ok.test'] : undefined,
  );
  const { state, words, config } = await readPlace();
  await chmod(join(state, 'ledger.sqlite'), 0o644);
  await appendFile(config, `mail: {dkim: mta}\ndns: {servers: ["${dns.address}"]}\n`);
  const before = await readFile(join(state, 'ledger.sqlite'));
  // In this process the resolver answers meanwhile.
  const { stdout, stderr } = await promisify(execFile)('setpriv', [
    ...AS_NOBODY,
    ...['send', '--dry-run', '--json', ...words, '--now', '2026-11-24T05:00:00Z'],
  ]);
  await dns.close();
  expect(stderr).toBe('<5>1 would go; nothing was sent\n');
  expect(JSON.parse(stdout)).toMatchObject({ rua: 'mailto:tls@ok.test', kind: 'mail' });
  expect(await readFile(join(state, 'ledger.sqlite'))).toEqual(before);
});

it('refuses at once, and says as whom to ask, where a user who may only read it wants to change it', async () => {
  const { state, words } = await readPlace();
  await chmod(join(state, 'ledger.sqlite'), 0o644);
  for (const command of ['report --reissue --day 2026-11-22 --domain a.example', 'run', 'send']) {
    const { status, stderr } = asNobody(...command.split(' '), ...words);
    expect(status).toBe(73);
    expect(stderr).toMatch(/^<3>error: the state directory cannot be used: .*\n.*\n.*sudo -u maillog-tlsrpt/);
  }
});

it('shows what it found though others write meanwhile, and says that they did', async () => {
  const { words } = await readPlace();
  const alone = join(directory, 'alone');
  await mkdir(alone, { mode: 0o755 });
  const file = join(alone, 'ledger.sqlite');
  expect((await runCli(['ledger', 'backup', file, ...words])).code).toBe(0);
  await chmod(file, 0o644);
  const writer = spawn('sh', ['-c', 'while :; do touch "$0"; done', file]);
  try {
    for (const command of ['check', 'posture', 'report', 'dashboard', 'metrics']) {
      const { status, stdout, stderr } = asNobody(command, '--state', alone, ...words);
      expect(stderr).toMatch(/^<4>warning: the ledger was written while it was looked at .*\n$/);
      expect(stdout).not.toBe('');
      if (command !== 'check') expect(status).toBe(0);
    }
  } finally {
    writer.kill();
  }
});

/** A ledger that holds a day, its log, and the words that make a command look at them. */
async function readPlace() {
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
  const words = ['--config', config];
  expect((await runCli(['run', '--offline', ...EVENING, ...words])).code).toBe(0);
  return { state, log, config, configure, words };
}

/** The sample's day is not over yet. */
const EVENING = ['--now', '2026-11-23T20:00:00Z'];

/** The words for setpriv(1) that start the program as a user who owns nothing. */
const AS_NOBODY = [
  ...['--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups'],
  ...[process.execPath, PROGRAM],
];

function asNobody(...words: readonly string[]) {
  return spawnSync('setpriv', [...AS_NOBODY, ...words, ...EVENING], { encoding: 'utf8' });
}
