import type { Argv } from 'yargs';
import type { ExitCode } from '../errors.ts';
import type { Printer } from './io.ts';

/** The options every command has. */
export interface GlobalArguments {
  readonly config?: string;
  readonly state?: string;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly now?: string;
}

/** One command a file: its words for --help, its options, what it does. */
export interface Command {
  readonly name: string;
  /** yargs' own form: `backfill [files..]`. */
  readonly usage: string;
  readonly summary: string;
  /** A paragraph of help and the examples, printed below the options. */
  readonly details: string;
  options(yargs: Argv): Argv;
  run(
    values: Readonly<Record<string, unknown>>,
    globals: GlobalArguments,
    printer: Printer,
  ): Promise<ExitCode>;
}
