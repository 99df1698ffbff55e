import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeAtomically, writeNew } from '../../src/delivery/atomic-file.ts';
import { EXIT } from '../../src/errors.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'tlsrpt-file-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

it('takes the place of an older file, makes directories, and leaves nothing beside it', async () => {
  const path = join(place, 'a/b/report.json');
  await writeAtomically(path, 'old');
  await writeAtomically(path, 'new', 0o604);
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(lstatSync(path).mode & 0o777).toBe(0o604);
  expect(readdirSync(join(place, 'a/b'))).toEqual(['report.json']);
});

it('writes into a pipe or a device, and does not put a file in its place', async () => {
  const pipe = join(place, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const [text] = await Promise.all([readFile(pipe, 'utf8'), writeAtomically(pipe, 'a page')]);
  expect(text).toBe('a page');
  expect(lstatSync(pipe).isFIFO()).toBe(true);
  expect(readdirSync(place)).toEqual(['pipe']);
});

it('names what cannot be written, and leaves nothing behind', async () => {
  mkdirSync(join(place, 'taken'));
  await expect(writeAtomically(join(place, 'taken'), 'x')).rejects.toMatchObject({
    exitCode: EXIT.cannotWrite,
    where: join(place, 'taken'),
  });
  expect(readdirSync(place)).toEqual(['taken']);
});

it('writes a new file, but never over one that is there', async () => {
  const path = join(place, 'config.yaml');
  await writeNew(path, 'first', 0o640);
  await expect(writeNew(path, 'second')).rejects.toThrow('it exists already, and is left as it is');
  expect(readFileSync(path, 'utf8')).toBe('first');
  expect(readdirSync(place)).toEqual(['config.yaml']);
});
