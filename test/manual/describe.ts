import type { Argv, Options, PositionalOptions } from 'yargs';
import { type Command, GLOBAL_OPTIONS } from '../../src/cli/command.ts';

export interface OptionDoc {
  /** `--day`. */
  readonly name: string;
  readonly words: string;
  /** `STRING`, or what it must be; absent for a switch. */
  readonly value?: string;
  readonly choices: readonly string[];
  readonly fallback?: string;
}

export interface CommandDoc {
  readonly name: string;
  /** `backfill [files..]`. */
  readonly usage: string;
  readonly summary: string;
  readonly details: string;
  readonly positionals: readonly OptionDoc[];
  readonly options: readonly OptionDoc[];
  /** It has no data for machines, and knows no `--json`. */
  readonly withoutJson: boolean;
}

/** What a command says of itself: it declares its options to a recorder in place of yargs. */
export function describeCommand(command: Command): CommandDoc {
  const positionals: OptionDoc[] = [];
  const options: OptionDoc[] = [];
  const recorder: unknown = new Proxy(
    {},
    {
      get(_target, method) {
        return (name: string, spec: Options & PositionalOptions) => {
          if (method === 'positional') positionals.push(optionDoc(name, name, spec));
          else if (method === 'option') options.push(optionDoc(name, `--${name}`, spec));
          else
            throw new Error(`${command.name} declares something the manual does not know: ${String(method)}`);
          return recorder;
        };
      },
    },
  );
  command.options(recorder as Argv);
  const { name, usage, summary, details, withoutJson = false } = command;
  return { name, usage, summary, details, positionals, options, withoutJson };
}

/** The options of every command, and what yargs adds. */
export function globalOptions(): OptionDoc[] {
  const own = Object.entries(GLOBAL_OPTIONS).map(([name, spec]) => optionDoc(name, `--${name}`, spec));
  return [
    ...own,
    { name: '--version', words: 'show the version', choices: [] },
    { name: '--help', words: 'show help, of a command if one is named', choices: [] },
  ];
}

/** Those of them that a command takes. */
export function commonOptions({ withoutJson }: CommandDoc): OptionDoc[] {
  return globalOptions().filter(({ name }) => !withoutJson || name !== '--json');
}

function optionDoc(plain: string, name: string, spec: Options & PositionalOptions): OptionDoc {
  // A switch that is on by default is only of interest as the word that turns it off.
  const negated = spec.type === 'boolean' && spec.default === true;
  const choices = (spec.choices ?? []).map(String);
  const fallback = spec.defaultDescription;
  return {
    name: negated ? `--no-${plain}` : name,
    words: negated ? `do not ${spec.describe ?? ''}` : (spec.describe ?? ''),
    choices,
    ...(spec.type !== 'boolean' && { value: choices.length > 0 ? choices.join('|') : plain.toUpperCase() }),
    ...(fallback !== undefined && { fallback }),
  };
}
