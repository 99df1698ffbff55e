import { hostname } from 'node:os';
import type { Argv } from 'yargs';
import { EXIT, type ExitCode } from '../errors.ts';
import { openLog } from '../logs/archive.ts';
import { sortByContent } from '../logs/content-order.ts';
import { namedFiles } from '../logs/named-files.ts';
import { SessionReader } from '../logs/session-reader.ts';
import { fixedBound } from '../logs/years.ts';
import { localZone, zoneOf } from '../logs/zone.ts';
import type { ParserModule } from '../parser.ts';
import { createParser } from '../registry.ts';
import { toSessionRecord } from '../session.ts';
import {
  checked,
  clockOf,
  type ReadingArguments,
  readingArguments,
  someFiles,
  type YearsTold,
  yearsTold,
} from './arguments.ts';
import { chosenParsers } from './chosen-parsers.ts';
import type { Command } from './command.ts';
import type { Printer } from './io.ts';
import { parserOptions, withReadingOptions } from './reading-options.ts';
import { garbageSayer } from './say.ts';

export const sessions: Command = {
  name: 'sessions',
  usage: 'sessions [files..]',
  summary: 'print the TLS sessions that logs tell, one JSON object a line',
  details: `Reads logs (plain or compressed, - for standard input) and prints what each outbound session's TLS outcome was.
Needs no configuration and touches no ledger. Open sessions are ended at the end of the input.

Examples:
  maillog-tlsrpt sessions /var/log/mail.log
  zcat mail.log.*.gz | maillog-tlsrpt sessions - --timezone Europe/Berlin
  maillog-tlsrpt sessions mainlog --parser exim | jq -r '.resultType // .outcome' | sort | uniq -c`,
  options: (yargs: Argv) => withReadingOptions(yargs),
  async run(values, globals, printer): Promise<ExitCode> {
    const chosen = checked(readingArguments, values);
    someFiles(chosen.files);
    const clock = clockOf(globals);
    const told = yearsTold(chosen, zoneOf(chosen.timezone ?? localZone()), globals);
    const named = await namedFiles(chosen.files);
    for (const { module, files } of await chosenParsers(chosen.parser, named, clock.now(), printer))
      await printSessions(module, { ...chosen, files: [...files] }, told, clock.now(), printer);
    return EXIT.ok;
  },
};

async function printSessions(
  module: ParserModule,
  chosen: ReadingArguments,
  told: YearsTold,
  now: number,
  printer: Printer,
): Promise<void> {
  let years = fixedBound(now);
  const zone = zoneOf(chosen.timezone ?? localZone());
  const reader = new SessionReader({
    parser: createParser(module, parserOptions(chosen)),
    zone,
    host: chosen.host ?? hostname(),
    latest: (last) => years(last),
    onSession: (session) => printer.json(toSessionRecord(session, module.name)),
  });
  for (const { path, dates } of await sortByContent(chosen.files, now, { zone, ...told })) {
    printer.message('debug', `log: ${path}, read as ${module.name}`);
    years = dates.bound();
    reader.nextFile();
    for await (const chunk of openLog(path, garbageSayer(path, printer))) {
      reader.bytes(chunk);
      await printer.drained();
    }
    reader.finish();
  }
  reader.end();
  if (reader.lines > 0 && reader.firstTime === undefined)
    printer.message(
      'warning',
      `warning: none of ${reader.lines} lines is one the ${module.name} parser reads; --parser auto looks whose they are`,
    );
  if (reader.faults > 0)
    printer.message(
      'warning',
      `warning: the ${module.name} parser failed on ${reader.faults} lines; please report it`,
    );
}
