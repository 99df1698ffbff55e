import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Argv } from 'yargs';
import { z } from 'zod';
import { trustAnchorsOf } from '../days/building.ts';
import { EXIT, type ExitCode, Problem } from '../errors.ts';
import { ReportEntries } from '../explain/entries.ts';
import { type ExplainedLine, type ExplainedSilence, Explainer, type ExplainFilter } from '../explain.ts';
import { openLog } from '../logs/archive.ts';
import { sortByContent } from '../logs/content-order.ts';
import { fixedBound } from '../logs/years.ts';
import { localZone, zoneOf } from '../logs/zone.ts';
import { resolveHonours } from '../policy/local-mta.ts';
import { createParser } from '../registry.ts';
import { checked, clockOf, readingArguments, someFiles, yearsTold } from './arguments.ts';
import type { Command, GlobalArguments } from './command.ts';
import { type Context, DEFAULT_CONFIG, withContext } from './context.ts';
import { explainJson, explainText } from './explain-text.ts';
import type { Printer } from './io.ts';
import { counted } from './quantities.ts';
import { withReadingOptions } from './reading-options.ts';
import { type Reading, readingsOf } from './readings.ts';
import { garbageSayer } from './say.ts';

const explainArguments = readingArguments.extend({
  parser: z.string().optional(),
  'queue-id': z.string().min(1, 'must be a queue id').optional(),
  domain: z.string().min(1, 'must be a domain').optional(),
  lines: z
    .string()
    .regex(/^\d+(-\d+)?$/, 'must be line numbers such as 120-180')
    .transform((text): readonly [number, number] => {
      const [first = 0, last = first] = text.split('-').map(Number);
      return [first, last];
    })
    .refine(
      ([first, last]) => first >= 1 && last >= first,
      'must go from a line, the first being 1, to a later one',
    )
    .optional(),
});

type ExplainArguments = z.infer<typeof explainArguments>;

/** What there is to print: a line, or a session that no line told. */
export type Explained = ExplainedLine | ExplainedSilence;

export const explain: Command = {
  name: 'explain',
  usage: 'explain [files..]',
  summary: 'tell of each line what it was taken for, and what came of it',
  details: `Every line of the MTA that has to do with outbound sessions, with the name of the rule that read it, what that rule says,
the session it made, and the entry of the report it went into, where a ledger holds it. Changes nothing.
A file of a log that the configuration names is read as the configuration says (parser, timezone, host, relayhosts, options) where no
option says otherwise.

Examples:
  maillog-tlsrpt explain /var/log/mail.log --queue-id 4jYGNX5hVbzJgrX
  maillog-tlsrpt explain /var/log/mail.log.1 --domain example.org
  maillog-tlsrpt explain mainlog --parser exim --lines 120-180 --json
  journalctl -o json --unit='postfix*' --since=today | maillog-tlsrpt explain - --domain a.example`,
  options: (yargs: Argv) =>
    withReadingOptions(yargs)
      .option('queue-id', {
        type: 'string',
        requiresArg: true,
        describe: 'this message only, with the connections it was tried over',
      })
      .option('domain', {
        type: 'string',
        requiresArg: true,
        describe: 'this recipient domain only, or the host of a domain',
      })
      .option('lines', { type: 'string', requiresArg: true, describe: 'these lines only: 120-180' }),
  async run(values, globals, printer): Promise<ExitCode> {
    const chosen = checked(explainArguments, values);
    someFiles(chosen.files);
    const readings = await readingsOf(chosen, globals, printer);
    const inLedger = (print: (entries: ReportEntries) => Promise<void>) =>
      withContext(globals, printer, (context) => printWith(context, print), { looks: true });
    await withLedger(globals, printer, inLedger, async (entries) => {
      for (const reading of readings) await explainFiles(chosen, reading, globals, printer, entries);
    });
    return EXIT.ok;
  },
};

