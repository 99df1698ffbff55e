import { join } from 'node:path';
import type { Argv } from 'yargs';
import { z } from 'zod';
import { type BuildingDeps, buildFromLedger, type TrustAnchors, trustAnchorsOf } from '../days/building.ts';
import { withDaneSessions } from '../days/dane-sessions.ts';
import { writeAtomically } from '../delivery/atomic-file.ts';
import { gzipReport } from '../delivery/gzip.ts';
import { EXIT, type ExitCode, Problem } from '../errors.ts';
import type { DomainDay } from '../ledger/ledger.ts';
import { openIfThere } from '../ledger/open.ts';
import { reissuePass } from '../pipeline.ts';
import { resolveHonours } from '../policy/local-mta.ts';
import { fileName, submitterOf } from '../report/names.ts';
import { type Report, reportSchema } from '../report/schema.ts';
import { checked, selectionArguments } from './arguments.ts';
import type { Command, GlobalArguments } from './command.ts';
import { type Context, pipelineDeps, withContext } from './context.ts';
import type { Printer } from './io.ts';
import { counted } from './quantities.ts';
import { reportLines } from './report-text.ts';

const reportArguments = selectionArguments.extend({
  out: z.string().optional(),
  reissue: z.boolean().default(false),
});
type ReportArguments = z.infer<typeof reportArguments>;

export const report: Command = {
  name: 'report',
  usage: 'report',
  summary: 'show or write the reports that the ledger holds or would make now',
  details: `Only looks, but for --reissue: nothing is closed, frozen or sent. A report that was built already is shown as it was
built. --reissue needs --day and --domain, and asks for the domain's record anew; \`send\` delivers what it queues.

Examples:
  maillog-tlsrpt report --day 2026-11-22
  maillog-tlsrpt report --domain example.org --json
  maillog-tlsrpt report --day 2026-11-22 --out /tmp/reports
  maillog-tlsrpt report --reissue --day 2026-11-22 --domain example.org`,
  options: (yargs: Argv) =>
    yargs
      .option('day', { type: 'string', requiresArg: true, describe: 'this UTC day only: 2026-11-22' })
      .option('domain', { type: 'string', requiresArg: true, describe: 'this report domain only' })
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'write each report as .json.gz into this directory',
      })
      .option('reissue', {
        type: 'boolean',
        default: false,
        describe: 'build the next revision, with the sessions that came late, and queue it',
      })
      .option('offline', {
        type: 'boolean',
        default: false,
        describe: 'accepted for symmetry: but for --reissue this command never asks the network',
      }),
  async run(values, globals, printer): Promise<ExitCode> {
    const chosen = checked(reportArguments, values);
    const work = (context: Context) =>
      chosen.reissue
        ? reissueReport(context, chosen, printer)
        : showReports(context, chosen, globals, printer);
    // Who reissues writes, but a mistyped state must not make a ledger.
    const demands = { sender: true, looks: true, ...(chosen.reissue && { open: openIfThere }) };
    return withContext(globals, printer, work, demands);
  },
};

async function showReports(
  context: Context,
  chosen: ReportArguments,
  globals: GlobalArguments,
  printer: Printer,
): Promise<ExitCode> {
  const rules = await rulesOf(context);
  let seen = 0;
  let shown = 0;
  for await (const subject of subjects(context, chosen, rules)) {
    seen++;
    context.witness.step?.('reports', seen);
    const found = await reportOf(context, rules, subject);
    if (found === undefined) continue;
    shown++;
    if (chosen.out !== undefined) await writeReport(found, chosen.out, subject, context, printer);
    else if (globals.json) printer.line(JSON.stringify(found.report));
    else
      for (const line of reportLines(found.report, subject.domain, found.state, printer.width))
        printer.line(line);
  }
  if (shown === 0) printer.message('notice', nothingFound(chosen, seen));
  return EXIT.ok;
}

