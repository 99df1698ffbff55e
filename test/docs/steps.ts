import type { Block } from './markdown.ts';

/** A command of a guide, and what it is said to print; undefined where nothing is said. */
export interface Step {
  readonly command: string;
  readonly output: string | undefined;
  readonly line: number;
}

/**
 * The commands of a block. In `console` blocks each begins with `$ `, and what follows is its output; a `sh` block is one
 * script, which ends at the first failure.
 */
export function commandsOf({ language, text, line }: Block): Step[] {
  if (language === 'sh') return [{ command: `set -e\n${text}`, output: undefined, line }];
  const steps: { command: string; output: string; line: number }[] = [];
  const lines = text.replace(/\n$/, '').split('\n');
  for (let i = 0; i < lines.length; i++) {
    const whole = lines[i] ?? '';
    const last = steps.at(-1);
    if (whole.startsWith('$ ')) {
      const first = line + i;
      let command = whole.slice(2);
      while (command.endsWith('\\')) command += `\n${lines[++i]}`;
      steps.push({ command, output: '', line: first });
    } else if (last !== undefined) last.output += `${whole}\n`;
  }
  return steps;
}

/** Whether a command printed what is said, where `…` stands for anything, and a line of it for any lines. */
export function matches(output: string, said: string): boolean {
  const pattern = said
    .split('\n')
    .map((line) => (line === '…' ? '\u0000' : line.split('…').map(escaped).join('.*')))
    .join('\n')
    .replaceAll('\u0000\n', '(?:.*\n)*?');
  return new RegExp(`^${pattern}$`).test(output);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
