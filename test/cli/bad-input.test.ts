import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MORNING_AFTER, makePlace, type Place, SAMPLE_LOG } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

const backfill = (...words: string[]) =>
  runCli(['backfill', ...words, '--timezone', 'UTC', '--now', MORNING_AFTER, '--config', place.config]);

describe('logs', () => {
  it('says that a log does not exist, and reads the others', async () => {
    const result = await backfill(place.path('none.log'), SAMPLE_LOG);
    expect(result.code).toBe(65);
    expect(result.stderr).toMatch(/cannot read the log: it does not exist/);
    expect(result.stderr).toContain(place.path('none.log'));
    expect(result.stdout).toContain('1016 new lines');
  });

  it('reads the whole lines of a truncated archive, says so, and the rest when the whole one comes', async () => {
    const log = await readFile(SAMPLE_LOG);
    const archive = gzipSync(log);
    const path = await place.write('mail.log.1.gz', archive.subarray(0, archive.length / 2));
    const cut = await backfill(path);
    expect(cut.code).toBe(65);
    expect(cut.stderr).toMatch(/ends before its time/);
    const status = await runCli(['status', '--config', place.config, '--now', MORNING_AFTER]);
    expect(status.stdout).toMatch(/ended early/);
    await place.write('mail.log.1.gz', archive);
    expect((await backfill(path)).code).toBe(0);
    const [found] = (
      await runCli(['status', '--json', '--config', place.config, '--now', MORNING_AFTER])
    ).json();
    expect(found).toMatchObject({ logs: [{ bytes: log.length, incomplete: [] }] });
  });

  it.each([
    ['a binary file', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 1, 2, 3]), /binary/],
    [
      'a damaged archive',
      Buffer.concat([gzipSync('x'.repeat(9999)).subarray(0, 30), Buffer.alloc(99, 0xff)]),
      /damaged|ends before/,
    ],
  ])('refuses %s', async (_name, content, words) => {
    const result = await backfill(await place.write('mail.log.gz', content));
    expect(result.code).toBe(65);
    expect(result.stderr).toMatch(words);
  });

  it.each(['sessions', 'explain', 'scrub', 'backfill'])(
    '%s names a file that holds binary data, whatever its name',
    async (command) => {
      const [binary, former] = [Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 1, 2, 3]), process.cwd()];
      for (const name of ['bin', 'log', 'mail.log']) await place.write(name, binary);
      try {
        process.chdir(place.directory);
        for (const name of ['bin', 'log', 'mail.log'])
          expect(await runCli([command, name, '--config', place.config])).toMatchObject({
            code: 65,
            stderr: expect.stringMatching(`it holds binary data\n.*   at: .*${name}\n`),
          });
      } finally {
        process.chdir(former);
      }
    },
  );

  it('refuses a directory', async () => {
    const result = await backfill(place.directory);
    expect(result.code).toBe(65);
    expect(result.stderr).toMatch(/directory/);
  });

  it('takes an empty file for what it is', async () => {
    const result = await backfill(await place.write('mail.log', ''));
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain('0 new lines');
    expect(result.stdout).toContain('1 file held no line: empty\n');
    expect(result.stdout).not.toContain('read before');
    expect(await backfill(await place.write('mail.log', ''))).toMatchObject({ stdout: result.stdout });
  });

  it('does not say of a log that is not there that it is empty', async () => {
    const config = await place.write(
      'c.yaml',
      `organization: R\ncontact: tls@reports.example\nstate: ${place.path('state')}\nlogs: [{path: none.log, timezone: UTC}]\n`,
    );
    const words = ['--config', config, '--now', MORNING_AFTER];
    expect((await runCli(['run', '--offline', ...words])).code).toBe(65);
    const { stdout } = await runCli(['status', ...words]);
    expect(stdout).toContain('none.log: nothing of it was read: does the MTA log there?');
    expect(stdout).not.toContain('empty:');
  });
});

describe('configuration', () => {
  it('names file, line, column, the fault, and the nearest known key', async () => {
    const config = await place.write('bad.yaml', 'organization: A\ncontact: a@example.org\nstat: /tmp/x\n');
    const result = await runCli(['status', '--config', config]);
    expect(result.code).toBe(78);
    expect(result.stderr).toContain(`${config}:3:1: unknown key \`stat\`; did you mean \`state\`?`);
    expect(result.stderr).toContain('`state` is missing');
  });

  it('says where a missing one was looked for', async () => {
    const result = await runCli(['status', '--config', place.path('none.yaml')]);
    expect(result.code).toBe(78);
    expect(result.stderr).toContain(place.path('none.yaml'));
  });

  it('refuses a state directory that cannot be made', async () => {
    const result = await runCli(['status', '--config', place.config, '--state', '/dev/null/x']);
    expect(result.code).toBe(73);
    expect(result.stderr).toMatch(/state directory/);
  });
});

describe('usage', () => {
  it.each([
    [['sesions'], /there is no command `sesions`/],
    [['sessions'], /no log file was named/],
    [['sessions', '-', '--postfix-tls-loglevel', 'x'], /postfix-tls-loglevel/],
    [['sessions', '-', '--timezone', 'Mars/Base'], /IANA/],
    [['sessions', '-', '--nonsense'], /nonsense/],
    [['sessions', '-', '--now', 'yesterday'], /RFC 3339/],
    [['report', '--day', '23.11.2026'], /2026-11-22/],
    [[], /name a command/],
  ])('%j is a usage fault', async (argv, words) => {
    const result = await runCli(argv);
    expect(result.code).toBe(64);
    expect(result.stderr).toMatch(words);
    expect(result.stdout).toBe('');
  });

  it('explains itself', async () => {
    const all = await runCli(['--help']);
    expect(all.code).toBe(0);
    for (const name of ['run', 'backfill', 'report', 'send', 'sessions', 'status']) {
      expect(all.stdout).toContain(name);
      const one = await runCli([name, '--help']);
      expect(one.code).toBe(0);
      expect(one.stdout).toContain('--config');
    }
  });
});
