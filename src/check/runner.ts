import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckDeps } from './deps.ts';

/** The user the units run as (systemd/maillog-tlsrpt.sysusers). */
export const SERVICE_USER = 'maillog-tlsrpt';
export const TIMER = 'maillog-tlsrpt.timer';
/** What each of the two that can be enabled runs. */
const SERVICES = {
  [TIMER]: 'maillog-tlsrpt.service',
  'maillog-tlsrpt-follow.service': 'maillog-tlsrpt-follow.service',
} as const;
/** Debian's place, and that of Red Hat and others. */
const USER_TABLES = [
  `/var/spool/cron/crontabs/${SERVICE_USER}`,
  `/var/spool/cron/${SERVICE_USER}`,
  '/var/spool/cron/crontabs/root',
  '/var/spool/cron/root',
] as const;

/** What runs the program by itself. */
export interface Runner {
  /** The timer, the follower, or the cron table with the entry. */
  readonly name: string;
  /** The service behind it; absent for cron. */
  readonly service?: string;
}

/** The timer and the follower where they are enabled, else a cron entry. */
export async function runnersOf(deps: Pick<CheckDeps, 'ask' | 'root'>): Promise<Runner[]> {
  const runners: Runner[] = [];
  for (const [name, service] of Object.entries(SERVICES))
    if (await isEnabled(deps, name)) runners.push({ name, service });
  if (runners.length > 0) return runners;
  const table = await cronEntry(deps.root);
  return table === undefined ? [] : [{ name: table }];
}

async function isEnabled({ ask, root }: Pick<CheckDeps, 'ask' | 'root'>, unit: string): Promise<boolean> {
  const said = (await ask('systemctl', ['is-enabled', unit]))?.trim();
  if (said === 'enabled') return true;
  // Where systemd does not run, its links tell the same.
  for (const wants of ['timers.target.wants', 'multi-user.target.wants']) {
    if (await exists(join(root, '/etc/systemd/system', wants, unit))) return true;
  }
  return false;
}

/** The system's tables, and that of the user. */
async function cronEntry(root: string): Promise<string | undefined> {
  const directory = '/etc/cron.d';
  const names = await readdir(join(root, directory)).catch(() => []);
  const tables = ['/etc/crontab', ...names.map((name) => join(directory, name)), ...USER_TABLES];
  for (const table of tables) {
    const text = await readFile(join(root, table), 'utf8').catch(() => '');
    if (/^[^#\n]*\bmaillog-tlsrpt\s+run\b/m.test(text)) return table;
  }
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  // A link that leads nowhere from here counts: what it names is for systemd to find.
  return lstat(path).then(
    () => true,
    () => false,
  );
}
