import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { z } from 'zod';
import { writeNew } from '../delivery/atomic-file.ts';
import { EXIT, type ExitCode, Problem } from '../errors.ts';
import { detect } from '../init/detect.ts';
import { renderConfig } from '../init/render.ts';
import { checked, clockOf } from './arguments.ts';
import type { Command } from './command.ts';
import { DEFAULT_CONFIG } from './context.ts';
import { toldAsk } from './told-ask.ts';

const initArguments = z.object({ print: z.boolean().default(false) });

export const init: Command = {
  name: 'init',
  usage: 'init',
  summary: 'write a commented configuration from what is found on this host',
  details: `Asks Postfix and Exim how they are set up, finds their logs (files, or the journal), the smart hosts, the time zone, a validating
resolver and the DKIM keys that OpenDKIM, rspamd or Exim sign with. What the user of the units will not be able to ask the MTA is written
out. Writes the file that --config names; one that exists is never overwritten.

Examples:
  maillog-tlsrpt init
  maillog-tlsrpt init --print              # show it, write nothing
  maillog-tlsrpt init --config ./tlsrpt.yaml`,
  withoutJson: true,
  options: (yargs: Argv) =>
    yargs.option('print', {
      type: 'boolean',
      default: false,
      describe: 'print the configuration, write nothing',
    }),
  async run(values, globals, printer): Promise<ExitCode> {
    const { print } = checked(initArguments, values);
    const path = resolve(globals.config ?? DEFAULT_CONFIG);
    if (!print) await refuseExisting(path);
    const ask = toldAsk(printer);
    const facts = await detect({
      ask,
      clock: clockOf(globals),
      host: ((await ask('hostname', ['-f'])) ?? hostname()).trim(),
      root: '',
      mta: { host: '127.0.0.1', port: 25 },
      localResolver: '127.0.0.1',
    });
    const { text, todo } = renderConfig(facts);
    if (print) printer.io.stdout.write(text);
    else {
      // It holds no secret, yet who reads it learns where they are.
      await writeNew(path, text, 0o640);
      printer.message('notice', `wrote ${path}`);
    }
    for (const each of todo) printer.message('notice', `to do: ${each}`);
    printer.message('info', 'then: maillog-tlsrpt check');
    return EXIT.ok;
  },
};

/** Said before looking around; the writer sees to it that nothing is overwritten even so. */
async function refuseExisting(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (found.isDirectory())
    throw new Problem(EXIT.cannotWrite, 'this is a directory, and the configuration is a file', {
      where: path,
      help: `name the file in it: --config ${join(path, 'config.yaml')}`,
    });
  throw new Problem(EXIT.cannotWrite, 'there is a configuration already, and it is left as it is', {
    where: path,
    help: 'look at what would be written with --print, or name another file with --config',
  });
}
