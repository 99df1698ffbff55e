import type { HostJson } from '../status/schema.ts';
import { durationText } from './quantities.ts';
import { type Fit, printable, table } from './table.ts';

/** Hosts in a table for people; a fleet may have hundreds, and then those in trouble are enough. */
const ALL_UP_TO = 12;
const SHOWN_OF_MANY = 6;
/** Hosts that are named in a sentence. */
const NAMED = 5;
/** Who was read within the quarter of an hour of the timer is not late, whatever is still to come of it. */
const LATE_SECONDS = 900;

/** The fleet as a table; of a great one those that are late and those far behind. */
export function fleetLines(hosts: readonly HostJson[], width?: number): string[] {
  const rows = shownOf(hosts).map((host) => [
    host.host,
    host.program ?? '-',
    host.logs,
    host.lagSeconds === undefined ? 'never read' : durationText(host.lagSeconds),
    host.sessions,
    `${(host.share * 100).toFixed(1)} %`,
    host.late,
  ]);
  const fit: Fit = { width, cut: [0, 1], drop: [1, 5, 2, 6] };
  return [...table(['host', 'version', 'logs', 'lag', 'sessions', 'share', 'came late'], rows, fit)];
}

function shownOf(hosts: readonly HostJson[]): readonly HostJson[] {
  if (hosts.length <= ALL_UP_TO) return hosts;
  const order = (host: HostJson) => host.holdsUp.length * 1e9 + (host.lagSeconds ?? 0);
  return [...hosts].sort((a, b) => order(b) - order(a)).slice(0, SHOWN_OF_MANY);
}

/** What the table of {@link fleetLines} leaves out. */
export function furtherHosts(hosts: readonly HostJson[]): string[] {
  return andMore(hosts.length - shownOf(hosts).length, versionsText(hosts));
}

/** Who is late, and what that does to which days: a sentence a day. */
export function lateHosts(hosts: readonly HostJson[]): string[] {
  const late = hosts.filter(({ lagSeconds = Number.POSITIVE_INFINITY }) => lagSeconds >= LATE_SECONDS);
  return [
    ...byDays(
      late,
      ({ holdsUp }) => holdsUp,
      (days, one) => [`${days} waits for ${one ? 'it' : 'them'}`, 'fleet.grace'],
    ),
    ...byDays(
      late,
      ({ behind }) => behind,
      (days, one) => [
        `${days} is closed without what ${one ? 'it has' : 'they have'} not brought yet`,
        'fleet.grace is over',
      ],
    ),
  ];
}

function byDays(
  hosts: readonly HostJson[],
  of: (host: HostJson) => readonly string[],
  words: (days: string, one: boolean) => readonly [what: string, why: string],
): string[] {
  const groups = new Map<string, string[]>();
  for (const host of hosts) {
    const days = of(host).join(', ');
    if (days !== '') groups.set(days, [...(groups.get(days) ?? []), printable(host.host)]);
  }
  return [...groups].map(([days, names]) => {
    const [what, why] = words(days, names.length === 1);
    return names.length === 1
      ? `${names[0]} is late: ${what} (${why})`
      : `${names.length} hosts are late: ${someOf(names, NAMED)} (${what}: ${why})`;
  });
}

/** Names in a sentence: `a, b and 3 more`. */
function someOf(names: readonly string[], most: number): string {
  const rest = names.length - most;
  return `${names.slice(0, most).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
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
