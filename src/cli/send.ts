import type { Argv } from 'yargs';
import { z } from 'zod';
import { type Preview, previewDue } from '../delivery/dry-run.ts';
import { loadMailSetup } from '../delivery/mail-setup.ts';
import { rehearse } from '../delivery/rehearse.ts';
import { release } from '../delivery/release.ts';
import { unsuppress } from '../delivery/suppression.ts';
import { createTransports } from '../delivery/transports.ts';
import { EXIT, type ExitCode, Problem } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { rehearsalLedger } from '../ledger/rehearsal.ts';
import { closePass } from '../pipeline.ts';
import { isoTime } from '../time-text.ts';
import { checked, selectionArguments } from './arguments.ts';
import type { Command, GlobalArguments } from './command.ts';
import { type Context, pipelineDeps, withContext } from './context.ts';
import type { Printer } from './io.ts';
import { sayClosed, sayLookedUp } from './say.ts';
import { sendDue } from './sending.ts';
import { printable } from './table.ts';

const sendArguments = selectionArguments.extend({
  'dry-run': z.boolean().default(false),
  to: z.string().optional(),
  unsuppress: z.string().optional(),
});
type SendArguments = z.infer<typeof sendArguments>;

export const send: Command = {
  name: 'send',
  usage: 'send',
  summary: 'close days that are over, build their reports and deliver what is due now',
  details: `A second \`send\` sends nothing. --dry-run and --to keep nothing of what they look up, and need no right to write to the ledger.
Exit code 75 says that some deliveries will be tried again.

Examples:
  maillog-tlsrpt send --dry-run            # every mail and POST as it would go; changes nothing
  maillog-tlsrpt send --to me@example.com  # all of them to one address, to look at
  maillog-tlsrpt send --day 2026-01-31     # release a day that is held
  maillog-tlsrpt send --unsuppress mailto:tls@example.org   # its reports are due again`,
  options: (yargs: Argv) =>
    yargs
      .option('day', {
        type: 'string',
        requiresArg: true,
        describe: 'release this UTC day, however long ago it ended',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'show what would go, send nothing' })
      .option('to', {
        type: 'string',
        requiresArg: true,
        describe: 'rehearse: mail everything to this address',
      })
      .option('unsuppress', {
        type: 'string',
        requiresArg: true,
        describe: 'send to this rua again from the next time on, though reports came back from it',
      }),
  run(values, globals, printer): Promise<ExitCode> {
    const chosen = checked(sendArguments, values);
    demandOneWay(chosen);
    const work = async (context: Context) => {
      if (chosen.unsuppress !== undefined) return forgive(context, chosen.unsuppress, printer);
      await sayUnknownDay(context, chosen, printer);
      if (chosen['dry-run']) return showDue(context, chosen, globals, printer);
      if (chosen.to !== undefined) return rehearseTo(context, chosen, chosen.to, printer);
      return sendNow(context, chosen, globals, printer);
    };
    const looks = chosen['dry-run'] || chosen.to !== undefined;
    return withContext(globals, printer, work, { sender: true, looks });
  },
};

/** Who rehearses changes nothing, so that nobody can be forgiven by the way. @throws Problem (usage) */
function demandOneWay({ unsuppress: rua, to, 'dry-run': dry }: SendArguments): void {
  if (rua !== undefined && (dry || to !== undefined))
    throw new Problem(EXIT.usage, `--unsuppress and ${dry ? '--dry-run' : '--to'} exclude each other`, {
      help: 'send --unsuppress RUA forgives, and sends nothing by itself',
    });
}

/** A mistyped day would pass for one of which all was sent. */
async function sayUnknownDay({ ledger }: Context, { day }: SendArguments, printer: Printer): Promise<void> {
  if (day === undefined || (await ledger.days()).includes(day)) return;
  printer.message('warning', `the ledger holds no sessions for ${day}; \`status\` lists the days it holds`);
}

async function sendNow(
  context: Context,
  chosen: SendArguments,
  globals: GlobalArguments,
  printer: Printer,
): Promise<ExitCode> {
  const { told, exitCode } = await sendDue(context, printer, chosen.day);
  if (globals.json) printer.json(told);
  return exitCode;
}

/** Forgets that reports came back from an address: what was kept from it is due again. */
async function forgive(context: Context, rua: string, printer: Printer): Promise<ExitCode> {
  const known = await unsuppress(context.ledger, rua);
  if (!known) throw new Problem(EXIT.usage, `${rua} is not suppressed`, { help: '`status` lists what is' });
  const rows = await release(context.ledger, context.clock.now(), { states: ['suppressed'], rua });
  printer.message('notice', `${rua} gets reports again; ${rows} that were kept from it are due`);
  return EXIT.ok;
}

/** Closes days upon a ledger that forgets, and shows what that would send. */
async function showDue(
  context: Context,
  chosen: SendArguments,
  globals: GlobalArguments,
  printer: Printer,
): Promise<ExitCode> {
  // Before the look-ups, which take long: without a key there is nothing to show.
  const setup = await loadMailSetup(context.config);
  const ledger = rehearsalLedger(context.ledger);
  await rehearseClosing(context, ledger, chosen, printer);
  let shown = 0;
  for await (const preview of previewDue({ ...context, ledger, setup }, chosen.day)) {
    shown++;
    if (globals.json) printer.json(preview);
    else for (const line of previewLines(preview)) printer.line(line);
    await printer.drained();
  }
  printer.message('notice', shown === 0 ? 'nothing would go' : `${shown} would go; nothing was sent`);
  return EXIT.ok;
}

async function rehearseClosing(
  context: Context,
  ledger: Ledger,
  { day }: SendArguments,
  printer: Printer,
): Promise<void> {
  const { lookedUp, closed } = await closePass({ ...pipelineDeps(context), ledger }, day);
  sayLookedUp(lookedUp, printer);
  // What is built here is forgotten again.
  sayClosed({ ...closed, built: [] }, printer);
}

async function rehearseTo(
  context: Context,
  chosen: SendArguments,
  to: string,
  printer: Printer,
): Promise<ExitCode> {
  const transports = await createTransports(context.config, context.clock);
  try {
    const ledger = rehearsalLedger(context.ledger);
    await rehearseClosing(context, ledger, chosen, printer);
    const count = await rehearse({ ...context, ledger, transports }, to, chosen.day);
    printer.message('notice', `${count} rehearsed to ${to}; the outbox stays as it was`);
  } finally {
    transports.close();
  }
  return EXIT.ok;
}

function previewLines(preview: Preview): string[] {
  const after = isoTime(preview.notBefore);
  return [
    `${preview.kind} to ${printable(preview.rua)} (${preview.state}, not before ${after}, ${preview.bytes} bytes)`,
    `  ${printable(preview.where)}`,
    ...preview.headers.map((header) => `  | ${printable(header)}`),
    ...(preview.text ?? '').split('\n').map((line) => `  > ${printable(line)}`),
    ...JSON.stringify(preview.document, null, 1)
      .split('\n')
      .map((line) => `  ${line}`),
    '',
  ];
}
