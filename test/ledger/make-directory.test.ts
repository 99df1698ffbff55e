import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDirectory } from '../../src/ledger/make-directory.ts';

describe('a directory', () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'directory-'));
  });
  afterEach(() => rmSync(place, { recursive: true }));

  it('is made with all that is missing above it, and may be there already', () => {
    const path = join(place, 'a/b/c');
    makeDirectory(path, 0o750);
    makeDirectory(path);
    for (const each of ['a', 'a/b', 'a/b/c']) expect(statSync(join(place, each)).mode & 0o777).toBe(0o750);
    chmodSync(join(place, 'a'), 0o755);
    makeDirectory(join(place, 'a/b'), 0o700);
    expect(statSync(join(place, 'a/b')).mode & 0o777).toBe(0o750);
  });

  it('is not made where a file stands, or below one', () => {
    const file = join(place, 'file');
    writeFileSync(file, '');
    expect(() => makeDirectory(file)).toThrow(/EEXIST/);
    expect(() => makeDirectory(join(file, 'a/b'))).toThrow(/ENOTDIR/);
  });

  it('is not waited for where none can be made', () => {
    expect(existsSync('/proc')).toBe(true);
    expect(() => makeDirectory('/proc/none/such')).toThrow(/ENOENT|EACCES|EPERM/);
  });
});
