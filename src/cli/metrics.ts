import type { Argv } from 'yargs';
import { EXIT, type ExitCode } from '../errors.ts';
import { gatherMetrics } from '../metrics/gather.ts';
import { metricsText, withFullName } from '../metrics/text.ts';
import { packageVersion } from '../version.ts';
import type { Command, GlobalArguments } from './command.ts';
import { type Context, withContext } from './context.ts';
import type { Printer } from './io.ts';

export const metrics: Command = {
  name: 'metrics',
  usage: 'metrics',
  summary: 'print Prometheus metrics',
  details: `Prints Prometheus' text format. For node_exporter's textfile collector set \`metrics.textfile\` in the configuration:
each \`run\` then writes that file, atomically. Counters do not fall when the ledger drops old days.

Examples:
  maillog-tlsrpt metrics
  maillog-tlsrpt metrics | promtool check metrics`,
  options: (yargs: Argv) => yargs,
  run: (_values, globals, printer): Promise<ExitCode> =>
    withContext(globals, printer, (context) => print(context, globals, printer), { looks: true }),
};

async function print(context: Context, globals: GlobalArguments, printer: Printer): Promise<ExitCode> {
  const found = await gatherMetrics({ ...context, version: packageVersion() });
  if (globals.json) for (const metric of found) printer.json(withFullName(metric));
  else printer.io.stdout.write(metricsText(found));
  return EXIT.ok;
}
