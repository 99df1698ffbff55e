import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sendmailWay } from '../../src/delivery/sendmail.ts';

const MESSAGE = Buffer.from('From: a@sender.example\r\nTo: b@example.org\r\n\r\n.\r\nhello\r\n');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tlsrpt-sendmail-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A program that behaves as the line of shell says. */
function program(shell: string): string {
  const path = join(directory, 'sendmail');
  writeFileSync(path, `#!/bin/sh\n${shell}\n`, { mode: 0o755 });
  return path;
}

function send(path: string, to = 'b@example.org', timeout?: number) {
  return sendmailWay(path, timeout).send({ from: 'a@sender.example', to, message: MESSAGE });
}

it('hands the mail over with envelope and plain line ends, addresses never taken for options', async () => {
  const path = program(`printf '%s\\n' "$@" >${directory}/args; cat >${directory}/mail`);
  expect(await send(path, '-oQ/tmp@example.org')).toEqual({ kind: 'sent', note: 'taken by sendmail' });
  const args = readFileSync(join(directory, 'args'), 'utf8').trim().split('\n');
  expect(args).toEqual(['-i', '-f', 'a@sender.example', '--', '-oQ/tmp@example.org']);
  expect(readFileSync(join(directory, 'mail'), 'latin1')).toBe(
    MESSAGE.toString('latin1').replaceAll('\r\n', '\n'),
  );
});

it.each([
  [0, 'sent'],
  [64, 'temporary'],
  [65, 'permanent'],
  [67, 'permanent'],
  [68, 'permanent'],
  [69, 'temporary'],
  [70, 'temporary'],
  [71, 'temporary'],
  [73, 'temporary'],
  [75, 'temporary'],
  [77, 'temporary'],
  [78, 'temporary'],
  [1, 'temporary'],
])('exit code %i: %s', async (code, kind) => {
  expect(await send(program(`cat >/dev/null; exit ${code}`))).toMatchObject({ kind });
});

it('keeps what the program said, on one line', async () => {
  const handover = await send(program("cat >/dev/null; printf 'fatal:\\nno space\\033[31m' >&2; exit 75"));
  expect(handover).toMatchObject({ reason: 'sendmail: exit 75 (try again later): fatal: no space [31m' });
});

it('a program that is not there, hangs, or reads nothing: try again', async () => {
  expect(await send(join(directory, 'nothing'))).toMatchObject({ kind: 'temporary', unreachable: true });
  expect(await send(program('exec sleep 60'), undefined, 200)).toMatchObject({
    kind: 'temporary',
    reason: 'sendmail was ended by SIGTERM',
  });
  expect(await send(program('exit 75'))).toMatchObject({ kind: 'temporary' });
});
