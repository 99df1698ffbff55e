import { critical, type Facts, type JudgeOptions, several, warning } from './findings.ts';
import type { Finding, HostJson } from './schema.ts';

const HOUR_MS = 3_600_000;

/** What calls for a person of the hosts that share a ledger. */
export function judgeHosts({ hosts, ledger }: Facts, { maxLag, now, config }: JudgeOptions): Finding[] {
  const active = hosts.filter(({ host }) => !config.fleet.retired.includes(host));
  // A host of which nobody but `backfill` has told is no host of the fleet's, and not missed.
  const ours = active.filter(({ program }) => program !== undefined);
  const late =
    hosts.length < 2 ? [] : ours.filter(({ lagSeconds = Infinity }) => lagSeconds * 1000 >= maxLag);
  return [
    ...active.flatMap((host) => ofHost(host, now)),
    ...late.flatMap((host) => ofLateHost(host, ledger.keepSeconds)),
  ];
}

function ofLateHost({ host, holdsUp, behind, lagSeconds, readToEndAt }: HostJson, keep: number): Finding[] {
  const isSilent = lagSeconds !== undefined && lagSeconds * 1000 >= 24 * HOUR_MS && lagSeconds < keep;
  return [
    ...(holdsUp.length > 0
      ? [warning('late-host', `${host} is late: ${holdsUp.join(', ')} waits for it`)]
      : []),
    ...(behind.length > 0
      ? [warning('late-host', `${host} is late: ${behind.join(', ')} is closed without the rest of it`)]
      : []),
    ...(isSilent && holdsUp.length === 0 && behind.length === 0
      ? [
          warning(
            'late-host',
            `${host} was not heard of since ${readToEndAt}: if it is out of service, name it in fleet.retired`,
          ),
        ]
      : []),
  ];
}

function ofHost({ host, clashAt, clockAheadSeconds = 0, lacking = [] }: HostJson, now: number): Finding[] {
  const minutes = Math.round(Math.abs(clockAheadSeconds) / 60);
  return [
    ...(clashAt !== undefined && now - Date.parse(clashAt) < 24 * HOUR_MS
      ? [
          critical(
            'host-clash',
            `two machines use the name ${host}, and take each other's logs for theirs: give each a name of its own (logs[].host)`,
          ),
        ]
      : []),
    ...(minutes >= 1
      ? [
          warning(
            'clock',
            `the clock of ${host} is ${several(minutes, 'minute')} ${clockAheadSeconds > 0 ? 'ahead of' : 'behind'} the ledger's`,
          ),
        ]
      : []),
    ...(lacking.length > 0
      ? [
          warning(
            'left-out',
            `${host} has read more of ${lacking.join(', ')} than its tally files brought, which alone count: export that day once more (\`tally export --day ${lacking[0]}\`)`,
          ),
        ]
      : []),
  ];
}
