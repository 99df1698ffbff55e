import { type Day, dayOf } from '../day.ts';
import { addTallies, foldedPart } from './add-tallies.ts';
import type { Demand, DomainDay, StoredSnapshot, Tally, UnattributedDomain } from './ledger.ts';
import { number, text, toSnapshot, toTally } from './rows.ts';
import type { SqlConnection, SqlRow, SqlValue } from './sql.ts';

type Filter = { readonly day?: Day; readonly domain?: string };

/** From day to day over the index, for counting through all tallies would take long. */
export async function daysWithTallies(connection: SqlConnection): Promise<Day[]> {
  const rows = await connection.query(
    `WITH RECURSIVE step (day) AS (
       SELECT MIN(day) FROM tally
       UNION ALL
       SELECT (SELECT MIN(later.day) FROM tally later WHERE later.day > step.day) FROM step WHERE step.day IS NOT NULL)
     SELECT day FROM step WHERE day IS NOT NULL ORDER BY day`,
  );
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

/** The tallies of a day, a domain or both, in an order that never changes. */
export async function talliesOf(connection: SqlConnection, filter: Filter): Promise<Tally[]> {
  const { where, parameters } = condition(filter, '');
  const rows = await connection.query(
    `SELECT * FROM tally WHERE sessions > 0 ${where} ORDER BY hour, domain, tally_key, id`,
    parameters,
  );
  return rows.map(toTally);
}

/** The hosts and parsers of which a session that is still kept has shown trust anchors. */
export async function hostsWithTrust(connection: SqlConnection): Promise<{ host: string; parser: string }[]> {
  const rows = await connection.query(
    'SELECT host, parser FROM trusting WHERE last_day >= (SELECT MIN(day) FROM tally) ORDER BY host, parser',
  );
  return rows.map((row) => ({ host: text(row, 'host'), parser: text(row, 'parser') }));
}

/** Domains with tallies since `sinceHour` (UTC ms) that no policy was found for yet. */
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

/**
 * Stores a snapshot and gives it to the domain's unattributed tallies, which become tallies of the day. They are taken
 * out and put in again, for a count that a reader raises in between must not get lost.
 */
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
  // The days are named too, to look into their partitions only.
  const rows = await connection.query(
    `DELETE FROM tally WHERE domain = $1 AND snapshot = '' AND revision = 0 AND hour >= $2 AND hour <= $3
       AND day >= $4 AND day <= $5 RETURNING *`,
    [snapshot.domain, fromHour, toHour, dayOf(fromHour), dayOf(toHour)],
  );
  await addTallies(
    connection,
    rows.map((row) => foldedPart(row, snapshot.id)),
  );
}

/** Those of the snapshots that are kept, by id. */
export async function snapshotsById(
  connection: SqlConnection,
  ids: readonly string[],
): Promise<Map<string, StoredSnapshot>> {
  const found = new Map<string, StoredSnapshot>();
  const wanted = [...new Set(ids)];
  for (let start = 0; start < wanted.length; start += IDS_A_STATEMENT) {
    const part = wanted.slice(start, start + IDS_A_STATEMENT);
    const list = part.map((_, index) => `$${index + 1}`).join(', ');
    for (const row of await connection.query(`SELECT * FROM snapshot WHERE id IN (${list})`, part)) {
      found.set(text(row, 'id'), toSnapshot(row));
    }
  }
  return found;
}

const IDS_A_STATEMENT = 100;

/** All snapshots of a domain, the one seen last first. */
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
