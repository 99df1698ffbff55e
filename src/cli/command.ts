import type { Argv, Options } from 'yargs';
import type { ExitCode } from '../errors.ts';
import type { Printer } from './io.ts';

/** The options every command has. */
export interface GlobalArguments {
  readonly config?: string;
  readonly state?: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
  readonly now?: string;
}

/** The same as yargs declares them: the help text and the manual are made from these words. */
export const GLOBAL_OPTIONS = {
  config: {
    type: 'string',
    requiresArg: true,
    describe: 'configuration file',
    defaultDescription: '/etc/maillog-tlsrpt/config.yaml',
  },
  state: {
    type: 'string',
    requiresArg: true,
    describe: 'directory or postgres:// address of the ledger, in place of the configured one',
  },
  json: { type: 'boolean', default: false, describe: 'print JSON for machines' },
  quiet: { type: 'boolean', default: false, describe: 'print errors and warnings only' },
  verbose: {
    type: 'boolean',
    default: false,
    describe: 'tell on standard error what is read, asked and decided',
  },
  now: {
    type: 'string',
    requiresArg: true,
    describe: 'take this for the present time (RFC 3339), for rehearsals',
  },
} as const satisfies Readonly<Record<string, Options>>;

/** One command a file: its words for --help, its options, what it does. */
export interface Command {
  readonly name: string;
  /** yargs' own form: `backfill [files..]`. */
  readonly usage: string;
  readonly summary: string;
  /** A paragraph of help and the examples, printed below the options. */
  readonly details: string;
  /** It has no data for machines: `--json` is refused, and not listed. */
  readonly withoutJson?: true;
  options(yargs: Argv): Argv;
  run(
    values: Readonly<Record<string, unknown>>,
    globals: GlobalArguments,
    printer: Printer,
  ): Promise<ExitCode>;
}
