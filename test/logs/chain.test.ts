import { link, mkdir, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT, Problem } from '../../src/errors.ts';
import { type ChainFile, chainOf, sameChain } from '../../src/logs/chain.ts';
import { logName } from '../../src/logs/rotation-name.ts';
import { temporaryDirectories } from './temporary.ts';

const newDirectory = temporaryDirectories();

async function directoryWith(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const directory = await newDirectory();
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  return directory;
}

function namesOf(chain: readonly ChainFile[]): string[] {
  return chain.map(({ path }) => basename(path));
}

async function chainIn(names: readonly string[], live = 'mail.log'): Promise<string[]> {
  const directory = await directoryWith(Object.fromEntries(names.map((name) => [name, ''])));
  return namesOf(await chainOf(join(directory, live)));
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
    ['mail-20261130.log.gz', 'mail.log'],
    ['mail.1.log', 'mail.log'],
    ['/var/log/old/mail.log_20261130.bz2', '/var/log/old/mail.log'],
    ['mail.log-20261130-1', 'mail.log'],
    ['mail.log-2026-11-30T10:00:00.xz', 'mail.log'],
    ['mail.log.old', 'mail.log'],
    ['maillog.0.bz2', 'maillog'],
    ['mx.example.log', 'mx.example.log'],
    ['mx-1.log', 'mx-1.log'],
    ['mail.old.log', 'mail.old.log'],
    ['10.log', '10.log'],
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

  describe.each(['', '.gz', '.xz', '.zst', '.bz2'])('compressed or not: %s', (packed) => {
    test.each([
      ['the numbers of logrotate where the extension stays last', ['mail.2.log', 'mail.1.log']],
      ['the dates of logrotate where the extension stays last', ['mail-20261129.log', 'mail-20261130.log']],
      ['dates behind a low line', ['mail.log_20261129', 'mail.log_20261130']],
      [
        'dates of which one was there already',
        ['mail.log-20261130', 'mail.log-20261130-1', 'mail.log-20261201'],
      ],
      ['dates with hours', ['mail.log-2026-11-29T23:00:00', 'mail.log-2026-11-30T00:00:00']],
      ['dates with hours and minutes', ['mail.log-2026-11-30_09:05', 'mail.log-2026-11-30_10:00']],
      ["newsyslog's numbers, which begin with 0", ['mail.log.1', 'mail.log.0']],
      ['the one before', ['mail.log.old']],
    ])('is %s', async (_, names) => {
      const rotations = names.map((name) => `${name}${packed}`);
      expect(await chainIn([...rotations.toReversed(), 'mail.log'])).toEqual([...rotations, 'mail.log']);
    });
  });

  test('has its rotations where they are moved to, and beside the live file', async () => {
    const directory = await directoryWith({ 'mail.log': '', 'mail.log.1': '', 'other.log.1': '' });
    await mkdir(join(directory, 'old'));
    for (const name of ['mail.log.2.gz', 'mail.log.3.gz', 'other.log.2'])
      await writeFile(join(directory, 'old', name), '');
    const chain = await chainOf(join(directory, 'mail.log'), undefined, join(directory, 'old'));
    expect(namesOf(chain)).toEqual(['mail.log.3.gz', 'mail.log.2.gz', 'mail.log.1', 'mail.log']);
    const none = join(directory, 'none');
    await expect(chainOf(join(directory, 'mail.log'), [], none)).rejects.toMatchObject({
      exitCode: EXIT.data,
      where: none,
    });
  });

  test('leaves out what only looks alike', async () => {
    const names = [
      'mail.log',
      'mail.log.bak',
      'mail.log.1.tmp',
      'mail.log~',
      'mail.logs',
      'xmail.log.1',
      'mail.1.logs',
      'mail-20261130.txt',
      'mail-auth.log',
      'mail.old.log',
      'mailx.1.log',
      'mail.log-2026',
      'mail.log-20261130-rc1',
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
    expect(namesOf(await chainOf(join(directory, 'mail.log')))).toEqual(expected);
  });

  test('in a directory that is not there is a fault with its path', async () => {
    const live = join(await newDirectory(), 'none', 'mail.log');
    await expect(chainOf(live)).rejects.toBeInstanceOf(Problem);
    await expect(chainOf(live)).rejects.toMatchObject({
      exitCode: EXIT.data,
      where: live,
      help: expect.stringContaining('name a directory that is there'),
    });
  });
});

describe('a live path that is a symbolic link', () => {
  test('has the rotations of its target too', async () => {
    const directory = await directoryWith({ 'link.log.2': '' });
    await mkdir(join(directory, 'data'));
    for (const name of ['real.log', 'real.log.1']) await writeFile(join(directory, 'data', name), '');
    await symlink(join('data', 'real.log'), join(directory, 'link.log'));
    const chain = await chainOf(join(directory, 'link.log'));
    expect(namesOf(chain)).toEqual(['link.log.2', 'real.log.1', 'link.log']);
    expect(chain.map(({ live }) => live)).toEqual([false, false, true]);
  });

  test('leads to the file of today, which is no rotation, and before it comes that of yesterday', async () => {
    const directory = await directoryWith({ 'mail.log-20261122': '', 'mail.log-20261123': '', 'own-22': '' });
    await symlink('mail.log-20261123', join(directory, 'mail.log'));
    const live = join(directory, 'mail.log');
    expect(namesOf(await chainOf(live))).toEqual(['mail.log-20261122', 'mail.log']);
    expect(namesOf(await chainOf(live, [join(directory, 'own-22')]))).toEqual([
      'mail.log-20261122',
      'own-22',
      'mail.log',
    ]);
    expect(namesOf(await chainOf(live, [join(directory, 'mail.log-20261122')]))).toEqual([
      'mail.log-20261122',
      'mail.log',
    ]);
    expect(namesOf(await chainOf(live, [join(directory, 'gone')]))).toEqual([
      'mail.log-20261122',
      'mail.log',
    ]);
  });
});

test("is Docker's json-file log with its rotations", async () => {
  const live = '4c01db0b339c-json.log';
  expect(
    await chainIn([live, `${live}.1`, `${live}.2.gz`, `${live}.10.gz`, '4c01-json.log.1'], live),
  ).toEqual([`${live}.10.gz`, `${live}.2.gz`, `${live}.1`, live]);
});

test('a file under two names is one', async () => {
  const directory = await directoryWith({ 'mail.log': '', 'mail.log.1': '' });
  await link(join(directory, 'mail.log.1'), join(directory, 'mail.log.2'));
  expect(namesOf(await chainOf(join(directory, 'mail.log')))).toEqual(['mail.log.2', 'mail.log']);
});

test('a chain is the same until something in it is rotated', async () => {
  const directory = await directoryWith({ 'mail.log': 'a', 'mail.log.1': '' });
  const live = join(directory, 'mail.log');
  const chain = await chainOf(live);
  await writeFile(live, 'grown');
  expect(sameChain(chain, await chainOf(live))).toBe(true);
  await rename(live, `${live}.1`);
  await writeFile(live, '');
  expect(namesOf(await chainOf(live))).toEqual(namesOf(chain));
  expect(sameChain(chain, await chainOf(live))).toBe(false);
});
