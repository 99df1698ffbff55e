import type { Day } from '../day.ts';
import type { Demand, OutboxChange, OutboxRow, OutboxState, StoredReport } from './ledger.ts';
import { number, text, toOutboxRow, toReport } from './rows.ts';
import type { SqlConnection, SqlValue } from './sql.ts';

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

/** Freezes a report with its tallies and queues it; a second call for the same revision changes nothing. */
export async function freezeReport(
  connection: SqlConnection,
  report: Omit<StoredReport, 'id'>,
  tallyIds: readonly number[],
  outbox: readonly Pick<OutboxRow, 'rua' | 'state' | 'notBefore'>[],
): Promise<StoredReport> {
  const [made] = await connection.query(
    `INSERT INTO report (day, domain, revision, report_id, document, built_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (day, domain, revision) DO NOTHING RETURNING id`,
    [report.day, report.domain, report.revision, report.reportId, report.json, report.builtAt],
  );
  if (made !== undefined) {
    for (const id of tallyIds) await freezeTally(connection, id, report.revision);
    for (const row of outbox) {
      await connection.query(
        'INSERT INTO outbox (report_id, rua, state, attempts, not_before) VALUES ($1, $2, $3, 0, $4) ON CONFLICT (report_id, rua) DO NOTHING',
        [number(made, 'id'), row.rua, row.state, row.notBefore],
      );
    }
  }
  const stored = await findReport(connection, report.day, report.domain, report.revision);
  if (stored === undefined) throw new Error('a report just frozen is gone');
  return stored;
}

/** A reissue freezes tallies of earlier revisions again; two that are equal then become one. */
async function freezeTally(connection: SqlConnection, id: number, revision: number): Promise<void> {
  const [twin] = await connection.query(
    `SELECT twin.id FROM tally twin JOIN tally mine ON mine.id = $1 AND twin.tally_key = mine.tally_key
       AND twin.snapshot = mine.snapshot WHERE twin.revision = $2 AND twin.id <> $1`,
    [id, revision],
  );
  if (twin === undefined) {
    await connection.query('UPDATE tally SET revision = $2 WHERE id = $1', [id, revision]);
    return;
  }
  await connection.query(
    'UPDATE tally SET sessions = sessions + (SELECT sessions FROM tally WHERE id = $1) WHERE id = $2',
    [id, number(twin, 'id')],
  );
  await connection.query('DELETE FROM tally WHERE id = $1', [id]);
}

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

export async function pruneDays(
  connection: SqlConnection,
  day: Day,
  ingestedBefore: number,
): Promise<{ tallies: number; reports: number }> {
  const over = await connection.query(
    'SELECT day FROM tally WHERE day < $1 GROUP BY day HAVING MAX(ingested_at) < $2 ORDER BY day',
    [day, ingestedBefore],
  );
  let tallies = 0;
  let reports = 0;
  for (const row of over) {
    const name = text(row, 'day');
    await connection.query('DELETE FROM outbox WHERE report_id IN (SELECT id FROM report WHERE day = $1)', [
      name,
    ]);
    reports += (await connection.query('DELETE FROM report WHERE day = $1 RETURNING id', [name])).length;
    await connection.query('DELETE FROM demand WHERE day = $1', [name]);
    tallies += (await connection.query('DELETE FROM tally WHERE day = $1 RETURNING id', [name])).length;
  }
  await connection.query(
    'DELETE FROM snapshot WHERE NOT EXISTS (SELECT 1 FROM tally WHERE tally.snapshot = snapshot.id) AND last_seen < $1',
    [ingestedBefore],
  );
  return { tallies, reports };
}
