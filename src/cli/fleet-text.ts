import type { HostJson } from '../status/schema.ts';
import { durationText } from './quantities.ts';
import { type Fit, printable, table } from './table.ts';

/** Hosts in a table for people; a fleet may have hundreds. */
const MAX_SHOWN = 15;

/** The fleet as a table, those that are late and those far behind in front, then what it waits for. */
export function fleetLines(hosts: readonly HostJson[], width?: number): string[] {
  const order = (host: HostJson) => host.holdsUp.length * 1e9 + (host.lagSeconds ?? 0);
  const shown = [...hosts]
    .sort((a, b) => (hosts.length > MAX_SHOWN ? order(b) - order(a) : 0))
    .slice(0, MAX_SHOWN);
  const rows = shown.map((host) => [
    host.host,
    host.program ?? '-',
    host.logs,
    host.lagSeconds === undefined ? 'never read' : durationText(host.lagSeconds),
    host.sessions,
    `${(host.share * 100).toFixed(1)} %`,
    host.late,
  ]);
  const waits = hosts
    .filter(({ holdsUp }) => holdsUp.length > 0)
    .slice(0, MAX_SHOWN)
    .map(
      ({ host, holdsUp }) => `! ${printable(host)} is late: ${holdsUp.join(', ')} waits for it (fleet.grace)`,
    );
  const missed = hosts
    .filter(({ behind }) => behind.length > 0)
    .slice(0, MAX_SHOWN)
    .map(
      ({ host, behind }) =>
        `! ${printable(host)} is late: ${behind.join(', ')} is closed without what it has not brought yet (fleet.grace is over)`,
    );
  const fit: Fit = { width, cut: [0] };
  return [
    ...table(['host', 'version', 'logs', 'lag', 'sessions', 'share', 'came late'], rows, fit),
    ...andMore(hosts.length - shown.length, versionsText(hosts)),
    ...waits,
    ...missed,
  ];
}

/** What a long list leaves out. */
export function andMore(count: number, words = ''): string[] {
  return count > 0 ? [`and ${count} more${words} (--json shows all)`] : [];
}

function versionsText(hosts: readonly HostJson[]): string {
  const counts = new Map<string, number>();
  for (const { program = 'unknown' } of hosts) counts.set(program, (counts.get(program) ?? 0) + 1);
  const versions = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return versions.length < 2
    ? ''
    : `; versions: ${versions.map(([version, count]) => `${version} (${count})`).join(', ')}`;
}
