import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../docs/completion/maillog-tlsrpt.bash', import.meta.url));

/** Tells readline to put names in quotes where need be, and no blank behind a directory. */
const FILES = 'compopt -o filenames';

/** What bash offers where the last word is to be completed; before it, what readline is told of the words. */
function offered(...words: string[]): string[] {
  const script = `compopt() { [ "$#" = 0 ] || echo "compopt $*"; }; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _maillog_tlsrpt; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const said = execFileSync('bash', ['-c', script, 'bash', SCRIPT, 'maillog-tlsrpt', ...words], {
    encoding: 'utf8',
  });
  return said.split('\n').filter((line) => line !== '');
}

it('completes commands, options of a command, and choices in bash', () => {
  expect(offered('sta')).toEqual(['status']);
  expect(offered('status', '--ch')).toEqual(['--check']);
  expect(offered('status', '--config', 'x.yaml', '--verb')).toEqual(['--verbose']);
  expect(offered('posture', '--level', 'd')).toEqual(['dane']);
  expect(offered('status', '--max-lag', '')).toEqual([]);
  expect(offered('status', '--overl')).toEqual([]);
  expect(offered('report', '--js')).toEqual(['--json']);
  expect(offered('dashboard', '--js')).toEqual([]);
  expect(offered('backfill', `${SCRIPT.slice(0, -2)}`)).toEqual([FILES, SCRIPT]);
});

it('offers the values there are of an option, with = or without', () => {
  expect(offered('sessions', '--parser', 'opens')).toEqual([FILES, 'opensmtpd']);
  expect(offered('sessions', '--parser', `${SCRIPT.slice(0, -2)}`)).toEqual([FILES, SCRIPT]);
  expect(offered('backfill', '--overlap', '')).toEqual(['refuse', 'count']);
  expect(offered('posture', '--level', '=', 'd')).toEqual(['dane']);
  expect(offered('posture', '--level', '=')).toEqual(['encrypt', 'dane', 'verify']);
  expect(offered('status', '--config', 'run', '--ch')).toEqual(['--check']);
});

it('offers the actions of a command first, and files behind those that take some', () => {
  expect(offered('ledger', '')).toEqual(['check', 'backup', 'restore', 'restored']);
  expect(offered('ledger', '--state', '/srv', '--quiet', 'b')).toEqual(['backup']);
  expect(offered('ledger', 'backup', SCRIPT.slice(0, -2))).toEqual([FILES, SCRIPT]);
  expect(offered('ledger', 'check', SCRIPT.slice(0, -2))).toEqual([]);
  expect(offered('tally', 'import', SCRIPT.slice(0, -2))).toEqual([FILES, SCRIPT]);
  expect(offered('lookup', '')).toEqual([]);
  expect(offered('ledger', '--state', 'postgres', ':', '//u', '@', 'db.example', ':', '5/x', 'b')).toEqual([
    'backup',
  ]);
});