async function printWith(
  { ledger, config }: Context,
  print: (entries: ReportEntries) => Promise<void>,
): Promise<void> {
  const deps = { ledger, config, honours: await resolveHonours(config) };
  await print(new ReportEntries(deps, await trustAnchorsOf(ledger)));
}

/** A ledger that was named must open; the default one may be missing, or not be ours to read. */
async function withLedger(
  globals: GlobalArguments,
  printer: Printer,
  inLedger: (print: (entries: ReportEntries) => Promise<void>) => Promise<void>,
  print: (entries?: ReportEntries) => Promise<void>,
): Promise<void> {
  const named = globals.config !== undefined || globals.state !== undefined;
  if (!named && !existsSync(DEFAULT_CONFIG)) return print();
  let begun = false;
  try {
    await inLedger((entries) => {
      begun = true;
      return print(entries);
    });
  } catch (error) {
    if (named || begun || !(error instanceof Problem)) throw error;
    printer.message('notice', `without the ledger, so no report is named: ${error.message}`);
    await print();
  }
}

async function explainFiles(
  chosen: ExplainArguments,
  { files, module, options, timezone, host }: Reading,
  globals: GlobalArguments,
  printer: Printer,
  entries: ReportEntries | undefined,
): Promise<void> {
  const clock = clockOf(globals);
  const zone = zoneOf(timezone ?? localZone());
  const told = yearsTold(chosen, zone, globals);
  let years = fixedBound(clock.now());
  const waiting: Explained[] = [];
  const explainer = new Explainer({
    parser: createParser(module, options),
    zone,
    host: host ?? hostname(),
    latest: (last) => years(last),
    filter: filterOf(chosen),
    onLine: (line) => waiting.push(line),
    onSilence: (silence) => waiting.push(silence),
  });
  let found = 0;
  const print = async () => {
    found += waiting.length;
    for (const one of waiting.splice(0)) await printOne(one, module.name, globals.json, printer, entries);
    await printer.drained();
  };
  for (const { path, dates } of await sortByContent([...files], clock.now(), { zone, ...told })) {
    printer.message('debug', `log: ${path}, read as ${module.name}`);
    years = dates.bound();
    explainer.file(path);
    for await (const chunk of openLog(path, garbageSayer(path, printer))) {
      explainer.bytes(chunk);
      await print();
    }
  }
  explainer.end();
  await print();
  const asked = askedText(chosen);
  if (found === 0 && asked !== undefined)
    printer.message('warning', `no line that tells of TLS is of ${asked}`);
  const { lines, relevant, unknown, sessions } = explainer.totals;
  printer.message(
    'notice',
    `${counted(lines, 'line')} read, ${relevant} of them ${module.name}'s, ${unknown} that no rule knows, ${counted(sessions, 'session')}`,
  );
}

function filterOf(chosen: ExplainArguments): ExplainFilter {
  const { 'queue-id': queueId, domain, lines } = chosen;
  return {
    ...(queueId !== undefined && { queueId }),
    ...(domain !== undefined && { domain }),
    ...(lines !== undefined && { lines }),
  };
}

/** What was asked for; undefined where everything is. */
function askedText({ 'queue-id': queueId, domain, lines }: ExplainArguments): string | undefined {
  const asked = [
    ...(queueId === undefined ? [] : [`queue id ${queueId}`]),
    ...(domain === undefined ? [] : [`domain ${domain}`]),
    ...(lines === undefined ? [] : [`lines ${lines.join('-')}`]),
  ];
  return asked.length === 0 ? undefined : asked.join(' and ');
}

async function printOne(
  explained: Explained,
  parser: string,
  json: boolean,
  printer: Printer,
  entries: ReportEntries | undefined,
): Promise<void> {
  const sessions = 'key' in explained ? [explained.session] : explained.sessions;
  const told = [];
  for (const session of sessions) {
    told.push({ session, entries: entries === undefined ? [] : await entries.of(session, parser) });
  }
  if (json) printer.json(explainJson(explained, told, parser));
  else for (const line of explainText(explained, told, printer)) printer.line(line);
}
