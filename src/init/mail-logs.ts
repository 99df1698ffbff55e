import { access, open } from 'node:fs/promises';
import { join } from 'node:path';
import { optionOf } from '../check/exim-settings.ts';
import type { Ask, LocalMta } from '../policy/local-mta.ts';
import { BUILT_IN } from '../registry.ts';
import type { FoundLog } from './facts.ts';

/** Where syslog daemons of the distributions put mail: Debian and Ubuntu, RHEL and SUSE, Alpine. */
const SYSLOG_FILES = [
  '/var/log/mail.log',
  '/var/log/maillog',
  '/var/log/mail',
  '/var/log/mail.info',
] as const;
/** The head of a log is enough to see whose it is. */
const HEAD_BYTES = 262_144;

/** The logs that the MTAs of this host write. @param root in front of /var; empty but in tests */
export async function findLogs(local: LocalMta, ask: Ask, root: string): Promise<FoundLog[]> {
  const logs: FoundLog[] = [];
  if (local.postfix !== undefined) {
    const told = /^maillog_file = (\/\S+)$/m.exec((await ask('postconf', ['-x', 'maillog_file'])) ?? '')?.[1];
    const path = told !== undefined && told !== '/dev/stdout' ? told : await syslogFile('postfix', root);
    if (path !== undefined)
      logs.push({
        path,
        parser: 'postfix',
        relayhosts: local.postfix.relayhosts,
        fallbackRelays: local.postfix.fallbackRelays,
      });
  }
  if (local.exim !== undefined) {
    const path = await eximLog(ask, root);
    if (path !== undefined)
      logs.push({ path, parser: 'exim', relayhosts: await eximSmartHosts(ask), fallbackRelays: [] });
  }
  return logs;
}

/** The first of the usual files that an MTA wrote to, else the first there is. */
async function syslogFile(parser: string, root: string): Promise<string | undefined> {
  const present: string[] = [];
  for (const path of SYSLOG_FILES) if (await isThere(join(root, path))) present.push(path);
  for (const path of present) if (await isWrittenBy(parser, join(root, path))) return path;
  return present[0];
}

async function isWrittenBy(parser: string, path: string): Promise<boolean> {
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

/** `log_file_path` holds patterns of files, where %s stands for main, reject and panic, or the word syslog. */
async function eximLog(ask: Ask, root: string): Promise<string | undefined> {
  const paths = optionOf(await askEither(ask, ['-bP', 'log_file_path', 'spool_directory']), 'log_file_path');
  const files = paths.split(/\s*:\s*/).filter((each) => each.startsWith('/'));
  const [pattern] = files;
  if (pattern !== undefined && !pattern.includes('%D') && !pattern.includes('%M'))
    return pattern.replace('%s', 'main');
  return syslogFile('exim', root);
}

/** The hosts of a manualroute router that takes every domain: Debian's smarthost. */
async function eximSmartHosts(ask: Ask): Promise<string[]> {
  const routers = (await askEither(ask, ['-bP', 'routers'])).split(/^(?=\S+ router:$)/m);
  return routers
    .filter((section) => /^driver = manualroute$/m.test(section))
    .flatMap((section) => {
      const hosts = /^route_list = \*\s+(?:<\S\s*)?"?([^"\s]+)/m.exec(section)?.[1];
      const [host, port] = hosts?.split('::') ?? [];
      if (host === undefined || !/^[A-Za-z0-9.-]+$/.test(host)) return [];
      return [port === undefined ? `[${host}]` : `[${host}]:${port}`];
    });
}

async function askEither(ask: Ask, args: readonly string[]): Promise<string> {
  return (await ask('exim4', args)) ?? (await ask('exim', args)) ?? '';
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
