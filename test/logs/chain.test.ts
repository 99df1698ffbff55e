import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { EXIT, Problem } from '../../src/errors.ts';
import { chainOf, logName, sortByContent } from '../../src/logs/chain.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import { temporaryDirectories } from './temporary.ts';

const newDirectory = temporaryDirectories();

async function directoryWith(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const directory = await newDirectory();
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  return directory;
}

async function chainIn(names: readonly string[], live = 'mail.log'): Promise<string[]> {
  const directory = await directoryWith(Object.fromEntries(names.map((name) => [name, ''])));
  return (await chainOf(join(directory, live))).map((path) => basename(path));
}

describe('the name of a log', () => {
  test.each([
    ['/var/log/mail.log', '/var/log/mail.log'],
    ['/var/log/mail.log.1', '/var/log/mail.log'],
    ['/var/log/mail.log.12.gz', '/var/log/mail.log'],
    ['mail.log.2.xz', 'mail.log'],
    ['mainlog.01', 'mainlog'],
    ['mainlog.10.gz', 'mainlog'],
    ['maillog-20261101.gz', 'maillog'],
    ['maillog-20261101', 'maillog'],
    ['maillog-2026-11-01.zst', 'maillog'],
    ['maillog-2026110115.bz2', 'maillog'],
    ['maillog-1793613601', 'maillog'],
    ['maillog.20261101-101010', 'maillog'],
    ['mail.log.gz', 'mail.log'],
    ['abc-json.log.1.gz', 'abc-json.log'],
    ['/var/log.1/mail.log', '/var/log.1/mail.log'],
    ['.1', '.1'],
    ['-', '-'],
  ])('%s is %s', (path, name) => {
    expect(logName(path)).toBe(name);
  });
});

describe('a chain', () => {
  test("is logrotate's numbers, the highest first, then the live file", async () => {
    const names = ['mail.log', 'mail.log.1', 'mail.log.2.gz', 'mail.log.10.gz', 'mail.log.3.xz'];
    expect(await chainIn(names)).toEqual([
      'mail.log.10.gz',
      'mail.log.3.xz',
      'mail.log.2.gz',
      'mail.log.1',
      'mail.log',
    ]);
  });

  test("is exicyclog's numbers", async () => {
    expect(await chainIn(['mainlog', 'mainlog.01', 'mainlog.02.gz', 'mainlog.10.gz'], 'mainlog')).toEqual([
      'mainlog.10.gz',
      'mainlog.02.gz',
      'mainlog.01',
      'mainlog',
    ]);
  });

  test('is dates, the earliest first', async () => {
    const names = ['maillog-20261101.gz', 'maillog-20251231.gz', 'maillog', 'maillog-20261102'];
    expect(await chainIn(names, 'maillog')).toEqual([
      'maillog-20251231.gz',
      'maillog-20261101.gz',
      'maillog-20261102',
      'maillog',
    ]);
  });

  test('leaves out what only looks alike', async () => {
    const names = [
      'mail.log',
      'mail.log.bak',
      'mail.log.1.tmp',
      'mail.log~',
      'mail.logs',
      'xmail.log.1',
      'mail.log.gz',
    ];
    expect(await chainIn(names)).toEqual(['mail.log']);
  });

  test('takes the plain one of a rotation that is being compressed', async () => {
    expect(await chainIn(['mail.log.1', 'mail.log.1.gz', 'mail.log.2.gz'])).toEqual([
      'mail.log.2.gz',
      'mail.log.1',
    ]);
  });

  test('names the live file where there is nothing, so that opening it says so', async () => {
    expect(await chainIn([])).toEqual(['mail.log']);
  });

  test.each([
    ['numbers before dates', '2026-01-01', '2026-02-01', ['mail.log.2', 'mail.log.1', 'mail.log-20260201']],
    ['dates before numbers', '2026-02-02', '2026-02-01', ['mail.log-20260201', 'mail.log.2', 'mail.log.1']],
  ])('of which the way of rotating was changed: %s', async (_, numbered, dated, expected) => {
    const directory = await directoryWith({ 'mail.log.1': '', 'mail.log.2': '', 'mail.log-20260201': '' });
    await utimes(join(directory, 'mail.log.1'), new Date(numbered), new Date(numbered));
    await utimes(join(directory, 'mail.log-20260201'), new Date(dated), new Date(dated));
    expect((await chainOf(join(directory, 'mail.log'))).map((path) => basename(path))).toEqual(expected);
  });

  test('in a directory that is not there is a fault with its path', async () => {
    const live = join(await newDirectory(), 'none', 'mail.log');
    await expect(chainOf(live)).rejects.toBeInstanceOf(Problem);
    await expect(chainOf(live)).rejects.toMatchObject({ exitCode: EXIT.data, where: live });
  });
});

describe('the order by content', () => {
  const syslog = (stamp: string) => `${stamp} mail postfix/smtp[1]: x\n`;

  test('is that of the first stamps, of whatever shape, in archives too; what has none comes last', async () => {
    const directory = await directoryWith({
      c: syslog('Nov  3 10:00:00'),
      b: gzipSync(`torn line\n${syslog('2026-11-02T10:00:00Z')}`),
      a: '2026-11-01 10:00:00 1xVZOu-000000004YM-1YJW => bob@example.org\n',
      d: '{"log":"x\\n","stream":"stdout","time":"2026-11-04T09:00:01Z"}\n',
      empty: '',
      noise: 'no stamp\n',
    });
    await mkdir(join(directory, 'folder'));
    const given = ['noise', 'd', 'missing', 'c', 'folder', 'b', 'empty', 'a'].map((name) =>
      join(directory, name),
    );
    const sorted = await sortByContent(['-', ...given], { latest: Date.parse('2026-11-23T00:00:00Z') });
    expect(sorted.map((path) => basename(path))).toEqual([
      'a',
      'b',
      'c',
      'd',
      '-',
      'noise',
      'missing',
      'folder',
      'empty',
    ]);
  });

  test('takes the year of stamps without one from the time of the last change', async () => {
    const directory = await directoryWith({ old: syslog('Dec 31 10:00:00'), new: syslog('Jan  1 10:00:00') });
    const changed = new Date('2026-01-02T00:00:00Z');
    await utimes(join(directory, 'old'), changed, changed);
    await utimes(join(directory, 'new'), changed, changed);
    const sorted = await sortByContent([join(directory, 'new'), join(directory, 'old')]);
    expect(sorted.map((path) => basename(path))).toEqual(['old', 'new']);
  });

  test('reads stamps without a zone in the configured one', async () => {
    const directory = await directoryWith({
      a: syslog('Nov  2 10:30:00'),
      b: syslog('2026-11-02T10:00:00Z'),
    });
    const paths = [join(directory, 'a'), join(directory, 'b')];
    const latest = Date.parse('2026-11-23T00:00:00Z');
    const order = async (zone: string) =>
      (await sortByContent(paths, { latest, zone: zoneOf(zone) })).map((path) => basename(path));
    expect(await order('UTC')).toEqual(['b', 'a']);
    expect(await order('Europe/Berlin')).toEqual(['a', 'b']);
  });
});
