import type { Day } from '../day.ts';
import type { Demand, DomainDay, StoredSnapshot, Tally, UnattributedDomain } from './ledger.ts';
import { number, text, toSnapshot, toTally } from './rows.ts';
import type { SqlConnection, SqlRow, SqlValue } from './sql.ts';

type Filter = { readonly day?: Day; readonly domain?: string };

export async function daysWithTallies(connection: SqlConnection): Promise<Day[]> {
  const rows = await connection.query('SELECT DISTINCT day FROM tally ORDER BY day');
  return rows.map((row) => text(row, 'day'));
}

/** The (day, domain) pairs with sessions of other people's mail, with what became of them. */
export async function domainDaysOf(connection: SqlConnection, filter: Filter = {}): Promise<DomainDay[]> {
  const { where, parameters } = condition(filter, 't.');
  const rows = await connection.query(
    `SELECT t.day, t.domain, SUM(t.sessions) AS sessions,
       SUM(CASE WHEN t.outcome = 'failure' THEN t.sessions ELSE 0 END) AS failures,
       SUM(CASE WHEN t.snapshot = '' THEN t.sessions ELSE 0 END) AS unattributed,
       SUM(CASE WHEN t.revision = 0 THEN t.sessions ELSE 0 END) AS unreported,
       COALESCE((SELECT MAX(r.revision) FROM report r WHERE r.day = t.day AND r.domain = t.domain), 0) AS revision,
       (SELECT d.content FROM demand d WHERE d.day = t.day AND d.domain = t.domain) AS demand
     FROM tally t WHERE t.own = 0 ${where} GROUP BY t.day, t.domain ORDER BY t.day, t.domain`,
    parameters,
  );
  return rows.map(toDomainDay);
}

function toDomainDay(row: SqlRow): DomainDay {
  const revision = number(row, 'revision');
  const demand = row['demand'];
  return {
    day: text(row, 'day'),
    domain: text(row, 'domain'),
    sessions: number(row, 'sessions'),
    failures: number(row, 'failures'),
    late: revision === 0 ? 0 : number(row, 'unreported'),
    unattributed: number(row, 'unattributed'),
    revision,
    ...(typeof demand === 'string' && { demand: JSON.parse(demand) as Demand }),
  };
}

export async function talliesOf(connection: SqlConnection, filter: Filter): Promise<Tally[]> {
  const { where, parameters } = condition(filter, '');
  const rows = await connection.query(
    `SELECT * FROM tally WHERE sessions > 0 ${where} ORDER BY hour, domain, tally_key, id`,
    parameters,
  );
  return rows.map(toTally);
}

export async function hostsWithTrust(connection: SqlConnection): Promise<{ host: string; parser: string }[]> {
  const rows = await connection.query(
    "SELECT DISTINCT host, parser FROM tally WHERE peer_trust IN ('trusted', 'verified') ORDER BY host, parser",
  );
  return rows.map((row) => ({ host: text(row, 'host'), parser: text(row, 'parser') }));
}

export async function unattributedDomains(
  connection: SqlConnection,
  limit: number,
  sinceHour: number,
): Promise<UnattributedDomain[]> {
  const rows = await connection.query(
    `SELECT domain, MIN(hour) AS from_hour, MAX(hour) AS to_hour,
       MAX(CASE WHEN policy_hint = 'tlsa' OR result_type IN ('tlsa-invalid', 'dnssec-invalid', 'dane-required')
         THEN 1 ELSE 0 END) AS proven_dane,
       MAX(CASE WHEN policy_hint = 'sts' OR result_type LIKE 'sts-%' THEN 1 ELSE 0 END) AS proven_sts
     FROM tally
     WHERE snapshot = '' AND revision = 0 AND hour >= $2 GROUP BY domain ORDER BY MIN(hour), domain LIMIT $1`,
    [limit, sinceHour],
  );
  return rows.map((row) => ({
    domain: text(row, 'domain'),
    fromHour: number(row, 'from_hour'),
    toHour: number(row, 'to_hour'),
    ...(number(row, 'proven_dane') === 1 && { provenDane: true as const }),
    ...(number(row, 'proven_sts') === 1 && { provenSts: true as const }),
  }));
}

/** Stores a snapshot and gives it to the domain's unattributed tallies; equal tallies become one. */
export async function attributeTallies(
  connection: SqlConnection,
  snapshot: Omit<StoredSnapshot, 'firstSeen' | 'lastSeen'>,
  seenAt: number,
  fromHour: number,
  toHour: number,
): Promise<void> {
  await connection.query(
    `INSERT INTO snapshot (id, domain, content, first_seen, last_seen) VALUES ($1, $2, $3, $4, $4)
     ON CONFLICT (id) DO UPDATE SET
       first_seen = CASE WHEN excluded.first_seen < snapshot.first_seen THEN excluded.first_seen ELSE snapshot.first_seen END,
       last_seen = CASE WHEN excluded.last_seen > snapshot.last_seen THEN excluded.last_seen ELSE snapshot.last_seen END`,
    [snapshot.id, snapshot.domain, JSON.stringify(snapshot.content), seenAt],
  );
  const range: SqlValue[] = [snapshot.id, snapshot.domain, fromHour, toHour];
  const unattributed = "domain = $2 AND snapshot = '' AND revision = 0 AND hour >= $3 AND hour <= $4";
  await connection.query(
    `UPDATE tally SET sessions = sessions + (SELECT fresh.sessions FROM tally fresh
         WHERE fresh.tally_key = tally.tally_key AND fresh.snapshot = '' AND fresh.revision = 0)
     WHERE snapshot = $1 AND revision = 0 AND tally_key IN (SELECT tally_key FROM tally WHERE ${unattributed})`,
    range,
  );
  await connection.query(
    `DELETE FROM tally WHERE ${unattributed}
       AND tally_key IN (SELECT tally_key FROM tally WHERE snapshot = $1 AND revision = 0)`,
    range,
  );
  await connection.query(`UPDATE tally SET snapshot = $1 WHERE ${unattributed}`, range);
}

export async function snapshotsById(
  connection: SqlConnection,
  ids: readonly string[],
): Promise<Map<string, StoredSnapshot>> {
  const found = new Map<string, StoredSnapshot>();
  for (const id of new Set(ids)) {
    const [row] = await connection.query('SELECT * FROM snapshot WHERE id = $1', [id]);
    if (row !== undefined) found.set(id, toSnapshot(row));
  }
  return found;
}

export async function snapshotsOfDomain(
  connection: SqlConnection,
  domain: string,
): Promise<StoredSnapshot[]> {
  const rows = await connection.query(
    'SELECT * FROM snapshot WHERE domain = $1 ORDER BY last_seen DESC, id',
    [domain],
  );
  return rows.map(toSnapshot);
}

/** ` AND …` for a filter. */
function condition(filter: Filter, prefix: string): { where: string; parameters: SqlValue[] } {
  const parameters: SqlValue[] = [];
  let where = '';
  if (filter.day !== undefined) where += ` AND ${prefix}day = $${parameters.push(filter.day)}`;
  if (filter.domain !== undefined) where += ` AND ${prefix}domain = $${parameters.push(filter.domain)}`;
  return { where, parameters };
}
