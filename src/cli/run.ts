import type { Argv } from 'yargs';
import type { Outcome } from '../delivery/outbox.ts';
import { EXIT, type ExitCode, inOneLine, Problem } from '../errors.ts';
import { noteRun } from '../metrics/last-run.ts';
import { type PassSummary, runPass } from '../pipeline.ts';
import { isPassing } from '../reading/faults.ts';
import { afterPass } from './after-pass.ts';
import { checked, selectionArguments } from './arguments.ts';
import type { Command, GlobalArguments } from './command.ts';
import { type Context, pipelineDeps, turnOf, withContext } from './context.ts';
import type { Printer } from './io.ts';
import { counted } from './quantities.ts';
import { countLeftOut, sayClosed, sayFaults, sayLeftOut, sayLookedUp, sayOutcome, saySent } from './say.ts';

export const run: Command = {
  name: 'run',
  usage: 'run',
  summary: 'one pass for timer and cron: read new lines, close days, build reports, send what is due',
  details: `Safe to run at any time, twice, in parallel. Days that ended longer ago than delivery.max-age are held, never mailed.
Calls alerts.command where a domain that worked begins to fail, and writes metrics.textfile, if they are configured.
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
    const work = async (context: Context) => {
      const begun = performance.now();
      const finish = (exitCode: ExitCode, reason?: string) =>
        afterPass(context, {
          config: context.config,
          duration: performance.now() - begun,
          exitCode,
          reason,
          env: printer.io.env,
          onAlertFault: (problem) => printer.problem(problem),
        });
      let code: ExitCode;
      try {
        code = await pass(context, globals, printer, offline);
      } catch (error) {
        // What keeps us from sending must keep neither alerts nor the monitor from being told.
        if (error instanceof Problem && !isPassing(error)) await finish(error.exitCode, inOneLine(error));
        else await noteStop(context, performance.now() - begun, error);
        throw error;
      }
      await finish(code);
      return code;
    };
    return withContext(globals, printer, work, { sender: !offline });
  },
};

async function pass(
  context: Context,
  globals: GlobalArguments,
  printer: Printer,
  offline: boolean,
): Promise<ExitCode> {
  const deps = { ...pipelineDeps(context), turn: turnOf('run', context, printer) };
  const onOutcome = (outcome: Outcome) => sayOutcome(outcome, printer);
  const hosts = new Set(context.config.logs.map((log) => log.host ?? context.host));
  const leftBefore = await countLeftOut(context.ledger, hosts);
  const summary = await runPass(deps, { offline, onOutcome });
  say(summary, printer);
  sayLeftOut((await countLeftOut(context.ledger, hosts)) - leftBefore, printer);
  if (!offline && summary.sent === undefined)
    printer.message('info', 'another host of the fleet is looking policies up, closing days and sending');
  if (globals.json) printer.json(toJson(summary));
  return exitCode(summary);
}

/** A bug, or a ledger that could not be written just now: the monitor is told if it can be noted at all. */
async function noteStop({ ledger, clock, host }: Context, duration: number, error: unknown): Promise<void> {
  // Who found another at work, or the ledger locked, comes again in a quarter of an hour.
  if (error instanceof Problem && error.exitCode === EXIT.tryAgain) return;
  const [exitCode, reason] =
    error instanceof Problem
      ? [error.exitCode, inOneLine(error)]
      : [EXIT.software, 'a bug in maillog-tlsrpt; `run` shows it, please report it'];
  const run = { at: clock.now(), seconds: Math.round(duration) / 1000, exitCode, reason };
  await noteRun(ledger, host, run).catch(() => undefined);
}

function say(summary: PassSummary, printer: Printer): void {
  const { read } = summary;
  sayFaults(read, printer);
  printer.message(
    'info',
    `read ${counted(read.files, 'file')}, ${counted(read.lines, 'new line')}, ${counted(read.sessions, 'session')}`,
  );
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
