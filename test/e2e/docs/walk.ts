import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocks, pageText, ROOT } from '../../docs/markdown.ts';
import { commandsOf, matches, type Step } from '../../docs/steps.ts';
import type { GuideHost } from './host.ts';

/** What a guide leaves to its reader: done before a command. */
export type Before = Readonly<Record<string, (host: GuideHost) => void | Promise<void>>>;

export interface Walk {
  readonly before?: Before;
  /** Exit codes other than 0, by command. */
  readonly exits?: Readonly<Record<string, number>>;
  /** Commands that cannot be run there, with the reason. */
  readonly notRun?: Readonly<Record<string, string>>;
  /** What is to be seen after a command: its output is given. */
  readonly after?: Readonly<Record<string, (host: GuideHost, output: string) => void | Promise<void>>>;
}

/** Set to write what the commands print into the guides. */
const RENEW = process.env['RENEW_DOCS'] === '1';

/**
 * Does on a host what a guide says, block by block: writes its files, runs its commands.
 * @returns what went otherwise than the guide says.
 */
export async function walk(page: string, host: GuideHost, how: Walk): Promise<string[]> {
  const faults: string[] = [];
  const unused = new Set(
    [how.before, how.exits, how.notRun, how.after].flatMap((each) => Object.keys(each ?? {})),
  );
  const text = pageText(page);
  const lines = text.split('\n');
  let moved = 0;
  for (const block of blocks(text)) {
    if (block.path?.startsWith('/')) {
      host.guideFile(block.path, block.text);
      continue;
    }
    if (block.language !== 'sh' && block.language !== 'console') continue;
    const made: string[] = [];
    for (const step of commandsOf(block)) {
      const { said, fault } = await take(step, host, how, unused);
      if (fault !== undefined) faults.push(`${page}:${step.line}: ${step.command}\n${fault}`);
      made.push(said);
    }
    if (RENEW && block.language === 'console') {
      const now = made.join('').replace(/\n$/, '').split('\n');
      const before = block.text.replace(/\n$/, '').split('\n').length;
      const indent = ' '.repeat(block.indent);
      lines.splice(block.line - 1 + moved, before, ...now.map((line) => (line === '' ? '' : indent + line)));
      moved += now.length - before;
    }
  }
  if (RENEW) writeFileSync(join(ROOT, page), lines.join('\n'));
  for (const words of unused) faults.push(`${page}: no command has: ${words}`);
  return faults;
}

/** Runs one command; `said` is what should stand in the guide. */
async function take(
  step: Step,
  host: GuideHost,
  how: Walk,
  unused: Set<string>,
): Promise<{ readonly said: string; readonly fault?: string }> {
  const of = <T>(table: Readonly<Record<string, T>> | undefined): T | undefined => {
    const key = Object.keys(table ?? {}).find((words) => names(words, step.command));
    if (key !== undefined) unused.delete(key);
    return key === undefined ? undefined : table?.[key];
  };
  await of(how.before)?.(host);
  const expected = of(how.exits) ?? 0;
  if (of(how.notRun) !== undefined) return { said: `$ ${step.command}\n${step.output ?? ''}` };
  const { status, stdout } = await host.shell(step.command);
  const output = shown(stdout);
  await of(how.after)?.(host, output);
  const said = `$ ${step.command}\n${matches(output, step.output ?? '') ? step.output : output}`;
  if (status !== expected) return { said, fault: `exit code ${status}\n${output}` };
  if (step.output === undefined || matches(output, step.output)) return { said };
  return { said, fault: `printed:\n${output}` };
}

/** A command is named by itself, or, behind `…`, by some words in it; a script by its first line. */
function names(words: string, command: string): boolean {
  if (words.startsWith('…')) return command.includes(words.slice(1));
  return command.replace(/^set -e\n/, '').split('\n')[0] === words;
}

/** As a terminal shows it: the journal's priorities are left out. */
function shown(text: string): string {
  return text.replace(/^<[0-7]>/gm, '').replace(/[ \t]+$/gm, '');
}
