import { spawnSync } from 'node:child_process';
import { readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { type JournalSelection, journalName } from '../../src/logs/journalctl.ts';
import { JournalReading } from '../../src/reading/journal-reading.ts';
import { emptySummary, type ReadSummary } from '../../src/reading/source.ts';
import { gapsOf } from '../../src/reading/trail.ts';
import { MORNING_AFTER, makePlace, SAMPLE_LOG } from '../cli/place.ts';
import { runCli } from '../cli/run-cli.ts';
import { BEGIN, type Bench, benches, numbers } from '../reading/numbered-lines.ts';
import { FIRST_ENTRY, JournalMaker } from './journal-maker.ts';
import { PROGRAM } from './program.ts';

const newBench = benches();
const KEEP = 30 * 86_400_000;

interface JournalSet {
  readonly bench: Bench;
  readonly journal: JournalMaker;
  readonly selection: JournalSelection;
  /** One pass by a process of its own. */
  read(signal?: AbortSignal): Promise<ReadSummary>;
  gaps(): ReturnType<typeof gapsOf>;
}

async function newSet(more: Partial<JournalSelection> = {}): Promise<JournalSet> {
  const bench = await newBench();
  const journal = new JournalMaker(bench.at('journal'));
  const selection = {
    units: ['postfix@-.service'],
    identifiers: [],
    directory: journal.directory,
    ...more,
  };
  const source = { ...bench.source(), name: journalName(selection) };
  return {
    bench,
    journal,
    selection,
    async read(signal) {
      const deps = { ledger: bench.ledger, clock: { now: () => bench.now }, ...(signal && { signal }) };
      const summary = emptySummary();
      await new JournalReading(deps, source, selection, KEEP).pass(summary);
      return summary;
    },
    gaps: async () => gapsOf(bench.ledger, (await bench.ledger.log('mta1', 'numbered', source.name)).id),
  };
}

/** Sets the journal's mark to something else, as if it were committed. */
async function setCursor({ bench, selection }: JournalSet, cursor: string): Promise<void> {
  const log = await bench.ledger.log('mta1', 'numbered', journalName(selection));
  await bench.ledger.commit({
    logId: log.id,
    ingestedAt: bench.now,
    cursor,
    sessions: new Map(),
    openChanged: [],
    openDeleted: [],
    expectedVersion: log.version,
    refuseOverlap: false,
  });
}

test('every entry counts once, from pass to pass', async () => {
  const set = await newSet();
  set.journal.add(0, 100);
  expect(await set.read()).toMatchObject({ lines: 100, sessions: 100, notices: [] });
  expect(await set.read()).toMatchObject({ lines: 0 });
  set.journal.add(100, 101);
  set.journal.add(101, 300, {}, 'second.journal');
  await set.read();
  expect(await set.bench.counted()).toEqual(numbers(0, 300));
  expect(await set.gaps()).toEqual([]);
});

test('a message that is no UTF-8, and comes as a list of bytes, is read', async () => {
  const set = await newSet();
  set.journal.add(0, 1, { message: Buffer.from('line 0 \xff\xfe', 'latin1') });
  set.journal.add(1, 3);
  await set.read();
  expect(await set.bench.counted()).toEqual(numbers(0, 3));
});

test('only the units and identifiers asked for are read', async () => {
  const set = await newSet({ units: [], identifiers: ['postfix/smtp', 'postfix/tlsproxy'] });
  set.journal.add(0, 2);
  set.journal.add(2, 4, { identifier: 'postfix/tlsproxy' });
  set.journal.add(4, 6, { identifier: 'sshd' });
  await set.read();
  expect(await set.bench.counted()).toEqual(numbers(0, 4));
  const other = await newSet();
  other.journal.add(0, 2);
  other.journal.add(2, 4, { unit: 'ssh.service' });
  await other.read();
  expect(await other.bench.counted()).toEqual(numbers(0, 2));
});

test('a pass that is stopped commits what it has read', async () => {
  const set = await newSet();
  set.journal.add(0, 20_000);
  const stop = new AbortController();
  let asked = 0;
  // Aborts when it is looked at for the tenth time, wherever that is.
  Object.defineProperty(stop.signal, 'aborted', { get: () => ++asked > 10 });
  await set.read(stop.signal);
  const { length } = await set.bench.counted();
  expect(length).toBeGreaterThan(0);
  expect(length).toBeLessThan(20_000);
  await set.read();
  expect(await set.bench.counted()).toEqual(numbers(0, 20_000));
});

test('where the journal was vacuumed beyond our place, reading goes on by time, and the hole is said', async () => {
  const set = await newSet();
  set.journal.add(0, 10);
  set.bench.now = BEGIN + 20_000;
  await set.read();
  await rm(join(set.journal.directory, 'remote.journal'));
  set.journal.add(50, 60, {}, 'later.journal');
  const { notices } = await set.read();
  expect(notices).toMatchObject([
    {
      id: 'gap-journal',
      text: expect.stringContaining('between 2026-11-20T10:00:09Z and 2026-11-20T10:00:50Z'),
    },
  ]);
  expect((await set.bench.counted()).filter((number) => typeof number === 'number')).toEqual([
    ...numbers(0, 10),
    ...numbers(50, 60),
  ]);
  expect(await set.gaps()).toMatchObject([{ kind: 'journal', after: BEGIN + 9000, before: BEGIN + 50_000 }]);
  expect((await set.read()).notices).toEqual([]);
});

test('where only what was read is gone, nothing is lost, and nothing counts twice', async () => {
  const set = await newSet();
  set.journal.add(0, 5, { unit: 'ssh.service' }, 'other.journal');
  set.journal.add(0, 10);
  set.bench.now = BEGIN + 20_000;
  await set.read();
  await rm(join(set.journal.directory, 'remote.journal'));
  // The same time as the last one read, and later.
  set.journal.add(8, 15, {}, 'later.journal');
  expect((await set.read()).notices).toMatchObject([{ id: 'journal-place' }]);
  expect(await set.bench.counted()).toEqual(numbers(0, 15));
  expect(await set.gaps()).toEqual([]);
});

test.each([
  ['one that journald does not take', JSON.stringify({ cursor: 'garbage', time: FIRST_ENTRY + 9_000_000 })],
  [
    'one of another journal',
    JSON.stringify({ cursor: 's=0123;i=1;b=1;m=1;t=1;x=1', time: FIRST_ENTRY + 9_000_000 }),
  ],
  ['one that is none of ours', 'i=17'],
])('a malformed cursor, %s, is no obstacle', async (_, cursor) => {
  const set = await newSet();
  set.journal.add(0, 10);
  set.bench.now = BEGIN + 9500;
  await set.read();
  await setCursor(set, cursor);
  set.journal.add(10, 20);
  expect((await set.read()).notices).toMatchObject([{ id: 'journal-place' }]);
  expect(await set.bench.counted()).toEqual(numbers(0, 20));
});

test('a journal that is not there, and one without entries', async () => {
  const missing = await newSet({ directory: '/nonexistent' });
  await expect(missing.read()).rejects.toMatchObject({
    exitCode: EXIT.data,
    message: expect.stringContaining('No such file or directory'),
  });
  const empty = await newSet();
  expect(await empty.read()).toMatchObject({ lines: 0 });
});

test('a journal that is cut off gives what it holds', async () => {
  const set = await newSet();
  set.journal.add(0, 10);
  const path = join(set.journal.directory, 'remote.journal');
  await truncate(path, Math.floor((await stat(path)).size / 2));
  await set.read();
  const counted = await set.bench.counted();
  expect(counted).toEqual(numbers(0, counted.length));
});

test("a machine's journal gives the reports that its log file gives", async () => {
  const place = await makePlace();
  const expected = await makePlace();
  const journal = new JournalMaker(place.path('journal'));
  const syslog = /^\w{3} +\d+ [\d:]+ (\S+) ([^[]+)\[\d+\]: (.*)$/;
  const lines = (await readFile(SAMPLE_LOG, 'utf8')).split('\n').filter((line) => syslog.test(line));
  expect(lines.length).toBeGreaterThan(900);
  journal.addLog(lines, Date.parse(MORNING_AFTER));
  await place.write(
    'config.yaml',
    `organization: Reports Inc.\ncontact: tls@reports.example\nstate: ${place.path('state')}\ninstance: test
mta: {honours: []}
logs: [{journal: {units: ["postfix@-.service"], directory: journal}, host: mta1, timezone: UTC}]\n`,
  );
  const run = await runCli(['run', '--offline', '--config', place.config, '--now', MORNING_AFTER]);
  expect(run.stderr).toContain(`${lines.length} new lines`);
  // The command that the dashboard shows works as it stands.
  const page = await runCli(['dashboard', '--config', place.config, '--now', MORNING_AFTER]);
  const [, shown = ''] = /<code>(journalctl [^<]*)<\/code>/.exec(page.stdout) ?? [];
  const command = shown
    .replaceAll('&#39;', "'")
    .replace('maillog-tlsrpt', `'${process.execPath}' '${PROGRAM}'`);
  const { stdout: told } = spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8' });
  const [, domain = '?'] = /--domain (\S+)/.exec(command) ?? [];
  expect(told).toMatch(new RegExp(`session of 2026-11-23T\\S+ for ${domain}: `));
  await expected.write('mail.log', `${lines.join('\n')}\n`);
  const reading = [
    '--timezone',
    'UTC',
    '--host',
    'mta1',
    '--now',
    MORNING_AFTER,
    '--config',
    expected.config,
  ];
  await runCli(['backfill', expected.path('mail.log'), ...reading]);
  const reports = async (config: string) =>
    (await runCli(['report', '--json', '--config', config, '--now', MORNING_AFTER])).stdout;
  expect((await reports(place.config)).split('\n').length).toBeGreaterThan(80);
  expect(await reports(place.config)).toBe(await reports(expected.config));
  await place.remove();
  await expected.remove();
});
