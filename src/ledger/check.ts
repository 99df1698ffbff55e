import { createHash } from 'node:crypto';
import { OUTBOX_STATES } from './ledger.ts';
import { isPostgresUrl } from './postgres-address.ts';
import { number, text } from './rows.ts';
import type { SqlDatabase } from './sql.ts';

/** Something in the ledger that cannot be so. */
export interface LedgerFault {
  /** A stable name for machines: `outbox-without-report`. */
  readonly id: string;
  readonly text: string;
}

/** What `ledger check` found. */
export interface LedgerChecked {
  readonly faults: readonly LedgerFault[];
  /** Rows by table, for people to see that it is the right one. */
  readonly rows: Readonly<Record<string, number>>;
}

const TABLES = ['log', 'segment', 'open_session', 'tally', 'snapshot', 'report', 'outbox'] as const;
/** So many of one kind are named; the others are counted. */
const MAX_NAMED = 20;

/** Looks whether the ledger is whole: as a file, and as what it says. Reads all of it, changes nothing. */
export async function checkDatabase(database: SqlDatabase): Promise<LedgerChecked> {
  const rows: Record<string, number> = {};
  const structure = isPostgresUrl(database.where) ? [] : await fileFaults(database);
  // Of a damaged file nothing more can be said.
  if (structure.length > 0) return { faults: structure, rows };
  for (const table of TABLES) {
    const [row] = await database.query(`SELECT COUNT(*) AS n FROM ${table}`);
    rows[table] = number(row ?? {}, 'n');
  }
  const faults = [
    ...(await orphanFaults(database)),
    ...(await stateFaults(database)),
    ...(await countFaults(database)),
    ...(await reportFaults(database)),
    ...(await snapshotFaults(database)),
  ];
  return { faults, rows };
}

async function fileFaults(database: SqlDatabase): Promise<LedgerFault[]> {
  const said = (await database.query('PRAGMA integrity_check')).map((row) => text(row, 'integrity_check'));
  return said
    .filter((line) => line !== 'ok')
    .slice(0, MAX_NAMED)
    .map((line) => ({ id: 'file-damaged', text: line }));
}

async function orphanFaults(database: SqlDatabase): Promise<LedgerFault[]> {
  const orphans = [
    ['outbox-without-report', 'outbox', 'report_id', 'report'],
    ['segment-without-log', 'segment', 'log_id', 'log'],
    ['open-session-without-log', 'open_session', 'log_id', 'log'],
  ] as const;
  const faults: LedgerFault[] = [];
  for (const [id, table, column, other] of orphans) {
    const [row] = await database.query(
      `SELECT COUNT(*) AS n FROM ${table} WHERE ${column} NOT IN (SELECT id FROM ${other})`,
    );
    const count = number(row ?? {}, 'n');
    if (count > 0) faults.push({ id, text: `${count} rows of ${table} belong to no ${other}` });
  }
  return faults;
}

async function stateFaults(database: SqlDatabase): Promise<LedgerFault[]> {
  const known = OUTBOX_STATES.map((state) => `'${state}'`).join(', ');
  const rows = await database.query(`SELECT DISTINCT state FROM outbox WHERE state NOT IN (${known})`);
  return rows.map((row) => ({ id: 'outbox-state', text: `the outbox has a state "${text(row, 'state')}"` }));
}

/** The sums kept beside the tallies, which a day's pruning drops together. */
async function countFaults(database: SqlDatabase): Promise<LedgerFault[]> {
  const rows = await database.query(
    `SELECT day, SUM(a) AS tallies, SUM(b) AS traffic FROM (
       SELECT day, sessions AS a, 0 AS b FROM tally UNION ALL SELECT day, 0 AS a, sessions AS b FROM traffic) sums
     GROUP BY day HAVING SUM(a) <> SUM(b) ORDER BY day LIMIT ${MAX_NAMED}`,
  );
  const negative = await database.query('SELECT COUNT(*) AS n FROM tally WHERE sessions < 1');
  const faults = rows.map((row) => ({
    id: 'sums-differ',
    text: `${text(row, 'day')}: ${number(row, 'tallies')} sessions in tallies, ${number(row, 'traffic')} in the sums of the day`,
  }));
  const bad = number(negative[0] ?? {}, 'n');
  return bad === 0 ? faults : [...faults, { id: 'tally-count', text: `${bad} tallies count no session` }];
}

/** A built report's bytes never change: they must still be the document they are filed as. */
async function reportFaults(database: SqlDatabase): Promise<LedgerFault[]> {
  const faults: LedgerFault[] = [];
  for (let after = 0; faults.length < MAX_NAMED; ) {
    const rows = await database.query(
      'SELECT id, day, domain, report_id, document FROM report WHERE id > $1 ORDER BY id LIMIT 500',
      [after],
    );
    if (rows.length === 0) break;
    for (const row of rows) {
      after = number(row, 'id');
      if (reportIdOf(text(row, 'document')) === text(row, 'report_id')) continue;
      faults.push({
        id: 'report-damaged',
        text: `the report of ${text(row, 'day')} for ${text(row, 'domain')} is not the document it was built as`,
      });
    }
  }
  return faults;
}

function reportIdOf(document: string): string | undefined {
  try {
    return (JSON.parse(document) as { 'report-id'?: string })['report-id'];
  } catch {
    return undefined;
  }
}

/** Snapshots are named by the hash of what they hold. */
async function snapshotFaults(database: SqlDatabase): Promise<LedgerFault[]> {
  const rows = await database.query('SELECT id, domain, content FROM snapshot ORDER BY id');
  return rows
    .filter((row) => createHash('sha256').update(text(row, 'content')).digest('hex') !== text(row, 'id'))
    .slice(0, MAX_NAMED)
    .map((row) => ({
      id: 'snapshot-damaged',
      text: `a snapshot of the policies of ${text(row, 'domain')} is not what its name says`,
    }));
}
