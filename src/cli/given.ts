import { isLedgerPlace, LEDGER_FORM } from '../config/addresses.ts';
import { EXIT, Problem } from '../errors.ts';
import { type Command, GLOBAL_OPTIONS, type GlobalArguments } from './command.ts';

/** What yargs knows of the options of a command, by their names. */
export interface KnownOptions {
  readonly key: Readonly<Record<string, unknown>>;
  readonly boolean: readonly string[];
}

/** A command line as it was given. */
export interface Given {
  readonly words: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * What yargs lets pass, and nobody can have meant: an option of every command twice, a switch with a value, JSON of a
 * command that has none, and a ledger that there cannot be. A command's own options are judged by its schema.
 * @throws Problem (usage)
 */
export function demandSound(command: Command, known: KnownOptions, { words, values }: Given): void {
  const help = `maillog-tlsrpt ${command.name} --help tells what is allowed`;
  const twice = Object.keys(GLOBAL_OPTIONS).find((name) => Array.isArray(values[name]));
  if (twice !== undefined) throw new Problem(EXIT.usage, `--${twice} may be given once only`, { help });
  const valued = words.slice(0, endOfOptions(words)).find((word) => isValuedSwitch(word, known));
  if (valued !== undefined)
    throw new Problem(EXIT.usage, `${valued.split('=')[0]} takes no value: it is given or left out`, {
      help,
    });
  const { json, state } = values as unknown as GlobalArguments;
  if (json && command.withoutJson === true)
    throw new Problem(EXIT.usage, `\`${command.name}\` prints no JSON`, { help });
  if (state !== undefined && !isLedgerPlace(state))
    throw new Problem(EXIT.usage, `--state ${state} is no ledger`, { help: `allowed: ${LEDGER_FORM}` });
}

function endOfOptions(words: readonly string[]): number {
  const end = words.indexOf('--');
  return end < 0 ? words.length : end;
}

function isValuedSwitch(word: string, known: KnownOptions): boolean {
  const match = /^--(?:no-)?([^=]+)=(.*)$/s.exec(word);
  if (match === null || !known.boolean.includes(match[1] ?? '')) return false;
  return match[2] !== 'true' && match[2] !== 'false';
}
