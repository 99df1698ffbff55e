import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { z } from 'zod';
import { dashboardData } from '../dashboard/data.ts';
import { dashboardPage } from '../dashboard/page.ts';
import { addDays, dayOf } from '../day.ts';
import { writeAtomically } from '../delivery/atomic-file.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { resolveHonours } from '../policy/local-mta.ts';
import { readSeen } from '../posture/read.ts';
import { packageVersion } from '../version.ts';
import { checked } from './arguments.ts';
import type { Command } from './command.ts';
import { type Context, explainPlace, withContext } from './context.ts';

const dashboardArguments = z.object({
  out: z.string().optional(),
  days: z.coerce.number('must be a number of days').int().min(1).max(366).default(30),
  domains: z.coerce.number('must be a number of domains').int().min(1).default(2000),
});

/** Reports in trouble that are listed one by one. */
const MAX_TROUBLED = 500;

export const dashboard: Command = {
  name: 'dashboard',
  usage: 'dashboard',
  summary: 'write one HTML file: TLS posture of each destination, trends, failures, reports',
  details: `The file needs no server and no network; it sorts and filters by itself. It names the domains you send mail to:
put it where only those who may know that can read it.

Examples:
  maillog-tlsrpt dashboard --out /var/www/private/tls.html
  maillog-tlsrpt dashboard --days 7 > tls.html`,
  withoutJson: true,
  options: (yargs: Argv) =>
    yargs
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'file to write, atomically',
        defaultDescription: 'standard output',
      })
      .option('days', {
        type: 'string',
        requiresArg: true,
        describe: 'how many UTC days to show, today included',
        defaultDescription: '30',
      })
      .option('domains', {
        type: 'string',
        requiresArg: true,
        describe: 'list so many domains, the busiest',
        defaultDescription: '2000',
      }),
  run(values, globals, printer): Promise<ExitCode> {
    const chosen = checked(dashboardArguments, values);
    const work = async (context: Context) => {
      const page = await pageOf(context, chosen);
      if (chosen.out === undefined) printer.io.stdout.write(page);
      else {
        await writeAtomically(resolve(chosen.out), page);
        printer.message('notice', `wrote ${resolve(chosen.out)}`);
      }
      return EXIT.ok;
    };
    return withContext(globals, printer, work, { looks: true });
  },
};

async function pageOf(
  context: Context,
  { days, domains }: z.infer<typeof dashboardArguments>,
): Promise<string> {
  const { config, ledger, clock, witness } = context;
  const now = clock.now();
  const today = dayOf(now);
  const data = dashboardData({
    seen: await readSeen(ledger, { since: addDays(today, 1 - days) }, witness),
    honours: await resolveHonours(config),
    logs: await ledger.logs(),
    place: explainPlace(context),
    outbox: await ledger.outboxSums(),
    troubled: await ledger.fates(['retry', 'given-up', 'held', 'suppressed'], MAX_TROUBLED),
    today,
    days,
    maxDomains: domains,
  });
  return dashboardPage(data, { organization: config.organization, madeAt: now, version: packageVersion() });
}
