import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

/** A session with a domain, in a log without years. */
function delivery(domain: string, day = 'Nov 22', pid = 7): string {
  return [
    `${day} 10:00:00 mail postfix/smtp[${pid}]: Trusted TLS connection established to mx.${domain}[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 bits)`,
    `${day} 10:00:01 mail postfix/smtp[${pid}]: 4F0000000${pid}: to=<a@${domain}>, relay=mx.${domain}[192.0.2.1]:25, delay=1, delays=0/0/0.5/0.5, dsn=2.0.0, status=sent (250 ok)`,
    '',
  ].join('\n');
}

async function sessionsOf(...words: string[]): Promise<{ time: string; recipientDomain: string }[]> {
  const result = await runCli(['sessions', ...words, '--timezone', 'UTC']);
  expect(result.stderr).toBe('');
  return result.json() as { time: string; recipientDomain: string }[];
}

describe('--year', () => {
  it.each([
    ['2019', 'Nov 22', '2019-11-22'],
    ['2024', 'Feb 29', '2024-02-29'],
    ['2023', 'Jan  1', '2023-01-01'],
    ['2023', 'Dec 31', '2023-12-31'],
  ])('%s dates %s', async (year, day, expected) => {
    const log = await place.write('mail.log', delivery('a.example', day));
    const [session] = await sessionsOf(log, '--year', year);
    expect(session?.time.slice(0, 10)).toBe(expected);
  });

  it('dates what backfill reads, too', async () => {
    const log = await place.write('mail.log', delivery('a.example'));
    const told = [
      'backfill',
      log,
      '--year',
      '2021',
      '--timezone',
      'UTC',
      '--config',
      place.config,
      '--offline',
    ];
    expect((await runCli(told)).stdout).toContain('1 session, 2021-11-22 to 2021-11-22\n');
  });

  it.each(['20', 'soon', '2025.5'])('is refused when it is %s', async (year) => {
    const result = await runCli(['sessions', '-', '--year', year]);
    expect(result.code).toBe(64);
    expect(result.stderr).toContain('--year must be');
  });
});

describe('files named on the command line', () => {
  beforeEach(async () => {
    await mkdir(place.path('logs/deeper'), { recursive: true });
    await writeFile(place.path('logs/mail.log'), delivery('a.example'));
    await writeFile(place.path('logs/mail.log.2.gz'), gzipSync(delivery('b.example', 'Nov 20')));
    await writeFile(place.path('logs/.mail.log.swp'), delivery('hidden.example'));
    await writeFile(place.path('logs/README'), 'These are logs.\n');
    await writeFile(place.path('logs/wtmp'), Buffer.alloc(2000, 1));
    await writeFile(place.path('logs/deeper/mail.log'), delivery('c.example', 'Nov 21'));
  });

  const domains = async (...words: string[]) =>
    (await sessionsOf(...words)).map(({ recipientDomain }) => recipientDomain);

  it('may be a directory: the logs in it, oldest first', async () => {
    expect(await domains(place.path('logs'))).toEqual(['b.example', 'a.example']);
  });

  it.each([
    ['logs/mail.log*', ['b.example', 'a.example']],
    ['logs/*.gz', ['b.example']],
    ['logs/*/mail.log', ['c.example']],
    ['l[a-p]gs/mail.?og', ['a.example']],
    ['l[!o]gs/mail.log', undefined],
    ['logs/*.xz', undefined],
  ])('may be a pattern: %s', async (pattern, expected) => {
    if (expected !== undefined) {
      expect(await domains(place.path(pattern))).toEqual(expected);
      return;
    }
    const result = await runCli(['sessions', place.path(pattern)]);
    expect(result.code).toBe(65);
    expect(result.stderr).toContain('no file fits this pattern');
  });

  it('are refused where a directory holds no log', async () => {
    await mkdir(place.path('empty'));
    const result = await runCli(['sessions', place.path('empty')]);
    expect(result.code).toBe(65);
    expect(result.stderr).toContain('there is no log in this directory');
  });

  it('are told of where a directory holds some that cannot be read, and the others are read', async () => {
    await mkdir(place.path('bin'));
    const whole = gzipSync(delivery('d.example', 'Nov 19'));
    const wrong = Buffer.from(whole);
    wrong.writeUInt8(wrong.readUInt8(whole.length - 8) ^ 1, whole.length - 8);
    await writeFile(place.path('logs/cut.log.gz'), whole.subarray(0, 40));
    await writeFile(place.path('logs/damaged.log.gz'), wrong);
    await writeFile(place.path('logs/packed.log.xz'), Buffer.from('fd377a585a000004e6d6b446', 'hex'));
    await writeFile(place.path('logs/notes.gz'), gzipSync('These are logs.\n').subarray(0, -6));
    await symlink(place.path('nowhere'), place.path('logs/dangling.log'));
    const path = process.env['PATH'];
    process.env['PATH'] = place.path('bin');
    const told = ['backfill', place.path('logs'), '--config', place.config, '--offline', '--json'];
    const result = await runCli(told).finally(() => {
      process.env['PATH'] = path;
    });
    const [{ faults, files }] = result.json() as [
      { faults: { path: string; exitCode: number }[]; files: number },
    ];
    expect(faults.map(({ path: file, exitCode }) => [basename(file), exitCode]).sort()).toEqual([
      ['cut.log.gz', 65],
      ['damaged.log.gz', 65],
      ['packed.log.xz', 69],
    ]);
    expect([files, result.code]).toEqual([5, expect.toBeOneOf([65, 69])]);
  });

  it.skipIf(process.getuid?.() === 0)('are told of, too, where nobody may read them', async () => {
    await chmod(place.path('logs/mail.log.2.gz'), 0);
    const told = ['backfill', place.path('logs'), '--config', place.config, '--offline'];
    const result = await runCli(told);
    expect([result.code, result.stderr]).toEqual([65, expect.stringContaining('permission denied')]);
  });

  it('are counted once by backfill, however they are named', async () => {
    const told = [
      'backfill',
      place.path('logs'),
      place.path('logs/*.gz'),
      '--config',
      place.config,
      '--offline',
    ];
    expect((await runCli(told)).stdout).toContain('2 files, 4 new lines, 2 sessions');
  });
});

describe('a file in which the parser finds nothing to read', () => {
  it('is said, for silence looks like a day without faults', async () => {
    const foreign = await place.write(
      'mail.log',
      '_HOSTNAME=mail\nSYSLOG_IDENTIFIER=postfix/smtp\nMESSAGE=x\n',
    );
    const result = await runCli(['sessions', foreign, '--timezone', 'UTC']);
    expect([result.code, result.stdout]).toEqual([0, '']);
    expect(result.stderr).toContain('none of 3 lines is one the postfix parser reads; --parser auto');
    const empty = await place.write('empty.log', '');
    expect((await runCli(['sessions', empty])).stderr).toBe('');
  });
});
