import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { sortByContent } from '../../src/logs/content-order.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import { temporaryDirectories } from './temporary.ts';

const newDirectory = temporaryDirectories();
const NOW = Date.parse('2026-11-24T00:00:00Z');

async function directoryWith(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const directory = await newDirectory();
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  return directory;
}

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
    const sorted = await sortByContent(['-', ...given], NOW, { latest: Date.parse('2026-11-23T00:00:00Z') });
    expect(sorted.map(({ path }) => basename(path))).toEqual([
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
    const sorted = await sortByContent([join(directory, 'new'), join(directory, 'old')], NOW);
    expect(sorted.map(({ path }) => basename(path))).toEqual(['old', 'new']);
  });

  test('reads stamps without a zone in the configured one', async () => {
    const directory = await directoryWith({
      a: syslog('Nov  2 10:30:00'),
      b: syslog('2026-11-02T10:00:00Z'),
    });
    const paths = [join(directory, 'a'), join(directory, 'b')];
    const latest = Date.parse('2026-11-23T00:00:00Z');
    const order = async (zone: string) =>
      (await sortByContent(paths, NOW, { latest, zone: zoneOf(zone) })).map(({ path }) => basename(path));
    expect(await order('UTC')).toEqual(['b', 'a']);
    expect(await order('Europe/Berlin')).toEqual(['a', 'b']);
  });
});

describe('files that begin in the hour that comes twice', () => {
  const zone = zoneOf('Europe/Berlin');
  const latest = Date.parse('2026-11-23T00:00:00Z');
  const exim = (stamp: string) => `${stamp} 1xVZOu-000000004YM-1YJW => bob@example.org\n`;

  async function sorted(files: Readonly<Record<string, readonly [line: string, written: string]>>) {
    const directory = await directoryWith(
      Object.fromEntries(Object.entries(files).map(([name, [line]]) => [name, line])),
    );
    for (const [name, [, written]] of Object.entries(files))
      await utimes(join(directory, name), new Date(written), new Date(written));
    const paths = Object.keys(files).map((name) => join(directory, name));
    return (await sortByContent(paths, NOW, { zone, latest })).map(({ path }) => basename(path));
  }

  test.each([
    ['classic stamps', (clock: string) => `Oct 25 ${clock} mail postfix/smtp[1]: x\n`],
    ['stamps of Exim', (clock: string) => exim(`2026-10-25 ${clock}`)],
  ])('come in the order in which they end: %s', async (_, lineAt) => {
    const files = {
      after: [lineAt('03:00:00'), '2026-10-25T03:00:00Z'],
      second: [lineAt('02:00:01'), '2026-10-25T01:59:58Z'],
      first: [lineAt('02:00:04'), '2026-10-25T00:59:58Z'],
      before: [lineAt('01:59:59'), '2026-10-24T23:59:59Z'],
    } as const;
    expect(await sorted(files)).toEqual(['before', 'first', 'second', 'after']);
  });

  test('or by their first stamps where all of them were written later, as by a copy', async () => {
    const copied = '2026-11-01T00:00:00Z';
    const files = {
      b: ['Oct 25 02:30:00 mail postfix/smtp[1]: x\n', copied],
      a: ['Oct 25 02:10:00 mail postfix/smtp[1]: x\n', copied],
    } as const;
    expect(await sorted(files)).toEqual(['a', 'b']);
  });

  test('or as the names of their rotations tell, if the times of change were lost', async () => {
    const copied = '2026-11-01T00:00:00Z';
    const at = (clock: string) => [`Oct 25 ${clock} mail postfix/smtp[1]: x\n`, copied] as const;
    const files = {
      'mail.log': at('02:35:00'),
      'mail.log.1': at('02:05:00'),
      'mail.log.2': at('02:45:00'),
      'mail.log.3.gz': at('02:15:00'),
      'mail.log.4.gz': at('01:45:00'),
    };
    const oldestFirst = ['mail.log.4.gz', 'mail.log.3.gz', 'mail.log.2', 'mail.log.1', 'mail.log'];
    expect(await sorted(files)).toEqual(oldestFirst);
    const withOther = await sorted({ ...files, other: at('02:20:00') });
    expect(withOther.filter((name) => name !== 'other')).toEqual(oldestFirst);
  });

  test('but not where they are numbered the other way round', async () => {
    const at = (clock: string) =>
      [`Oct 25 ${clock} mail postfix/smtp[1]: x\n`, '2026-11-01T00:00:00Z'] as const;
    const files = {
      'mail.log.1': at('02:05:00'),
      'mail.log.2': at('02:20:00'),
      'mail.log.3': at('02:35:00'),
    };
    expect(await sorted(files)).toEqual(['mail.log.1', 'mail.log.2', 'mail.log.3']);
  });

  test('leave no doubt with an offset', async () => {
    const files = {
      b: [exim('2026-10-25 02:10:00 +0100'), '2026-10-25T01:20:00Z'],
      a: [exim('2026-10-25 02:30:00 +0200'), '2026-10-25T01:50:00Z'],
    } as const;
    expect(await sorted(files)).toEqual(['a', 'b']);
  });
});
