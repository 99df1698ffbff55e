import { EXIT, Problem } from '../errors.ts';
import { nearestOf } from '../nearest.ts';
import { COMMAND_NAMES } from './commands.ts';

const UNKNOWN = /^Unknown (?:argument|command)s?: (.*)$/;

/**
 * What yargs has to say of a wrong command line, in words of ours: what is wrong, what was likely meant, whose help tells more.
 * @param message yargs' own
 * @param options the names of the options that the command has, without dashes
 */
export function usageProblem(message: string, argv: readonly string[], options: readonly string[]): Problem {
  const command = COMMAND_NAMES.find((name) => argv.includes(name));
  const help = `maillog-tlsrpt ${command === undefined ? '' : `${command} `}--help tells what is allowed`;
  const unknown = UNKNOWN.exec(message)?.[1]?.split(', ')[0];
  if (unknown !== undefined) {
    const { text, known } = isOption(unknown, argv)
      ? { text: `there is no option --${unknown}`, known: options.map((name) => `--${name}`) }
      : { text: wordText(unknown, command), known: command === undefined ? COMMAND_NAMES : [] };
    const meant = nearestOf(known[0]?.startsWith('--') ? `--${unknown}` : unknown, known);
    const words = `${text}${command === undefined ? '' : ` of \`${command}\``}`;
    return new Problem(EXIT.usage, `${words}${meant === undefined ? '' : `; did you mean ${meant}?`}`, {
      help,
    });
  }
  return new Problem(EXIT.usage, plain(message), { help });
}

function isOption(word: string, argv: readonly string[]): boolean {
  return argv.some((each) => each.startsWith('-') && each.replace(/^-+(?:no-)?/, '').split('=')[0] === word);
}

function wordText(word: string, command: string | undefined): string {
  return command === undefined ? `there is no command \`${word}\`` : `\`${word}\` is no argument`;
}

/** yargs' other words, as a sentence about what was typed. */
function plain(message: string): string {
  const value = /^Not enough arguments following: (.*)$/.exec(message)?.[1];
  if (value !== undefined) return `--${value} needs a value`;
  if (message.startsWith('Not enough non-option arguments')) return 'an argument is missing';
  const choice = /Argument: ([^,\n]*), Given: (.*), Choices: (.*)$/.exec(message);
  if (choice === null) return message;
  const [, name, given = '', choices = ''] = choice;
  return `${name} cannot be ${given.replaceAll('"', '')}; allowed: ${choices.replaceAll('"', '')}`;
}
