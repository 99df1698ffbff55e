import type { Day } from '../day.ts';
import type { OutboxRow, OutboxState, StoredReport, TallyKey } from './ledger.ts';
import { number, text, toOutboxRow, toTallyKey } from './rows.ts';
import type { SqlConnection, SqlValue } from './sql.ts';

/** Sessions of one UTC day that share everything but the hour, the addresses and what report holds them. */
export interface SessionSum extends Omit<TallyKey, 'hour' | 'receivingIp' | 'sendingMtaIp'> {
  readonly day: Day;
  /** Start of the last hour with such a session, UTC ms. */
  readonly hour: number;
  readonly count: number;
  /** Content address of the policies that applied; null: not yet attributed. */
  readonly snapshot: string | null;
}

/** Of which sessions sums are asked for; of all without. */
export interface SessionFilter {
  /** This UTC day and later ones. */
  readonly since?: Day;
  /** This UTC day only. */
  readonly day?: Day;
  readonly domain?: string;
}

/** Sessions of one UTC day and host by what a monitor wants to know of them: no domains, so that it stays short. */
export interface TrafficSum
  extends Pick<
    TallyKey,
    'host' | 'parser' | 'outcome' | 'resultType' | 'peerTrust' | 'tlsVersion' | 'basis'
  > {
  readonly day: Day;
  readonly count: number;
}

/** Outbox rows of one report day in one state, by the kind of receiver. */
export interface OutboxSum {
  readonly day: Day;
  readonly state: OutboxState;
  /** `mailto`, `https` or `directory`. */
  readonly scheme: string;
  readonly count: number;
}

/** A report and what became of it at one receiver. */
export interface Fate
  extends Pick<StoredReport, 'day' | 'domain' | 'revision'>,
    Omit<OutboxRow, 'id' | 'reportId' | 'message'> {}

/** Deliveries that are to be made since long. */
export interface Unsent {
  readonly count: number;
  /** When the first of them could have been tried, UTC ms; absent where there are none. */
  readonly since?: number;
}

const TRAFFIC = 'day, host, parser, outcome, result_type, peer_trust, tls_version, basis';
const SESSIONS =
  'day, host, parser, domain, outcome, result_type, reason, mx, peer_trust, tls_version, policy_hint, basis, resumed, own, snapshot';

/** Other people's sessions by day, domain and MX host, oldest day first. */
export async function sessionSums(
  connection: SqlConnection,
  filter: SessionFilter = {},
): Promise<SessionSum[]> {
  const parameters: SqlValue[] = [];
  let where = 'own = 0';
  if (filter.since !== undefined) where += ` AND day >= $${parameters.push(filter.since)}`;
  if (filter.day !== undefined) where += ` AND day = $${parameters.push(filter.day)}`;
  if (filter.domain !== undefined) where += ` AND domain = $${parameters.push(filter.domain)}`;
  const rows = await connection.query(
    `SELECT ${SESSIONS}, MAX(last_hour) AS hour, SUM(sessions) AS sessions FROM tally
     WHERE ${where} GROUP BY ${SESSIONS} ORDER BY ${SESSIONS}`,
    parameters,
  );
  return rows.map((row) => ({
    ...toTallyKey(row),
    day: text(row, 'day'),
    count: number(row, 'sessions'),
    snapshot: text(row, 'snapshot') === '' ? null : text(row, 'snapshot'),
  }));
}

/** Other people's sessions by day and host, oldest day first. */
export async function trafficSums(connection: SqlConnection): Promise<TrafficSum[]> {
  const rows = await connection.query(
    `SELECT ${TRAFFIC}, sessions FROM traffic WHERE own = 0 ORDER BY ${TRAFFIC}`,
  );
  return rows.map((row) => {
    const { host, parser, outcome, resultType, peerTrust, tlsVersion, basis } = toTallyKey(row);
    return {
      day: text(row, 'day'),
      host,
      parser,
      outcome,
      ...(resultType !== undefined && { resultType }),
      ...(peerTrust !== undefined && { peerTrust }),
      ...(tlsVersion !== undefined && { tlsVersion }),
      basis,
      count: number(row, 'sessions'),
    };
  });
}

/** What became of the reports of each day, without their bytes. */
export async function outboxSums(connection: SqlConnection): Promise<OutboxSum[]> {
  const scheme =
    "CASE WHEN lower(rua) LIKE 'mailto:%' THEN 'mailto' WHEN lower(rua) LIKE 'https:%' THEN 'https' ELSE 'directory' END";
  const rows = await connection.query(
    `SELECT report.day AS day, outbox.state AS state, ${scheme} AS scheme, COUNT(*) AS reports
     FROM outbox JOIN report ON report.id = outbox.report_id
     GROUP BY report.day, outbox.state, ${scheme} ORDER BY 1, 2, 3`,
  );
  return rows.map((row) => ({
    day: text(row, 'day'),
    state: text(row, 'state') as OutboxState,
    scheme: text(row, 'scheme'),
    count: number(row, 'reports'),
  }));
}

/** Rows whose time was over at `before`, and whose report was built by then, that are still to be tried. */
export async function unsent(connection: SqlConnection, before: number): Promise<Unsent> {
  const [row = {}] = await connection.query(
    `SELECT COUNT(*) AS reports, MIN(CASE WHEN not_before > built_at THEN not_before ELSE built_at END) AS since
     FROM outbox JOIN report ON report.id = outbox.report_id
     WHERE outbox.state IN ('due', 'retry', 'sending') AND not_before <= $1 AND built_at <= $1`,
    [before],
  );
  const count = number(row, 'reports');
  return count === 0 ? { count } : { count, since: number(row, 'since') };
}

/** The newest outbox rows in some states, with the reports they carry, without bytes. */
export async function fates(
  connection: SqlConnection,
  states: readonly OutboxState[],
  limit: number,
): Promise<Fate[]> {
  const parameters: SqlValue[] = [limit];
  const among = states.map((state) => `$${parameters.push(state)}`).join(', ');
  const rows = await connection.query(
    `SELECT report.day, report.domain, report.revision, outbox.id, outbox.report_id, outbox.rua, outbox.state,
       outbox.attempts, outbox.not_before, outbox.first_tried_at, outbox.last_tried_at, outbox.last_result
     FROM outbox JOIN report ON report.id = outbox.report_id WHERE outbox.state IN (${among})
     ORDER BY report.day DESC, report.domain, report.revision, outbox.rua LIMIT $1`,
    parameters,
  );
  return rows.map((row) => {
    const { id: _id, reportId: _reportId, ...fate } = toOutboxRow(row);
    return { day: text(row, 'day'), domain: text(row, 'domain'), revision: number(row, 'revision'), ...fate };
  });
}

/** Sessions known to have carried reports of ours. */
export async function ownSessions(connection: SqlConnection): Promise<number> {
  const [row] = await connection.query(
    'SELECT COALESCE(SUM(sessions), 0) AS sessions FROM traffic WHERE own = 1',
  );
  return number(row ?? {}, 'sessions');
}
