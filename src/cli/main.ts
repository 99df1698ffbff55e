#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import yargs, { type Argv } from 'yargs';
import { EXIT, type ExitCode, Problem } from '../errors.ts';
import { keepHeapSmall } from '../heap.ts';
import { packageVersion } from '../version.ts';
import { type Command, GLOBAL_OPTIONS, type GlobalArguments } from './command.ts';
import { commandsFor } from './commands.ts';
import { demandSound, type KnownOptions } from './given.ts';
import { type Io, Printer, type Volume } from './io.ts';
import { usageProblem } from './usage-problem.ts';

const INTRODUCTION = `maillog-tlsrpt sends SMTP TLS reports (RFC 8460) from the mail logs of any Postfix or Exim.

Usage: $0 COMMAND [options]

Try it on a log of yours; nothing is stored or sent:
  $0 sessions /var/log/mail.log

To set it up:
  $0 init
  $0 check`;

/**
 * The command line: parses, runs one command, prints faults.
 * @returns the exit code, after sysexits(3): see {@link EXIT}.
 */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  let printer = new Printer(io);
  try {
    let chosen: (() => Promise<ExitCode>) | undefined;
    const parser = baseParser(widthFor(argv, io), argv);
    const known = () => (parser as Argv as Argv & Inspected).getOptions();
    for (const command of await commandsFor(argv)) {
      parser.command(
        command.usage,
        command.summary,
        (scope) =>
          ownFirst(command, scope)
            .usage(`Usage: $0 ${command.usage} [options]\n\n${command.summary}`)
            .epilogue(flowing(command.details)),
        (parsed) => {
          const values = asWritten(parsed);
          const globals = values as unknown as GlobalArguments;
          demandSound(command, known(), { words: argv, values });
          printer = new Printer(io, volumeOf(globals));
          chosen = () => command.run(withTail(values), globals, printer);
        },
      );
    }
    const help = await parse(parser, argv);
    if (help !== undefined) {
      io.stdout.write(`${help}\n`);
      return EXIT.ok;
    }
    return chosen === undefined ? EXIT.usage : await chosen();
  } catch (error) {
    return explain(error, printer);
  }
}

const COMMON = [...Object.keys(GLOBAL_OPTIONS), 'version', 'help'];

/** yargs would list the options of every command before those that a command is asked for. */
function ownFirst(command: Command, scope: Argv): Argv {
  const known = command.options(scope) as Argv & Inspected;
  const positional = new Set(known.getGroups()['Positionals:']);
  const own = Object.keys(known.getOptions().key).filter(
    (name) => name !== 'h' && !COMMON.includes(name) && !positional.has(name),
  );
  const common = command.withoutJson === true ? COMMON.filter((name) => name !== 'json') : COMMON;
  if (common !== COMMON) known.hide('json');
  return known.group(own, 'Options:').group(common, 'Options of every command:');
}

/** What yargs has and its types leave out. */
interface Inspected {
  getGroups(): Readonly<Record<string, readonly string[]>>;
  getOptions(): KnownOptions;
}

/** A help text as yargs can wrap it to any width: paragraphs in one line each, but what is indented as it stands. */
function flowing(text: string): string {
  const paragraphs = text.split('\n\n').map((part) => (/^ /m.test(part) ? part : part.replaceAll('\n', ' ')));
  return paragraphs.join('\n\n');
}

/** yargs lays out the help text at every start; without a width it costs the least, and nobody sees it. */
function widthFor(argv: readonly string[], io: Io): number | null {
  const asked = argv.length === 0 || argv.some((word) => word === '--help' || word === '-h');
  return asked ? Math.min(110, (io.stdout as { columns?: number }).columns || 100) : null;
}

/** @throws Problem (usage) */
function volumeOf({ quiet, verbose }: GlobalArguments): Volume {
  if (quiet && verbose) throw new Problem(EXIT.usage, '--quiet and --verbose exclude each other');
  return quiet ? 'quiet' : verbose ? 'verbose' : 'normal';
}

function baseParser(width: number | null, argv: readonly string[]) {
  const parser = yargs([]) as Argv & Inspected;
  return parser
    .scriptName('maillog-tlsrpt')
    .locale('en')
    .usage(INTRODUCTION)
    .options(GLOBAL_OPTIONS)
    .version(packageVersion())
    .help()
    .alias('help', 'h')
    .wrap(width)
    .strict()
    .demandCommand(1, 'name a command')
    .exitProcess(false)
    .fail((message, error) => {
      // Thrown, for yargs runs the command all the same if its fail handler returns. What it throws itself is a wrong usage, too.
      if (error && error.name !== 'YError') throw error;
      throw usageProblem(error?.message ?? message, argv, Object.keys(parser.getOptions().key));
    });
}

/** Resolves to the text of --help and --version, which yargs would print itself; undefined when a command is to run. */
function parse(parser: ReturnType<typeof baseParser>, argv: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    try {
      const parsed = parser.parse(
        argv.map((word) => (word === '-' ? STANDARD_INPUT : word)),
        {},
        (error, _values, output) => {
          if (error) reject(error);
          else resolve(output === '' ? undefined : output);
        },
      );
      if (parsed instanceof Promise) parsed.catch(reject);
    } catch (error) {
      reject(error);
    }
  });
}

/** Stands for `-` while yargs parses, which would lose it among positional words. */
const STANDARD_INPUT = '\u0000-';

/** The values as they stood on the command line. */
function asWritten(parsed: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const written = (value: unknown): unknown => (value === STANDARD_INPUT ? '-' : value);
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(written) : written(value),
    ]),
  );
}

/** What stands behind `--` belongs to the files too; yargs leaves it in `_`. */
function withTail(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rest = (values['_'] as (string | number)[] | undefined)?.slice(1).map(String) ?? [];
  const files = (values['files'] as string[] | undefined) ?? [];
  return { ...values, files: [...files, ...rest] };
}

function explain(error: unknown, printer: Printer): ExitCode {
  if (error instanceof Problem) {
    printer.problem(error);
    return error.exitCode;
  }
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  printer.message(
    'error',
    `error: this is a bug in maillog-tlsrpt; please report it with these lines\n${reason}`,
  );
  return EXIT.software;
}

function startedAsProgram(): boolean {
  const started = process.argv[1];
  return started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url);
}

if (startedAsProgram()) {
  keepHeapSmall(process.versions.node);
  // A reader that has seen enough (`| head`) is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.cannotWrite),
  );
  // Messages that nobody can hear are no reason to leave work half done.
  process.stderr.on('error', () => undefined);
  process.exitCode = await main(process.argv.slice(2), process);
}
