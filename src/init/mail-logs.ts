import { access, open } from 'node:fs/promises';
import { join } from 'node:path';
import { eximLogs } from '../check/exim-log-files.ts';
import { askExim, optionOf } from '../check/exim-settings.ts';
import type { Ask, LocalMta, MtaName } from '../policy/local-mta.ts';
import { BUILT_IN } from '../registry.ts';
import { eximSmartHosts } from './exim-smart-hosts.ts';
import type { FoundLog } from './facts.ts';
import { type FoundJournal, hasJournal, namesInJournal } from './journal.ts';

/** Where syslog daemons of the distributions put mail: Debian and Ubuntu, RHEL and SUSE, Alpine. */
const SYSLOG_FILES = [
  '/var/log/mail.log',
  '/var/log/maillog',
  '/var/log/mail',
  '/var/log/mail.info',
] as const;
/** The head of a log is enough to see whose it is. */
const HEAD_BYTES = 262_144;

/** Debian's unit of Postfix before 3.9, and everybody's else. */
const POSTFIX_UNITS = ['postfix@-.service', 'postfix.service'] as const;

/** Where an MTA's lines are, in a file or in the journal. */
type Place = Pick<FoundLog, 'path' | 'journal' | 'unseen'>;

/** The logs that the MTAs of this host write. @param root in front of /var; empty but in tests */
export async function findLogs(local: LocalMta, ask: Ask, root: string): Promise<FoundLog[]> {
  const { postfix, exim } = local;
  const logs: (FoundLog | undefined)[] = [
    postfix &&
      placed(await postfixLog(ask, root), {
        parser: 'postfix',
        relayhosts: postfix.relayhosts,
        fallbackRelays: postfix.fallbackRelays,
      }),
    exim &&
      placed(await eximLog(ask, root), {
        parser: 'exim',
        relayhosts: await eximSmartHosts(ask),
        fallbackRelays: [],
      }),
  ];
  return logs.flatMap((log) => log ?? []);
}

function placed(place: Place | undefined, log: FoundLog): FoundLog | undefined {
  return place === undefined ? undefined : { ...place, ...log };
}

async function postfixLog(ask: Ask, root: string): Promise<Place | undefined> {
  const told = /^maillog_file = (\/\S+)$/m.exec((await ask('postconf', ['-x', 'maillog_file'])) ?? '')?.[1];
  if (told !== undefined && told !== '/dev/stdout') return { path: told };
  return syslogPlace('postfix', { kind: 'units', names: POSTFIX_UNITS }, ask, root);
}

/**
 * Where what an MTA gives to syslog is: the file it wrote to, else the journal if that holds lines of it, else a file
 * that is there, else the journal, which Debian keeps alone since 12.
 */
async function syslogPlace(
  parser: MtaName,
  { kind, names }: { readonly kind: keyof FoundJournal; readonly names: readonly string[] },
  ask: Ask,
  root: string,
): Promise<Place | undefined> {
  const present: string[] = [];
  for (const path of SYSLOG_FILES) if (await isThere(join(root, path))) present.push(path);
  for (const path of present) if (await isWrittenBy(parser, join(root, path))) return { path };
  const journal = await hasJournal(root);
  const seen = journal ? await namesInJournal(kind, names, ask) : [];
  if (seen.length > 0) return { journal: { [kind]: seen } };
  const [path] = present;
  if (path !== undefined) return { path };
  return journal ? { journal: { [kind]: names }, unseen: true } : undefined;
}

async function isWrittenBy(parser: MtaName, path: string): Promise<boolean> {
  const module = BUILT_IN.find(({ name }) => name === parser);
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const lines = buffer.toString('latin1', 0, bytesRead).split('\n');
    return lines.some((line) => module?.recognises?.(line) === true);
  } finally {
    await file.close();
  }
}

async function eximLog(ask: Ask, root: string): Promise<Place | undefined> {
  const text = (await askExim(ask, ['log_file_path', 'syslog_processname'])) ?? '';
  // A name that changes every day can be told to nobody.
  const file = eximLogs(optionOf(text, 'log_file_path')).files.find(({ dated }) => !dated);
  if (file !== undefined) return { path: file.path };
  // Mail that users hand over on this host is delivered outside of Exim's unit.
  const name = optionOf(text, 'syslog_processname') || 'exim';
  return syslogPlace('exim', { kind: 'identifiers', names: [name] }, ask, root);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
