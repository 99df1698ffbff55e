import { execFileSync } from 'node:child_process';

/** The system calls that SystemCallFilter= leaves, first the sets that are allowed, then behind a ~ those taken back. */
export function systemCalls(setting: string): string[] {
  const [allowed = '', ...takenBack] = setting.split('~');
  const sets = setsOfSystemd();
  const calls = callsOf(allowed, sets);
  for (const call of takenBack.flatMap((each) => [...callsOf(each, sets)])) calls.delete(call);
  return [...calls];
}

function callsOf(words: string, sets: ReadonlyMap<string, readonly string[]>): Set<string> {
  const calls = new Set<string>();
  for (const word of words.split(/\s+/).filter((each) => each !== '')) {
    const inner = word.startsWith('@') ? callsOf((sets.get(word) ?? []).join(' '), sets) : [word];
    for (const call of inner) calls.add(call);
  }
  return calls;
}

/** The sets by their names, as `systemd-analyze syscall-filter` lists them; a set may hold others. */
function setsOfSystemd(): Map<string, string[]> {
  const sets = new Map<string, string[]>();
  let members: string[] = [];
  const listed = execFileSync('systemd-analyze', ['syscall-filter'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for (const line of listed.split('\n')) {
    if (line.startsWith('@')) {
      members = [];
      sets.set(line.trim(), members);
    } else if (/^ +[^#\s]/.test(line)) members.push(line.trim());
  }
  return sets;
}
