import { describe, expect, it } from 'vitest';
import yargs from 'yargs';
import { GLOBAL_OPTIONS } from '../../src/cli/command.ts';
import { allCommands } from '../../src/cli/commands.ts';
import { runCli } from './run-cli.ts';

const COMMANDS = await allCommands();

/** The program's command lines in a help text: without what a shell does behind and before them. */
function examples(details: string): string[] {
  const lines = [...details.matchAll(/^ {2}(.*)$/gm)].map(([, line = '']) => line.replace(/ +# .*$/, ''));
  return lines
    .flatMap((line) => line.split(/ (?:\||&&|>>?) /))
    .filter((line) => line.startsWith('maillog-tlsrpt '));
}

/** The words of a command line, as far as help texts quote. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}

describe.each(COMMANDS)('$name --help', ({ name, details, summary }) => {
  it('shows examples that the program takes', () => {
    const shown = examples(details);
    expect(shown.some((line) => line.startsWith(`maillog-tlsrpt ${name}`))).toBe(true);
    for (const line of shown) {
      const parser = yargs([]).options(GLOBAL_OPTIONS).strict().demandCommand(1).exitProcess(false);
      for (const each of COMMANDS)
        parser.command(
          each.usage,
          each.summary,
          (scope) => each.options(scope),
          () => undefined,
        );
      parser.fail((message) => {
        throw new Error(`${line}: ${message}`);
      });
      expect(() => parser.parse(words(line).slice(1))).not.toThrow();
    }
  });

  it('fits the screen, and has the command’s own options first', async () => {
    const { stdout } = await runCli([name, '--help']);
    expect(stdout).toContain(summary.split(' ').slice(0, 4).join(' '));
    const wide = stdout.split('\n').filter((line) => line.length > 100);
    expect(wide).toEqual([]);
    // What is broken over two lines cannot be copied.
    for (const [line] of details.matchAll(/^ {2}.*maillog-tlsrpt .*$/gm)) expect(stdout).toContain(line);
    expect(stdout.match(/--help/g)).toHaveLength(1);
    const own = stdout.indexOf('\nOptions:');
    expect(own).toBeLessThan(stdout.indexOf('\nOptions of every command:'));
  });
});
