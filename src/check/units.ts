import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastRunOf } from '../metrics/last-run.ts';
import { minuteText } from '../time-text.ts';
import { SERVICE_USER } from './access.ts';
import type { Check, CheckDeps } from './deps.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const TIMER = 'maillog-tlsrpt.timer';
const FOLLOW = 'maillog-tlsrpt-follow.service';
/** Debian's place, and that of Red Hat and others. */
const USER_TABLES = [
  `/var/spool/cron/crontabs/${SERVICE_USER}`,
  `/var/spool/cron/${SERVICE_USER}`,
  '/var/spool/cron/crontabs/root',
  '/var/spool/cron/root',
] as const;
/** The timer runs every quarter of an hour; a run may take long. */
const OVERDUE_MS = 2 * 3_600_000;

/** Whether something runs the program, can read its configuration, and did so lately. */
export const checkUnits: Check = async (deps) => {
  const { access: rights, configPath } = deps;
  const findings: Finding[] = [];
  if (!(await rights.can('read', configPath)))
    findings.push(
      fail(
        'config-unreadable',
        `${rights.who} cannot read ${configPath}`,
        `chown root:${rights.who} ${configPath} && chmod 0640 ${configPath}`,
      ),
    );
  const runner = await runnerOf(deps);
  if (runner === undefined)
    findings.push(
      warn(
        'nothing-runs',
        'nothing runs `maillog-tlsrpt run` by itself on this host',
        `systemctl enable --now ${TIMER}, or install the cron example`,
      ),
    );
  else findings.push(ok('runner', `${runner} is installed`), ...(await overdue(deps)));
  return findings;
};

/** The timer or the follower, if enabled, or a cron entry. */
async function runnerOf(deps: CheckDeps): Promise<string | undefined> {
  for (const unit of [TIMER, FOLLOW]) if (await isEnabled(deps, unit)) return unit;
  return (await cronEntry(deps.root)) ?? undefined;
}

async function isEnabled({ ask, root }: CheckDeps, unit: string): Promise<boolean> {
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

async function overdue({ ledger, host, clock }: CheckDeps): Promise<Finding[]> {
  if (ledger instanceof Error) return [];
  const last = await lastRunOf(ledger, host);
  if (last === undefined || clock.now() - last.at < OVERDUE_MS) return [];
  return [
    warn(
      'run-overdue',
      `the last run on this host ended ${minuteText(last.at)} UTC`,
      'see `systemctl status maillog-tlsrpt.timer` and `journalctl -u maillog-tlsrpt`',
    ),
  ];
}

async function exists(path: string): Promise<boolean> {
  // A link that leads nowhere from here counts: what it names is for systemd to find.
  return lstat(path).then(
    () => true,
    () => false,
  );
}
