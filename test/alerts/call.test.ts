import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { callWithJson } from '../../src/alerts/call.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alert-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function call(script: string, document: unknown = {}, patience?: number): Promise<string> {
  const path = join(directory, 'alert');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return callWithJson([path], document, process.env, patience).then(
    () => 'told',
    (error: Error) => error.message,
  );
}

const written = (name: string) => readFile(join(directory, name), 'utf8');

it('hands over whatever the names are, as one line of JSON', async () => {
  const document = { domain: 'a\u2028b"$(reboot)`id`\n;rm -rf /\u0000', n: 1 };
  expect(await call(`cat > ${directory}/heard`, document)).toBe('told');
  const heard = await written('heard');
  expect(heard.split('\n')).toHaveLength(2);
  expect(JSON.parse(heard)).toEqual(document);
});

it('is not held up by a program that reads nothing, or floods its output', async () => {
  const long = { text: 'x'.repeat(1_000_000) };
  expect(await call('exit 0', long)).toBe('told');
  expect(await call('yes flood | head -c 5000000', long)).toBe('told');
  const flooded = await call('yes flood | head -c 5000000 >&2; exit 1', long);
  expect(flooded).toBe('the alert command ended with 1: flood');
});

it('ends a program that hangs, what it started too, and one that will not be told', async () => {
  const said = await call(`trap '' TERM INT HUP; sleep 300 & echo $! > ${directory}/child; wait`, {}, 400);
  expect(said).toBe('the alert command took longer than 0.4 s, and was ended');
  const child = Number(await written('child'));
  expect(child).toBeGreaterThan(1);
  expect(await stateOf(child)).toMatch(/^[ZX]?$/);
});

it('does not wait for what a program leaves running', async () => {
  expect(await call(`sleep 300 & echo $! > ${directory}/child; exit 0`, {}, 20_000)).toBe('told');
  process.kill(Number(await written('child')), 'SIGKILL');
});

it('says how it ended', async () => {
  expect(await call('echo no such room >&2; exit 3')).toBe('the alert command ended with 3: no such room');
  expect(await call('kill -9 $$')).toBe('the alert command was ended by SIGKILL');
  await expect(callWithJson([join(directory, 'none')], {}, process.env)).rejects.toThrow(
    'the alert command cannot be run: it does not exist',
  );
  await writeFile(join(directory, 'plain'), 'hello');
  await expect(callWithJson([join(directory, 'plain')], {}, process.env)).rejects.toThrow(
    'the alert command cannot be run: permission denied',
  );
});

/** The letter of /proc: empty when the process is gone. */
async function stateOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /\) (\w)/.exec(text)?.[1] ?? '';
}
