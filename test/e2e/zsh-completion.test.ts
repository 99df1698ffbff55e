import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const COMPLETION = fileURLToPath(new URL('../../docs/completion', import.meta.url));

/**
 * An interactive zsh on a terminal of its own: the line is typed, then Tab; what completion adds is printed, and a mark
 * at its end. The marks' letters are not typed in a row, for the terminal shows what is typed.
 */
const SCRIPT = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= LISTMAX=9999; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w shell 'compadd() {
  local -a found
  [[ " $* " == *" "-[OAD]" "* ]] || { builtin compadd -A found "$@"; print -rl -- "<offered "\${^found}">" }
  builtin compadd "$@"
}'
zpty -w shell "offer() { zle complete-word; print '<E''ND>' }; zle -N offer; bindkey '^I' offer; print '<REA''DY>'"
zpty -r -m shell said '*<READY>*'
zpty -n -w shell "$2"$'\\t'
zpty -r -m shell said '*<END>*'
print -r -- "$said"
zpty -d shell
`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'zsh-'));
  writeFileSync(join(directory, 'mail.log'), '');
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What zsh offers behind a line. */
function offered(line: string): string[] {
  const said = execFileSync('zsh', ['-f', '-c', SCRIPT, 'zsh', COMPLETION, line], {
    encoding: 'utf8',
    cwd: directory,
    timeout: 60_000,
  });
  return [...new Set([...said.matchAll(/<offered ([^>\n]+)>/g)].map(([, word = '']) => word))].sort();
}

it('completes commands, options of a command, choices and files in zsh', () => {
  expect(offered('maillog-tlsrpt sta')).toEqual(['status']);
  expect(offered('maillog-tlsrpt s')).toEqual(['scrub', 'send', 'sessions', 'status']);
  expect(offered('maillog-tlsrpt status --ch')).toEqual(['--check']);
  expect(offered('maillog-tlsrpt status --config x.yaml --verb')).toEqual(['--verbose']);
  expect(offered('maillog-tlsrpt posture --level d')).toEqual(['dane']);
  expect(offered('maillog-tlsrpt ledger rest')).toEqual(['restore', 'restored']);
  expect(offered('maillog-tlsrpt status --overl')).toEqual([]);
  expect(offered('maillog-tlsrpt backfill mai')).toEqual(['mail.log']);
});
