import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { z } from 'zod';
import { EXIT, type ExitCode, Problem } from '../errors.ts';
import { namedFiles } from '../logs/named-files.ts';
import { localZone, zoneOf } from '../logs/zone.ts';
import { spareThreads } from '../reading/ahead/worker-entry.ts';
import { addSummary, emptySummary } from '../reading/source.ts';
import { type Overlap, type ReadSummary, readArchivedLogs } from '../reading.ts';
import { BUILT_IN, createParser } from '../registry.ts';
import { checked, readingArguments, someFiles, yearsTold } from './arguments.ts';
import type { Command, GlobalArguments } from './command.ts';
import { type Context, turnOf, withContext } from './context.ts';
import type { Printer } from './io.ts';
import { applyPastPolicies, type PastSummary, pastPolicies } from './past-policies.ts';
import { showProgress } from './progress.ts';
import { counted } from './quantities.ts';
import { withReadingOptions } from './reading-options.ts';
import { type Reading, readingsOf } from './readings.ts';
import { sayFaults, sayHints } from './say.ts';
import { sendDue } from './sending.ts';

const backfillArguments = readingArguments.extend({
  parser: z.string().optional(),
  overlap: z.enum(['refuse', 'count'], 'must be refuse or count').default('refuse'),
  offline: z.boolean().default(false),
  policies: z.string().default('none'),
  send: z.boolean().default(false),
  threads: z.coerce
    .number('must be a number from 1 on')
    .int('must be a number from 1 on')
    .min(1, 'must be a number from 1 on')
    .max(64, 'must be at most 64')
    .optional(),
});

export const backfill: Command = {
  name: 'backfill',
  usage: 'backfill [files..]',
  summary: 'read archived logs into the ledger; sends nothing unless --send',
  details: `A directory stands for the logs in it. Files may be plain or compressed (.gz, .xz, .zst, .bz2), in any order, and may be given again: what was read
before, under whatever name, counts once. A file that bears the name of a log of the configuration is read as that says (parser, timezone, host,
relayhosts, options) where no option says otherwise. --send goes on with what \`send\` does, if all could be read. Days that ended more than
delivery.max-age ago are held even so, until \`send --day\`.

Examples:
  maillog-tlsrpt backfill /var/log/mail.log*
  maillog-tlsrpt backfill archive/*.gz --timezone Europe/Berlin --host mx7
  maillog-tlsrpt backfill archive/*.gz --policies policies.jsonl   # made by lookup --record
  zcat old/*.gz | maillog-tlsrpt backfill -`,
  options: (yargs: Argv) =>
    withReadingOptions(yargs)
      .option('overlap', {
        type: 'string',
        requiresArg: true,
        choices: ['refuse', 'count'],
        describe:
          'what to do with lines of a time that another file of this host covers: refuse, or count them',
        defaultDescription: 'refuse',
      })
      .option('offline', {
        type: 'boolean',
        default: false,
        describe: 'no look-ups; what the log does not prove stays no-policy-found',
      })
      .option('policies', {
        type: 'string',
        requiresArg: true,
        describe:
          'policies of the past: none (unknown), now (those of today), or a FILE of `lookup --record`',
        defaultDescription: 'none',
      })
      .option('send', {
        type: 'boolean',
        default: false,
        describe: 'then close days that are over and deliver what is due, as `send` does',
      })
      .option('threads', {
        type: 'string',
        requiresArg: true,
        describe: 'how many threads read large files and archives; 1 takes the least memory',
        defaultDescription: '1 on two processors, at most 4 on more',
      }),
  async run(values, globals, printer): Promise<ExitCode> {
    const chosen = checked(backfillArguments, values);
    someFiles(chosen.files);
    if (chosen.send && chosen.offline)
      throw new Problem(EXIT.usage, '--send and --offline exclude each other', {
        help: 'who wants a report, and how, is looked up',
      });
    const work = async (context: Context) => {
      const read = await readInto(context, chosen, globals, printer);
      return chosen.send ? sendBehind(read, context, globals, printer) : read;
    };
    return withContext(globals, printer, work, { sender: chosen.send });
  },
};

