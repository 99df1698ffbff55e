import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { z } from 'zod';
import { EXIT, type ExitCode, Problem } from '../errors.ts';
import { closingAfter } from '../ledger/closing.ts';
import { isUntouched, openToLook } from '../ledger/open.ts';
import { FINDINGS } from '../status/findings.ts';
import { gatherStatus } from '../status/gather.ts';
import type { Status } from '../status/schema.ts';
import { packageVersion } from '../version.ts';
import { checked, clockOf } from './arguments.ts';
import type { Command, GlobalArguments } from './command.ts';
import { configOf, DEFAULT_CONFIG } from './context.ts';
import type { Printer } from './io.ts';
import { printCheck, printUnknown } from './status-check.ts';
import { printStatus } from './status-text.ts';

const HOUR_MS = 3_600_000;
const MAX_LAG_HOURS = 3;
const MAX_ATTEMPTS = 3;

const statusArguments = z.object({
  check: z.boolean().default(false),
  'max-lag': z.coerce
    .number('must be a number of hours')
    .positive('must be more than 0 hours')
    .default(MAX_LAG_HOURS),
});

export const status: Command = {
  name: 'status',
  usage: 'status',
  summary: 'show logs and positions, days, what is held and why, the outbox; or tell a monitor',
  details: `Only looks. What is held is released with \`send --day DAY\`. docs/status-json.md tells what --json prints.

With --check it prints one line and exits as a monitoring plug-in (Nagios, Icinga, …) does: 0 ok, 1 warning, 2 critical, 3 unknown: the
configuration or the ledger cannot be read. These are its findings:

${findingLines().join('\n')}

Examples:
  maillog-tlsrpt status
  maillog-tlsrpt status --check --max-lag 6
  maillog-tlsrpt status --json | jq '.findings, .outbox'`,
  options: (yargs: Argv) =>
    yargs
      .option('check', {
        type: 'boolean',
        default: false,
        describe: 'one line and an exit code for a monitor',
      })
      .option('max-lag', {
        type: 'string',
        requiresArg: true,
        describe: 'hours without reading a log that are critical; a third of them is a warning',
        defaultDescription: String(MAX_LAG_HOURS),
      }),
  async run(values, globals, printer): Promise<ExitCode> {
    const chosen = checked(statusArguments, values);
    if (chosen.check && globals.json)
      throw new Problem(EXIT.usage, '--check and --json exclude each other', {
        help: '`status --json` holds the findings, `state` the verdict',
      });
    const maxLag = chosen['max-lag'] * HOUR_MS;
    if (!chosen.check) {
      const found = await look(globals, maxLag, printer);
      if (globals.json) printer.json(found);
      else printStatus(found, printer);
      return EXIT.ok;
    }
    try {
      return printCheck(await look(globals, maxLag, printer), maxLag, printer);
    } catch (error) {
      return printUnknown(error, printer);
    }
  },
};

/** What was read while others wrote may be of two times: then it is read again. */
async function look(globals: GlobalArguments, maxLag: number, printer: Printer): Promise<Status> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await lookOnce(globals, maxLag, printer);
    } catch (error) {
      const again = error instanceof Problem && error.exitCode === EXIT.tryAgain && attempt < MAX_ATTEMPTS;
      if (!again) throw error;
    }
  }
}

async function lookOnce(globals: GlobalArguments, maxLag: number, printer: Printer): Promise<Status> {
  const clock = clockOf(globals);
  const config = await configOf(globals);
  const state = globals.state ?? config.state;
  printer.message('debug', `config: ${globals.config ?? DEFAULT_CONFIG}`);
  const ledger = (await isUntouched(state)) ? undefined : await openToLook(state);
  const gather = () =>
    gatherStatus({
      ledger,
      clock,
      config,
      directory: dirname(resolve(globals.config ?? DEFAULT_CONFIG)),
      host: hostname(),
      version: packageVersion(),
      maxLag,
    });
  if (ledger === undefined) return gather();
  return closingAfter(ledger, gather, (problem) => {
    throw problem;
  });
}

function findingLines(): string[] {
  return Object.entries(FINDINGS).flatMap(([id, words]) =>
    Object.entries(words).map(([severity, text]) => `  ${severity.padEnd(8)}  ${id}: ${text}`),
  );
}
