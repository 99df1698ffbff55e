import { hostname } from 'node:os';
import type { Argv } from 'yargs';
import { z } from 'zod';
import { EXIT, type ExitCode, Problem } from '../errors.ts';
import { modifiedAt, openLog } from '../logs/archive.ts';
import { LineScanner } from '../logs/line-scanner.ts';
import { SessionReader } from '../logs/session-reader.ts';
import { localZone, zoneOf } from '../logs/zone.ts';
import type { ParserModule } from '../parser.ts';
import { createParser } from '../registry.ts';
import { SameSessions } from '../scrub/same-sessions.ts';
import { Scrubber } from '../scrub/scrubber.ts';
import { checked, clockOf, someFiles } from './arguments.ts';
import { chosenParsers } from './chosen-parsers.ts';
import type { Command } from './command.ts';
import type { Printer } from './io.ts';
import { garbageSayer } from './say.ts';
import { printable } from './table.ts';

const scrubArguments = z.object({
  files: z.array(z.string()).default([]),
  parser: z.string().default('auto'),
  check: z.boolean().default(true),
});

export const scrub: Command = {
  name: 'scrub',
  usage: 'scrub [files..]',
  summary: 'rewrite logs so that they can be shown to others',
  details: `Names, addresses, local parts and ids are replaced, each by the same one throughout; stamps, TLS facts and the MTA's own words
stay. What servers say in their own words stays too, but for such names: look through it before you show it. The result is
read beside the original, and a difference in their sessions is told.

Examples:
  maillog-tlsrpt scrub /var/log/mail.log > shown.log
  zcat mail.log.2.gz | maillog-tlsrpt scrub - --parser postfix > shown.log`,
  withoutJson: true,
  options: (yargs: Argv) =>
    yargs
      .positional('files', {
        type: 'string',
        array: true,
        describe: 'log files, plain or compressed; - is standard input',
      })
      .option('parser', {
        type: 'string',
        requiresArg: true,
        describe: 'the parser to check the result with',
        defaultDescription: 'auto',
      })
      .option('check', {
        type: 'boolean',
        default: true,
        describe: 'check that the same sessions are read from the result',
      }),
  async run(values, globals, printer): Promise<ExitCode> {
    const { files, parser, check } = checked(scrubArguments, values);
    someFiles(files);
    const now = clockOf(globals).now();
    const parsers = check ? await chosenParsers(parser, files, now, printer) : [];
    const scrubber = new Scrubber();
    const checks = parsers.map(({ module }) => new Check(module, scrubber, now));
    for (const file of files) {
      const latest = (await modifiedAt(file)) ?? now;
      printer.message('debug', `log: ${printable(file)}`);
      await scrubFile(file, scrubber, printer, (line, scrubbed) => {
        for (const one of checks) one.line(line, scrubbed, latest);
      });
    }
    for (const one of checks) one.end(printer);
    return EXIT.ok;
  },
};

async function scrubFile(
  file: string,
  scrubber: Scrubber,
  printer: Printer,
  onLine: (line: string, scrubbed: string) => void,
): Promise<void> {
  const scanner = new LineScanner([], (line) => {
    const scrubbed = scrubber.line(line);
    printer.line(scrubbed);
    onLine(line, scrubbed);
  });
  for await (const chunk of openLog(file, garbageSayer(file, printer))) {
    scanner.push(chunk);
    await printer.drained();
  }
  scanner.finish();
}

/** Reads the log and what became of it side by side. */
class Check {
  readonly #name: string;
  readonly #same: SameSessions;
  readonly #original: SessionReader;
  readonly #scrubbed: SessionReader;
  #latest: number;

  constructor(module: ParserModule, scrubber: Scrubber, now: number) {
    this.#name = module.name;
    this.#latest = now;
    this.#same = new SameSessions();
    const common = { zone: zoneOf(localZone()), host: hostname(), latest: () => this.#latest };
    const make = () => createParser(module, {});
    this.#original = new SessionReader({
      ...common,
      parser: make(),
      onSession: (session) => this.#same.expect(scrubber.session(session)),
    });
    this.#scrubbed = new SessionReader({
      ...common,
      parser: make(),
      onSession: (session) => this.#same.found(session),
    });
  }

  line(line: string, scrubbed: string, latest: number): void {
    this.#latest = latest;
    this.#original.line(line);
    this.#scrubbed.line(scrubbed);
  }

  /** @throws Problem (software) when the two tell different sessions: what was printed is not to be used. */
  end(printer: Printer): void {
    this.#original.end();
    this.#scrubbed.end();
    const { sessions, differences } = this.#same;
    if (differences > 0) {
      throw new Problem(EXIT.software, `the scrubbed log tells ${differences} sessions differently`, {
        help: 'this is a bug in maillog-tlsrpt; please report it, with lines you may show',
      });
    }
    printer.message('notice', `${this.#name}: the same ${sessions} sessions are read from it`);
  }
}
