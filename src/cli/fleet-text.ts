import type { Day } from '../day.ts';
import type { HostStatus } from '../fleet.ts';
import { printable, table } from './table.ts';

/** A host as `status --json` prints it. */
export interface HostJson {
  readonly host: string;
  readonly program?: string;
  readonly logs: number;
  readonly readToEndAt?: string;
  readonly lagSeconds?: number;
  /** Of today and yesterday (UTC). */
  readonly sessions: number;
  /** Of the fleet's sessions, 0 to 1. */
  readonly share: number;
  /** Days that are not closed yet because of it. */
  readonly holdsUp: readonly Day[];
  /** Days that are closed, or about to be, although its logs are not read past their end. */
  readonly behind: readonly Day[];
  /** Sessions that came after their report was built. */
  readonly late: number;
}

export function toHostJson(host: HostStatus): HostJson {
  const { readToEndAt, lag, share, ...rest } = host;
  return {
    ...rest,
    share: Math.round(share * 10_000) / 10_000,
    ...(readToEndAt !== undefined && { readToEndAt: new Date(readToEndAt).toISOString() }),
    ...(lag !== undefined && { lagSeconds: Math.round(lag / 1000) }),
  };
}

/** The fleet as a table, then what it waits for. */
export function fleetLines(hosts: readonly HostJson[]): string[] {
  const rows = hosts.map((host) => [
    host.host,
    host.program ?? '-',
    host.logs,
    host.lagSeconds === undefined ? 'never read' : duration(host.lagSeconds),
    host.sessions,
    `${(host.share * 100).toFixed(1)} %`,
    host.late,
  ]);
  const waits = hosts
    .filter(({ holdsUp }) => holdsUp.length > 0)
    .map(
      ({ host, holdsUp }) => `! ${printable(host)} is late: ${holdsUp.join(', ')} waits for it (fleet.grace)`,
    );
  const missed = hosts
    .filter(({ behind }) => behind.length > 0)
    .map(
      ({ host, behind }) =>
        `! ${printable(host)} is late: ${behind.join(', ')} is closed without what it has not brought yet (fleet.grace is over)`,
    );
  return [
    ...table(['host', 'version', 'logs', 'lag', 'sessions', 'share', 'came late'], rows),
    ...waits,
    ...missed,
  ];
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
