import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { z } from 'zod';
import { loadConfig } from '../config/file.ts';
import { EXIT, type ExitCode, Problem } from '../errors.ts';
import { backupLedger, checkLedger, holdRestored, restoreLedger } from '../ledger/care.ts';
import { checked, clockOf } from './arguments.ts';
import type { Command, GlobalArguments } from './command.ts';
import { DEFAULT_CONFIG } from './context.ts';
import type { Printer } from './io.ts';
import { printable } from './table.ts';

const ACTIONS = ['check', 'backup', 'restore', 'restored'] as const;

const ledgerArguments = z.object({
  action: z.enum(ACTIONS, 'must be check, backup, restore or restored'),
  files: z.array(z.string()).default([]),
});

export const ledger: Command = {
  name: 'ledger',
  usage: 'ledger <action> [files..]',
  summary: 'check, back up and restore the ledger',
  details: `ledger check reads all of it and names what cannot be so; exit code 65 if there is anything.
ledger backup copies it while others work on it, into a file that is not there yet.
ledger restore puts such a file in its place, and keeps the former ledger beside it. What was read since the backup is
read again from the logs. What waits in the outbox is held, and so are the days that are over, for their reports may
have gone out already: look with \`send --dry-run\`, release with \`send --day\`.
A shared ledger is backed up with pg_dump and restored with pg_restore, while maillog-tlsrpt is stopped on every host;
ledger restored then holds what ledger restore would (docs/fleet.md).

Examples:
  maillog-tlsrpt ledger check
  maillog-tlsrpt ledger backup /var/backups/tlsrpt-$(date +%F).sqlite
  maillog-tlsrpt ledger restore /var/backups/tlsrpt-2026-11-22.sqlite`,
  options: (yargs: Argv) =>
    yargs
      .positional('action', { type: 'string', choices: ACTIONS, demandOption: true })
      .positional('files', { type: 'string', array: true, describe: 'backup, restore: the file' }),
  async run(values, globals, printer): Promise<ExitCode> {
    const { action, files } = checked(ledgerArguments, values);
    const file = fileOf(action, files);
    const state = globals.state ?? (await loadConfig(globals.config ?? DEFAULT_CONFIG)).state;
    if (action === 'check') return check(state, globals, printer);
    if (action === 'restored') {
      await holdRestored(state, clockOf(globals).now());
      sayHeld(printer);
      return EXIT.ok;
    }
    if (action === 'backup') await backupLedger(demandLedger(state), resolve(file));
    else await restore(state, resolve(file), globals, printer);
    printer.message('notice', `${action === 'backup' ? 'wrote' : 'restored'} ${resolve(file)}`);
    return EXIT.ok;
  },
};

/** The one file that a backup or its restore needs; the others take none. @throws Problem (usage) */
function fileOf(action: (typeof ACTIONS)[number], files: readonly string[]): string {
  const needed = action === 'backup' || action === 'restore' ? 1 : 0;
  if (files.length === needed) return files[0] ?? '';
  const words = needed === 0 ? 'takes no file' : files.length === 0 ? 'needs a file' : 'takes one file only';
  throw new Problem(EXIT.usage, `ledger ${action} ${words}`, {
    help: `ledger ${action}${needed === 0 ? '' : ' FILE'}`,
  });
}

/** A backup of nothing is no backup: the name is wrong. */
function demandLedger(state: string): string {
  if (state.includes('://') || existsSync(resolve(state, 'ledger.sqlite'))) return state;
  throw new Problem(EXIT.config, 'there is no ledger yet', {
    where: state,
    help: 'name its directory with `state:` or --state',
  });
}

async function check(state: string, globals: GlobalArguments, printer: Printer): Promise<ExitCode> {
  const { faults, rows } = await checkLedger(demandLedger(state));
  if (globals.json) printer.json({ faults, rows });
  else {
    for (const { text } of faults) printer.line(`fail  ${printable(text)}`);
    const counts = Object.entries(rows).map(([table, count]) => `${count} ${table}`);
    if (faults.length === 0) printer.line(`ok    the ledger is whole: ${counts.join(', ')}`);
    else printer.message('error', 'the ledger is damaged: restore a backup');
  }
  return faults.length === 0 ? EXIT.ok : EXIT.data;
}

async function restore(
  state: string,
  file: string,
  globals: GlobalArguments,
  printer: Printer,
): Promise<void> {
  const former = await restoreLedger(state, file, clockOf(globals).now());
  if (former !== undefined) printer.message('notice', `the former ledger is kept: ${former}`);
  sayHeld(printer);
}

function sayHeld(printer: Printer): void {
  printer.message(
    'warning',
    'days that are over are held, for their reports may have gone out since the backup: look with `send --dry-run`, release with `send --day`',
  );
}
