import { access, constants, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../errors.ts';
import { isPostgresUrl } from '../ledger/postgres-address.ts';
import type { Check, CheckDeps } from './deps.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Less than this, and a busy day may not fit. */
const LOW_SPACE = 256 * 1_048_576;

/** Whether what is read can be kept. */
export const checkState: Check = async (deps) => {
  const { ledger, config } = deps;
  if (ledger instanceof Problem)
    return [fail('ledger', `${ledger.message} (${ledger.where ?? config.state})`, ledger.help ?? '')];
  if (ledger instanceof Error) throw ledger;
  const bytes = await ledger.size();
  const size = bytes === undefined ? '' : `, ${Math.ceil(bytes / 1_048_576)} MB`;
  if (isPostgresUrl(config.state)) return [ok('ledger', `the shared ledger answers${size}`)];
  const findings = await directoryFindings(deps);
  return [
    ...(findings.some(({ severity }) => severity === 'fail')
      ? []
      : [ok('ledger', `the ledger in ${config.state} can be used${size}`)]),
    ...findings,
  ];
};

async function directoryFindings({ config, access: rights }: CheckDeps): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (!(await rights.can('write', await existing(config.state))))
    findings.push(
      fail(
        'state-unwritable',
        `${rights.who} cannot write into ${config.state}`,
        `install -d -o ${rights.who} -g ${rights.who} -m 0750 ${config.state}`,
      ),
    );
  const { bavail, bsize } = await statfs(await existing(config.state));
  if (bavail * bsize < LOW_SPACE)
    findings.push(
      warn(
        'state-space',
        `only ${Math.floor((bavail * bsize) / 1_048_576)} MB are free where the ledger is`,
        'make room: a ledger that cannot grow stops the reading of logs',
      ),
    );
  return findings;
}

/** The directory itself, or the nearest one above it that exists. */
async function existing(path: string): Promise<string> {
  try {
    await access(path, constants.F_OK);
    return path;
  } catch {
    return dirname(path) === path ? path : existing(dirname(path));
  }
}
