import type { Day } from '../day.ts';
import { addTallies, partOf } from './add-tallies.ts';
import {
  type Demand,
  type OutboxChange,
  type OutboxRow,
  type OutboxState,
  StaleReport,
  type StoredReport,
} from './ledger.ts';
import { number, toOutboxRow, toReport } from './rows.ts';
import type { InsertTarget, SqlConnection, SqlValue } from './sql.ts';

/** Keeps what the `_smtp._tls` record of a report domain asked for when its day was closed; `at` in UTC ms. */
export async function rememberDemand(
  connection: SqlConnection,
  day: Day,
  domain: string,
  demand: Demand,
  at: number,
): Promise<void> {
  await connection.query(
    `INSERT INTO demand (day, domain, content, looked_up_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (day, domain) DO UPDATE SET content = excluded.content, looked_up_at = excluded.looked_up_at`,
    [day, domain, JSON.stringify(demand), at],
  );
}

/**
 * Freezes a report with its tallies and queues it; a second call for the same revision changes nothing.
 * @throws StaleReport when `sessions` is given and the tallies hold others by now
 */
export async function freezeReport(
  connection: SqlConnection,
  report: Omit<StoredReport, 'id'>,
  tallyIds: readonly number[],
  outbox: readonly Pick<OutboxRow, 'rua' | 'state' | 'notBefore'>[],
  sessions?: number,
): Promise<StoredReport> {
  const [made] = await connection.query(
    `INSERT INTO report (day, domain, revision, report_id, document, built_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (day, domain, revision) DO NOTHING RETURNING id`,
    [report.day, report.domain, report.revision, report.reportId, report.json, report.builtAt],
  );
  if (made === undefined) {
    const stored = await findReport(connection, report.day, report.domain, report.revision);
    if (stored === undefined) throw new Error('a report just found is gone');
    return stored;
  }
  const frozen = await freezeTallies(connection, report, tallyIds);
  if (sessions !== undefined && frozen !== sessions)
    throw new StaleReport(`the tallies of ${report.domain} hold ${frozen} sessions, not ${sessions}`);
  await connection.insert(
    OUTBOX,
    outbox.map((row) => [number(made, 'id'), row.rua, row.state, 0, row.notBefore]),
  );
  return { ...report, id: number(made, 'id') };
}

const OUTBOX: InsertTarget = {
  table: 'outbox',
  columns: { report_id: 'BIGINT', rua: 'TEXT', state: 'TEXT', attempts: 'BIGINT', not_before: 'BIGINT' },
  onConflict: 'ON CONFLICT (report_id, rua) DO NOTHING',
};

const IDS_A_STATEMENT = 500;

/** Sets the tallies' revision; gives their sessions. */
async function freezeTallies(
  connection: SqlConnection,
  { day, domain, revision }: Omit<StoredReport, 'id'>,
  tallyIds: readonly number[],
): Promise<number> {
  let sessions = 0;
  for (let start = 0; start < tallyIds.length; start += IDS_A_STATEMENT) {
    const ids = tallyIds.slice(start, start + IDS_A_STATEMENT);
    const list = ids.map((_, index) => `$${index + 4}`).join(', ');
    // The first report's tallies meet none of its revision; a reissue's may, and then become one with it.
    const rows =
      revision === 1
        ? await connection.query(
            `UPDATE tally SET revision = $1 WHERE day = $2 AND domain = $3 AND id IN (${list}) RETURNING sessions`,
            [revision, day, domain, ...ids],
          )
        : await connection.query(
            `DELETE FROM tally WHERE revision <> $1 AND day = $2 AND domain = $3 AND id IN (${list}) RETURNING *`,
            [revision, day, domain, ...ids],
          );
    if (revision !== 1) {
      await addTallies(
        connection,
        rows.map((row) => ({ ...partOf(row), revision })),
      );
    }
    sessions += rows.reduce((sum, row) => sum + number(row, 'sessions'), 0);
  }
  return sessions;
}

/** A report of that revision, or the newest when none is given. */
export async function findReport(
  connection: SqlConnection,
  day: Day,
  domain: string,
  revision?: number,
): Promise<StoredReport | undefined> {
  const which = revision === undefined ? '' : 'AND revision = $3';
  const [row] = await connection.query(
    `SELECT * FROM report WHERE day = $1 AND domain = $2 ${which} ORDER BY revision DESC LIMIT 1`,
    revision === undefined ? [day, domain] : [day, domain, revision],
  );
  return row === undefined ? undefined : toReport(row);
}

/** A report by its number in the ledger, which is not its report-id. */
export async function findReportById(
  connection: SqlConnection,
  id: number,
): Promise<StoredReport | undefined> {
  const [row] = await connection.query('SELECT * FROM report WHERE id = $1', [id]);
  return row === undefined ? undefined : toReport(row);
}

/** `sending` rows are left over from a crash between handing over and noting it: they may repeat, never get lost. */
export async function dueRows(connection: SqlConnection, now: number, limit: number): Promise<OutboxRow[]> {
  const rows = await connection.query(
    `SELECT * FROM outbox WHERE state IN ('due', 'retry', 'sending') AND not_before <= $1 ORDER BY not_before, id LIMIT $2`,
    [now, limit],
  );
  return rows.map(toOutboxRow);
}

/** Outbox rows by report and state; all when nothing is given. */
export async function outboxRows(
  connection: SqlConnection,
  filter: { readonly reportId?: number; readonly states?: readonly OutboxState[] } = {},
): Promise<OutboxRow[]> {
  const parameters: SqlValue[] = [];
  let where = 'WHERE 1 = 1';
  if (filter.reportId !== undefined) where += ` AND report_id = $${parameters.push(filter.reportId)}`;
  if (filter.states !== undefined)
    where += ` AND state IN (${filter.states.map((state) => `$${parameters.push(state)}`).join(', ')})`;
  const rows = await connection.query(`SELECT * FROM outbox ${where} ORDER BY id`, parameters);
  return rows.map(toOutboxRow);
}

const OUTBOX_COLUMNS: Record<keyof OutboxChange, string> = {
  state: 'state',
  attempts: 'attempts',
  notBefore: 'not_before',
  firstTriedAt: 'first_tried_at',
  lastTriedAt: 'last_tried_at',
  lastResult: 'last_result',
  message: 'message',
};

/** Compare-and-set on the state: of two senders only one gets the row. */
export async function moveRow(
  connection: SqlConnection,
  id: number,
  from: OutboxState,
  change: OutboxChange,
  attempts?: number,
): Promise<boolean> {
  const parameters: SqlValue[] = [id, from];
  const sets = Object.entries(change)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        `${OUTBOX_COLUMNS[name as keyof OutboxChange]} = $${parameters.push(value as SqlValue)}`,
    );
  if (sets.length === 0) return true;
  const tried = attempts === undefined ? '' : ` AND attempts = $${parameters.push(attempts)}`;
  const rows = await connection.query(
    `UPDATE outbox SET ${sets.join(', ')} WHERE id = $1 AND state = $2${tried} RETURNING id`,
    parameters,
  );
  return rows.length === 1;
}
