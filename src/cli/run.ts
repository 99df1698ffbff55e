import type { Argv } from 'yargs';
import type { Outcome } from '../delivery/outbox.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { afterRun } from '../metrics/gather.ts';
import { type PassSummary, runPass } from '../pipeline.ts';
import { packageVersion } from '../version.ts';
import { checked, selectionArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { demandSender, pipelineDeps, turnOf, withContext } from './context.ts';
import { giveAlerts } from './give-alerts.ts';
import type { Printer } from './io.ts';
import { sayClosed, sayFaults, sayLookedUp, sayOutcome, saySent } from './say.ts';

export const run: Command = {
  name: 'run',
  usage: 'run',
  summary: 'one pass for timer and cron: read new lines, close days, build reports, send what is due',
  details: `Safe to run at any time, twice, in parallel. Days that ended longer ago than delivery.max-age are held, never mailed.
Exit code 75 says that some deliveries or look-ups will be tried again by the next run.

Examples:
  maillog-tlsrpt run
  maillog-tlsrpt run --offline      # read the logs only; ask and send nothing`,
  options: (yargs: Argv) =>
    yargs.option('offline', {
      type: 'boolean',
      default: false,
      describe: 'read the logs only: no look-ups, nothing is closed or sent',
    }),
  run(values, globals, printer): Promise<ExitCode> {
    const { offline } = checked(selectionArguments, values);
    return withContext(globals, async (context) => {
      if (!offline) demandSender(context);
      const begun = performance.now();
      const deps = { ...pipelineDeps(context), turn: turnOf('run', context, printer) };
      const onOutcome = (outcome: Outcome) => sayOutcome(outcome, printer);
      const summary = await runPass(deps, { offline, onOutcome });
      say(summary, printer);
      if (!offline && summary.sent === undefined)
        printer.message('info', 'another host of the fleet is looking policies up, closing days and sending');
      if (globals.json) printer.json(toJson(summary));
      const code = exitCode(summary);
      const seconds = Math.round(performance.now() - begun) / 1000;
      await afterRun(
        { ...context, version: packageVersion() },
        { at: context.clock.now(), seconds, exitCode: code },
      );
      await giveAlerts({ ...context, env: printer.io.env }, (problem) => printer.problem(problem));
      return code;
    });
  },
};

function say(summary: PassSummary, printer: Printer): void {
  const { read } = summary;
  sayFaults(read, printer);
  printer.message('info', `read ${read.files} files, ${read.lines} new lines, ${read.sessions} sessions`);
  if (summary.lookedUp !== undefined) sayLookedUp(summary.lookedUp, printer);
  if (summary.closed !== undefined) sayClosed(summary.closed, printer);
  if (summary.sent !== undefined) saySent(summary.sent, printer);
}

function exitCode(summary: PassSummary): ExitCode {
  if (summary.read.faults.length > 0) return EXIT.data;
  const { lookedUp, closed, sent } = summary;
  const pending = (sent?.retry ?? 0) + (sent?.putOff ?? 0) + (closed?.waiting ?? 0) + (lookedUp?.left ?? 0);
  return pending > 0 ? EXIT.tryAgain : EXIT.ok;
}

function toJson({ read, lookedUp, closed, sent }: PassSummary): unknown {
  return {
    files: read.files,
    lines: read.lines,
    sessions: read.sessions,
    faults: read.faults.map(({ path, problem }) => ({ path, message: problem.message })),
    ...(lookedUp !== undefined && { lookedUp }),
    ...(closed !== undefined && {
      built: closed.built.length,
      waiting: closed.waiting,
      held: Object.fromEntries(closed.held),
    }),
    ...(sent !== undefined && { sent }),
  };
}