/** Days of which something could not be read must not close by the way. */
async function sendBehind(
  read: ExitCode,
  context: Context,
  globals: GlobalArguments,
  printer: Printer,
): Promise<ExitCode> {
  if (read !== EXIT.ok && read !== EXIT.tryAgain) {
    printer.message(
      'warning',
      'warning: nothing was sent, for not all could be read; `send` sends what is due',
    );
    return read;
  }
  const { told, exitCode } = await sendDue(context, printer);
  if (globals.json) printer.json(told);
  return exitCode === EXIT.ok ? read : exitCode;
}

async function readInto(
  context: Context,
  chosen: z.infer<typeof backfillArguments>,
  globals: GlobalArguments,
  printer: Printer,
): Promise<ExitCode> {
  const past = await pastPolicies(chosen.policies, chosen.offline);
  const named = await namedFiles(chosen.files);
  const readings = await readingsOf({ ...chosen, files: named }, globals, printer);
  const progress = await showProgress(named, printer, {
    quiet: globals.quiet,
    elapsed: () => performance.now(),
  });
  const { onBytes } = progress;
  const deps = {
    ...context,
    turn: turnOf('backfill', context, printer),
    onBytes,
    ...spareThreads(chosen.threads),
  };
  const summary = emptySummary();
  try {
    for (const reading of readings) {
      const zone = zoneOf(reading.timezone ?? localZone());
      const read = await readArchivedLogs(deps, reading.files.map(absolute), {
        ...archived(reading, context),
        zone,
        overlap: chosen.overlap satisfies Overlap,
        ...yearsTold(chosen, zone, globals),
      });
      addSummary(summary, read);
    }
  } finally {
    progress.stop();
  }
  const policies = await applyPastPolicies(context, past);
  sayFaults(summary, printer);
  sayHints(summary, printer);
  if (globals.json) printer.json(toJson(summary, policies));
  else say(summary, policies, printer);
  const later = policies.temporary > 0 ? EXIT.tryAgain : EXIT.ok;
  return summary.faults[0]?.problem.exitCode ?? later;
}

/** Who reads an archive: what was logged before it nobody knows, and our own reports may be in it. */
function archived({ module, parser, options, host, sendingFrom }: Reading, { config, host: here }: Context) {
  const ownSender = config.mail.from ?? config.contact;
  const all = { ...options, midStream: true, ownSender };
  return {
    parserName: module.name,
    makeParser: () => createParser(module, all),
    parserSpec: { name: BUILT_IN.includes(module) ? module.name : parser, options: all },
    host: host ?? here,
    ...(sendingFrom !== undefined && { sendingFrom }),
  };
}

function absolute(file: string): string {
  return file === '-' ? file : resolve(file);
}

function say(summary: ReadSummary, policies: PastSummary, printer: Printer): void {
  const days = daysText(summary);
  printer.line(
    `${counted(summary.files, 'file')}, ${counted(summary.lines, 'new line')}, ${counted(summary.sessions, 'session')}${days}`,
  );
  const before = summary.known - summary.empty;
  if (before > 0) printer.line(`${counted(before, 'file')} held nothing new: read before`);
  if (summary.empty > 0) printer.line(`${counted(summary.empty, 'file')} held no line: empty`);
  printer.line(policies.words);
}

function daysText({ firstTime, lastTime }: ReadSummary): string {
  if (firstTime === undefined || lastTime === undefined) return '';
  return `, ${dayText(firstTime)} to ${dayText(lastTime)}`;
}

function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function toJson(summary: ReadSummary, policies: PastSummary): unknown {
  return {
    files: summary.files,
    known: summary.known,
    lines: summary.lines,
    sessions: summary.sessions,
    faults: summary.faults.map(({ path, problem }) => ({
      path,
      message: problem.message,
      exitCode: problem.exitCode,
    })),
    policies: { attributed: policies.attributed, temporary: policies.temporary },
  };
}
