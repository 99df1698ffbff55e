import { stat } from 'node:fs/promises';
import type { Check } from './deps.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** A file system's clock may be this much ahead of ours. */
const TOLERANCE_MS = 5 * 60_000;

/** Whether the clock can be right: days are closed by it, and stamps without a year are read by it. */
export const checkClock: Check = async ({ clock, configPath, ask }) => {
  const findings: Finding[] = [];
  const changed = await stat(configPath).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (changed > clock.now() + TOLERANCE_MS) {
    findings.push(
      fail(
        'clock-behind',
        `the clock says ${new Date(clock.now()).toISOString()}, yet the configuration was changed later than that`,
        'set the clock: days would be closed too late, and reports dropped by their receivers',
      ),
    );
  }
  const synchronized = (await ask('timedatectl', ['show', '--property=NTPSynchronized', '--value']))?.trim();
  if (synchronized === 'no')
    findings.push(
      warn(
        'clock-unsynchronized',
        'the clock is not synchronized',
        'turn on systemd-timesyncd or chrony: stamps of the log and of reports come from it',
      ),
    );
  if (synchronized === 'yes' && findings.length === 0)
    findings.push(ok('clock', 'the clock is synchronized'));
  return findings;
};
