import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../docs/completion/maillog-tlsrpt.bash', import.meta.url));

/** What bash offers where the last word is to be completed. */
function offered(...words: string[]): string[] {
  const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _maillog_tlsrpt; printf '%s\\n' "\${COMPREPLY[@]}"`;
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
  expect(offered('backfill', `${SCRIPT.slice(0, -2)}`)).toEqual([SCRIPT]);
});
