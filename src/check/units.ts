import { lastRunOf } from '../metrics/last-run.ts';
import { minuteText } from '../time-text.ts';
import type { Check, CheckDeps } from './deps.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { type Runner, runnersOf, TIMER } from './runner.ts';

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
  const [runner] = await runnersOf(deps);
  if (runner === undefined)
    findings.push(
      warn(
        'nothing-runs',
        'nothing runs `maillog-tlsrpt run` by itself on this host',
        `systemctl enable --now ${TIMER}, or install the cron example`,
      ),
    );
  else findings.push(ok('runner', `${runner.name} is installed`), ...(await overdue(deps, runner)));
  return findings;
};

async function overdue({ ledger, host, clock }: CheckDeps, { name, service }: Runner): Promise<Finding[]> {
  if (ledger instanceof Error) return [];
  const last = await lastRunOf(ledger, host);
  if (last === undefined || clock.now() - last.at < OVERDUE_MS) return [];
  return [
    warn(
      'run-overdue',
      `the last run on this host ended ${minuteText(last.at)} UTC`,
      service === undefined
        ? `see ${name}, and what cron logs of it`
        : `see \`systemctl status ${name}\` and \`journalctl -u ${service}\``,
    ),
  ];
}
