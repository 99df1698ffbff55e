import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Argv } from 'yargs';
import { z } from 'zod';
import { dayEnd } from '../day.ts';
import { writeAtomically } from '../delivery/atomic-file.ts';
import { EXIT, type ExitCode, Problem, systemReason } from '../errors.ts';
import { noteExport } from '../host-word.ts';
import { openIfThere } from '../ledger/open.ts';
import { exportDays } from '../tally/export.ts';
import { packTallyFile, unpackTallyFile } from '../tally/file.ts';
import { packageVersion } from '../version.ts';
import { checked } from './arguments.ts';
import type { Command, GlobalArguments } from './command.ts';
import { type Context, withContext } from './context.ts';
import type { Printer } from './io.ts';

const tallyArguments = z.object({
  action: z.enum(['export', 'import'], 'must be export or import'),
  files: z.array(z.string()).default([]),
  out: z.string().optional(),
  day: z.iso.date('must be a day such as 2026-11-22').optional(),
});
type TallyArguments = z.infer<typeof tallyArguments>;

export const tally: Command = {
  name: 'tally',
  usage: 'tally <action> [files..]',
  summary: "carry a host's tallies to the fleet's ledger by file, where it has no way to the database",
  details: `tally export writes what has changed, a signed file for each host and day, over the former one of that day.
tally import merges such files: in any order, as often as you like; each session counts once.
A day of a host comes by file or from the host itself, which must not have read it into the ledger (exit 65).

The host signs with a key of its own (fleet.export-key), whose public half the ledger's side knows (fleet.import-keys):
  openssl genpkey -algorithm ed25519 -out tally.pem
  openssl pkey -in tally.pem -pubout -out mta9.pem

Examples:
  maillog-tlsrpt run --offline && maillog-tlsrpt tally export --out /srv/tally   # on the host
  maillog-tlsrpt tally import /srv/tally/*.tally                                # at the ledger`,
  options: (yargs: Argv) =>
    yargs
      .positional('action', { type: 'string', choices: ['export', 'import'], demandOption: true })
      .positional('files', { type: 'string', array: true, describe: 'import: the files' })
      .option('out', { type: 'string', requiresArg: true, describe: 'export: the directory to write into' })
      .option('day', {
        type: 'string',
        requiresArg: true,
        describe: 'export: this UTC day only, changed or not',
      }),
  async run(values, globals, printer): Promise<ExitCode> {
    const chosen = checked(tallyArguments, values);
    const isExport = chosen.action === 'export';
    const work = isExport ? exportFiles : importFiles;
    return withContext(globals, printer, (context) => work(context, chosen, globals, printer), {
      // An export remembers what it has written, so that to be allowed to read is not enough.
      ...(isExport && { looks: true, open: openIfThere }),
    });
  },
};

async function exportFiles(
  context: Context,
  { out, day, files }: TallyArguments,
  globals: GlobalArguments,
  printer: Printer,
): Promise<ExitCode> {
  if (out === undefined || files.length > 0)
    throw new Problem(EXIT.usage, 'an export needs a directory, and no files', {
      help: 'tally export --out DIR',
    });
  const named = context.config.fleet['export-key'];
  if (named === undefined) {
    throw new Problem(EXIT.config, 'an export must be signed, and no key is named', {
      where: context.configPath,
      help: 'openssl genpkey -algorithm ed25519 -out tally.pem, then `fleet: {export-key: tally.pem}`',
    });
  }
  const key = await keyFrom(named, createPrivateKey);
  let written = 0;
  await exportDays({ ...context, program: packageVersion() }, day, async (part) => {
    const path = join(out, `${encodeURIComponent(part.host)}_${part.day}.tally`);
    await writeAtomically(path, packTallyFile(part, key));
    written++;
    if (globals.json) printer.json({ path, host: part.host, day: part.day, sequence: part.sequence });
    else printer.line(path);
  });
  printer.message(
    'info',
    written === 0 ? 'nothing has changed since the last export' : `${written} files written`,
  );
  return EXIT.ok;
}

async function importFiles(
  context: Context,
  { files, out, day }: TallyArguments,
  globals: GlobalArguments,
  printer: Printer,
): Promise<ExitCode> {
  if (files.length === 0 || out !== undefined || day !== undefined)
    throw new Problem(EXIT.usage, 'an import needs files, and nothing else', { help: 'tally import FILE…' });
  const keys = await importKeys(context);
  let bad = 0;
  for (const path of files) {
    try {
      const part = unpackTallyFile(await contentOf(path), keys, path);
      if (dayEnd(part.day) + context.config.keep < context.clock.now()) {
        printer.message('notice', `${path}: ${part.day} is older than \`keep\`, and is left out`);
        continue;
      }
      const { host } = part;
      const now = context.clock.now();
      const { sessions, sequence, pruned } = await context.ledger.importHostDay(part, now);
      await noteExport(context.ledger, host, part.exportedAt, now);
      if (pruned) {
        printer.message('notice', `${path}: ${part.day} was closed and dropped before, and is left out`);
        continue;
      }
      if (globals.json) printer.json({ path, host, day: part.day, sequence: part.sequence, sessions });
      else
        printer.line(
          `${path}: ${host} ${part.day}, ${sessions} new sessions${newer(part.sequence, sequence)}`,
        );
    } catch (error) {
      if (!(error instanceof Problem) || error.exitCode !== EXIT.data) throw error;
      bad++;
      printer.problem(error.where === undefined ? named(error, path) : error);
    }
  }
  return bad === 0 ? EXIT.ok : EXIT.data;
}

/** The ledger does not know of files. */
function named({ exitCode, message, help }: Problem, where: string): Problem {
  return new Problem(exitCode, message, { where, help });
}

function newer(sequence: number, greatest: number): string {
  return sequence < greatest ? ` (export ${sequence}; ${greatest} came before)` : '';
}

async function importKeys({ config }: Context): Promise<Map<string, KeyObject[]>> {
  const keys = new Map<string, KeyObject[]>();
  for (const { host, key } of config.fleet['import-keys']) {
    const known = keys.get(host) ?? [];
    keys.set(host, [...known, await keyFrom(key, createPublicKey)]);
  }
  return keys;
}

async function keyFrom(path: string, parse: (pem: Buffer) => KeyObject): Promise<KeyObject> {
  const help = 'openssl genpkey -algorithm ed25519 makes one, openssl pkey -pubout gives its public half';
  let key: KeyObject;
  try {
    key = parse(await readFile(path));
  } catch (cause) {
    throw new Problem(EXIT.config, `the key cannot be used: ${systemReason(cause)}`, {
      where: path,
      help,
      cause,
    });
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new Problem(EXIT.config, `the key is ${key.asymmetricKeyType}, not ed25519`, { where: path, help });
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new Problem(EXIT.data, `the file cannot be read: ${systemReason(cause)}`, { where: path, cause });
  }
}
