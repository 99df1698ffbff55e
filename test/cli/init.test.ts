import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeNew } from '../../src/delivery/atomic-file.ts';
import { makePlace, type Place } from './place.ts';
import { runCli } from './run-cli.ts';

let place: Place;
beforeEach(async () => {
  place = await makePlace();
});
afterEach(() => place.remove());

it('never overwrites a configuration', async () => {
  const before = await readFile(place.config, 'utf8');
  const { code, stderr } = await runCli(['init', '--config', place.config]);
  expect(code).toBe(73);
  expect(stderr).toContain('there is a configuration already');
  expect(await readFile(place.config, 'utf8')).toBe(before);
});

it('says that a directory is no file for a configuration', async () => {
  const { code, stderr } = await runCli(['init', '--config', place.directory]);
  expect(code).toBe(73);
  expect(stderr).not.toContain('there is a configuration already');
  expect(stderr).toContain(`this is a directory, and the configuration is a file\n`);
  expect(stderr).toContain(`--config ${place.path('config.yaml')}`);
});

it('of two that write at once only one does, and nothing is left behind', async () => {
  const path = place.path('new.yaml');
  const results = await Promise.allSettled([writeNew(path, 'one'), writeNew(path, 'two')]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await readFile(path, 'utf8')).toMatch(/^(one|two)$/);
  expect((await readdir(place.directory)).sort()).toEqual(['config.yaml', 'new.yaml']);
});
