import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { sortByContent } from '../../src/logs/content-order.ts';
import { zoneOf } from '../../src/logs/zone.ts';
import { temporaryDirectories } from './temporary.ts';

const newDirectory = temporaryDirectories();

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
