import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Check, CheckDeps } from './deps.ts';
import { type Finding, fail } from './finding.ts';
import { listSetting, type Unit, unitsInUse } from './unit-files.ts';

/** Where a program without a path is looked for. */
const PROGRAM_PLACES = [
  '/usr/local/bin',
  '/usr/bin',
  '/bin',
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
] as const;

/** Whether those who are to be told can be: the alert command, and node_exporter. */
export const checkOutputs: Check = async (deps) => [
  ...(await alertFindings(deps)),
  ...(await textfileFindings(deps)),
];

async function alertFindings({ config, access }: CheckDeps): Promise<Finding[]> {
  const [program] = config.alerts.command ?? [];
  if (program === undefined) return [];
  const places = program.includes('/')
    ? [resolve(program)]
    : PROGRAM_PLACES.map((each) => join(each, program));
  for (const place of places) if (await access.can('execute', place)) return [];
  return [
    fail(
      'alert-command',
      `${access.who} cannot run the alert command ${program}: nobody would hear of domains that begin to fail`,
      isAbsolute(program)
        ? `chmod 0755 ${program}, if it is there`
        : 'name it with its whole path in alerts.command',
    ),
  ];
}

async function textfileFindings(deps: CheckDeps): Promise<Finding[]> {
  const { textfile } = deps.config.metrics;
  if (textfile === undefined) return [];
  const directory = dirname(resolve(textfile));
  const { access } = deps;
  if (!(await access.can('write', directory)))
    return [
      fail(
        'textfile-unwritable',
        `${access.who} cannot write metrics into ${directory}`,
        `make the directory, and let it: setfacl -m u:${access.who}:rwx ${directory}`,
      ),
    ];
  const units = await unitsInUse(deps);
  return units.filter((unit) => isReadOnly(directory, unit)).map(({ name }) => readOnly(directory, name));
}

function readOnly(directory: string, unit: string): Finding {
  return fail(
    'textfile-read-only',
    `${directory} is read-only for ${unit}: metrics cannot be written there`,
    `systemctl edit ${unit}, and write: [Service] ReadWritePaths=${directory}`,
  );
}

function isReadOnly(directory: string, unit: Unit): boolean {
  if (unit.settings.get('ProtectSystem')?.at(-1) !== 'strict') return false;
  const writable = [
    ...listSetting(unit, 'ReadWritePaths').map((path) => path.replace(/^[-+]+/, '')),
    ...listSetting(unit, 'StateDirectory').map((name) => `/var/lib/${name}`),
  ];
  return !writable.some((path) => path !== '' && `${directory}/`.startsWith(`${path.replace(/\/$/, '')}/`));
}