/** What a report may be of: the domains mail went to, and the MX hosts that `report.dane-to` adds. */
async function* subjects(
  { ledger }: Context,
  { day: onlyDay, domain: only }: ReportArguments,
  { building: { daneSessions } }: Rules,
): AsyncGenerator<Subject> {
  const entries = await ledger.domainDays({
    ...(onlyDay !== undefined && { day: onlyDay }),
    ...(only !== undefined && { domain: only }),
  });
  if (daneSessions === undefined) return yield* entries;
  for (const day of onlyDay === undefined ? await ledger.days() : [onlyDay]) {
    const own = entries.filter((entry) => entry.day === day);
    const known = new Set(own.map((entry) => entry.domain));
    const hosts = (await daneSessions.hosts(day)).filter(
      (host) => !known.has(host) && (only === undefined || host === only),
    );
    yield* own;
    for (const host of hosts) yield { day, domain: host, late: 0 };
  }
}

/** The one thing this command changes: the next revision, with the sessions that came late. */
async function reissueReport(context: Context, chosen: ReportArguments, printer: Printer): Promise<ExitCode> {
  if (chosen.day === undefined || chosen.domain === undefined) {
    throw new Problem(EXIT.usage, '--reissue needs --day and --domain', {
      help: 'one report is reissued at a time',
    });
  }
  if (chosen.offline) {
    throw new Problem(EXIT.usage, '--reissue and --offline exclude each other', {
      help: 'who gets the next revision says the record of the domain as it is now',
    });
  }
  const stored = await reissuePass(pipelineDeps(context), chosen.day, chosen.domain);
  printer.message(
    'notice',
    `revision ${stored.revision} of ${stored.day} for ${stored.domain} is queued; \`send\` delivers it`,
  );
  return EXIT.ok;
}

type Subject = Pick<DomainDay, 'day' | 'domain' | 'late'>;

interface Found {
  readonly report: Report;
  readonly json: string;
  readonly state: string;
  readonly revision: number;
}

/** By what a report that is not built yet is built: as closing would. */
interface Rules {
  readonly building: BuildingDeps;
  readonly trusting: TrustAnchors;
}

async function rulesOf({ ledger, config }: Context): Promise<Rules> {
  const trusting = await trustAnchorsOf(ledger);
  const deps = { ledger, config, honours: await resolveHonours(config) };
  return { building: { ...deps, ...withDaneSessions(deps, trusting) }, trusting };
}

/** The frozen report, with what came late said; else what would be built now. */
async function reportOf(
  context: Context,
  { building, trusting }: Rules,
  { day, domain, late }: Subject,
): Promise<Found | undefined> {
  const stored = await context.ledger.report(day, domain);
  if (stored !== undefined) {
    const more = late > 0 ? `, ${counted(late, 'session')} came late` : '';
    return {
      report: reportSchema.parse(JSON.parse(stored.json)),
      json: stored.json,
      revision: stored.revision,
      state: `built ${new Date(stored.builtAt).toISOString()}, revision ${stored.revision}${more}`,
    };
  }
  const built = await buildFromLedger(building, trusting, day, domain, 1);
  if (built.kind === 'nothing') return undefined;
  return { report: built.report, json: built.json, revision: 1, state: 'not built yet' };
}

async function writeReport(
  found: Found,
  directory: string,
  { day, domain }: Subject,
  context: Context,
  printer: Printer,
): Promise<void> {
  const name = fileName({
    day,
    domain,
    submitter: submitterOf(context.config.contact),
    revision: found.revision,
  });
  const path = join(directory, name);
  await writeAtomically(path, gzipReport(found.json));
  printer.line(path);
}

function nothingFound(chosen: ReportArguments, seen: number): string {
  if (seen > 0)
    return 'nothing to report: the sessions of that day and domain are left out by `report:` in the config';
  const what = [chosen.day, chosen.domain].filter((part) => part !== undefined).join(' and ');
  return what === ''
    ? 'the ledger holds no sessions yet: `backfill` or `run` reads logs into it'
    : `the ledger holds no sessions for ${what}`;
}
