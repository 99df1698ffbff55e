import { access, constants, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytesText } from '../bytes-text.ts';
import { Problem } from '../errors.ts';
import { isUntouched } from '../ledger/open.ts';
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
  const size = bytes === undefined ? '' : `, ${bytesText(bytes)}`;
  if (isPostgresUrl(config.state)) return [ok('ledger', `the shared ledger answers${size}`)];
  const findings = await directoryFindings(deps);
  const words = (await isUntouched(config.state))
    ? `the first \`run\` makes the ledger in ${config.state}`
    : `the ledger in ${config.state} can be used${size}`;
  return [
    ...(findings.some(({ severity }) => severity === 'fail') ? [] : [ok('ledger', words)]),
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
