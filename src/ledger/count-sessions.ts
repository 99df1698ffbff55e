import type { Day } from '../day.ts';
import { addKinds } from './add-tallies.ts';
import type { TallyKey } from './ledger.ts';
import { number, text } from './rows.ts';
import type { InsertTarget, SqlConnection, SqlValue } from './sql.ts';
import { type TallyPart, tallyKinds } from './tally-kinds.ts';

/** Sessions of one host on one UTC day. */
export interface HostSum {
  readonly host: string;
  readonly day: Day;
  readonly sessions: number;
}

const TRUSTING: InsertTarget = {
  table: 'trusting',
  columns: { host: 'TEXT', parser: 'TEXT', last_day: 'TEXT' },
  onConflict: `ON CONFLICT (host, parser) DO UPDATE SET last_day =
    CASE WHEN excluded.last_day > trusting.last_day THEN excluded.last_day ELSE trusting.last_day END`,
};

const TRAFFIC: InsertTarget = {
  table: 'traffic',
  columns: {
    day: 'TEXT',
    host: 'TEXT',
    parser: 'TEXT',
    own: 'BIGINT',
    outcome: 'TEXT',
    result_type: 'TEXT',
    peer_trust: 'TEXT',
    tls_version: 'TEXT',
    basis: 'TEXT',
    sessions: 'BIGINT',
  },
  onConflict: `ON CONFLICT (day, host, parser, own, outcome, result_type, peer_trust, tls_version, basis)
    DO UPDATE SET sessions = traffic.sessions + excluded.sessions`,
};

/**
 * Counts newly read sessions: into their tallies, and into what is asked often and must not cost a look at every
 * tally: which hosts have trust anchors, and how many sessions of what kind each host has had.
 */
export async function countSessions(connection: SqlConnection, parts: Iterable<TallyPart>): Promise<void> {
  const kinds = tallyKinds(parts);
  await addKinds(connection, kinds);
  const trusting = new Map<string, [string, string, Day]>();
  const traffic = new Map<string, { readonly kind: readonly SqlValue[]; count: number }>();
  for (const { key, day, hours } of kinds) {
    const count = hours.reduce((sum, { sessions }) => sum + sessions, 0);
    const name = trafficName(key, day);
    const known = traffic.get(name);
    if (known === undefined) traffic.set(name, { kind: trafficKind(key, day), count });
    else known.count += count;
    if (key.peerTrust !== 'trusted' && key.peerTrust !== 'verified') continue;
    const log = `${key.host} ${key.parser}`;
    const newest = trusting.get(log)?.[2];
    if (newest === undefined || newest < day) trusting.set(log, [key.host, key.parser, day]);
  }
  await connection.insert(TRUSTING, [...trusting.values()].sort(byName));
  await connection.insert(
    TRAFFIC,
    [...traffic.values()].map(({ kind, count }) => [...kind, count]).sort(byName),
  );
}

/** Tells the kinds of {@link trafficKind} apart. */
function trafficName(key: TallyKey, day: Day): string {
  const { host, parser, outcome, resultType = '', peerTrust = '', tlsVersion = '', basis } = key;
  return `${day}\n${host}\n${parser}\n${key.own === true}\n${outcome}\n${resultType}\n${peerTrust}\n${tlsVersion}\n${basis}`;
}

function trafficKind(key: TallyKey, day: Day): readonly SqlValue[] {
  return [
    day,
    key.host,
    key.parser,
    key.own === true ? 1 : 0,
    key.outcome,
    key.resultType ?? '',
    key.peerTrust ?? '',
    key.tlsVersion ?? '',
    key.basis,
  ];
}

/** In one order, so that two writers of one host wait for each other instead of blocking each other. */
function byName(a: readonly SqlValue[], b: readonly SqlValue[]): number {
  return a.join('\n') < b.join('\n') ? -1 : 1;
}

/** The sessions of each host on the days from `since` on. */
export async function hostSums(connection: SqlConnection, since: Day): Promise<HostSum[]> {
  const rows = await connection.query(
    'SELECT day, host, SUM(sessions) AS sessions FROM traffic WHERE day >= $1 GROUP BY day, host ORDER BY day, host',
    [since],
  );
  return rows.map((row) => ({
    host: text(row, 'host'),
    day: text(row, 'day'),
    sessions: number(row, 'sessions'),
  }));
}
