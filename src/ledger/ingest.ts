import type { Span } from '../span.ts';
import { countSessions } from './count-sessions.ts';
import {
  type IngestBatch,
  type Log,
  type OpenRow,
  OverlapError,
  type Segment,
  StalePosition,
} from './ledger.ts';
import { overlaps } from './overlap.ts';
import { number, text, toLog, toOpenRow, toSegment } from './rows.ts';
import type { InsertTarget, SqlConnection, SqlValue } from './sql.ts';
import type { TallyPart } from './tally-kinds.ts';

/** Finds or makes a log. */
export async function findLog(
  connection: SqlConnection,
  host: string,
  parser: string,
  name: string,
): Promise<Log> {
  const find = () =>
    connection.query('SELECT * FROM log WHERE host = $1 AND parser = $2 AND name = $3', [host, parser, name]);
  let [row] = await find();
  if (row === undefined) {
    await connection.query(
      'INSERT INTO log (host, parser, name) VALUES ($1, $2, $3) ON CONFLICT (host, parser, name) DO NOTHING',
      [host, parser, name],
    );
    [row] = await find();
  }
  if (row === undefined) throw new Error('a log just made is gone');
  const segments = await connection.query('SELECT * FROM segment WHERE log_id = $1 ORDER BY first_time, id', [
    number(row, 'id'),
  ]);
  return toLog(row, segments.map(toSegment));
}

/** Every log with its segments, oldest first. */
export async function allLogs(connection: SqlConnection): Promise<Log[]> {
  const rows = await connection.query('SELECT * FROM log ORDER BY host, name, parser');
  const segments = (await connection.query('SELECT * FROM segment ORDER BY first_time, id')).map(toSegment);
  const byLog = new Map<number, Segment[]>();
  for (const segment of segments) {
    const list = byLog.get(segment.logId);
    if (list === undefined) byLog.set(segment.logId, [segment]);
    else list.push(segment);
  }
  return rows.map((row) => toLog(row, byLog.get(number(row, 'id')) ?? []));
}

/** The segments that a host has read with a parser, whatever their log. */
export async function segmentsOf(
  connection: SqlConnection,
  host: string,
  parser: string,
): Promise<Segment[]> {
  const rows = await connection.query('SELECT * FROM segment WHERE host = $1 AND parser = $2 ORDER BY id', [
    host,
    parser,
  ]);
  return rows.map(toSegment);
}

/** Each commit makes its log's version greater by one. */
export async function commitsOf(connection: SqlConnection, host: string, parser: string): Promise<number> {
  const [row] = await connection.query(
    'SELECT COALESCE(SUM(version), 0) AS commits FROM log WHERE host = $1 AND parser = $2',
    [host, parser],
  );
  return number(row ?? {}, 'commits');
}

/** What is open in a log. */
export async function openRowsOf(connection: SqlConnection, logId: number): Promise<OpenRow[]> {
  // In order of last change, so that a table filled from it ends its oldest keys first, as one never saved would.
  const rows = await connection.query(
    'SELECT * FROM open_session WHERE log_id = $1 ORDER BY changed_at, open_key',
    [logId],
  );
  return rows.map(toOpenRow);
}

/**
 * Writes a batch: position, open sessions and tallies. The caller has opened the transaction.
 * @throws StalePosition when the log has moved on since the batch was begun; OverlapError when asked to refuse.
 */
export async function writeBatch(
  connection: SqlConnection,
  batch: IngestBatch,
): Promise<{ segmentId: number | undefined; version: number }> {
  const version = await advanceLog(connection, batch);
  const segmentId = await writeSegment(connection, batch);
  if (batch.refuseOverlap) await refuseOverlap(connection, batch, segmentId);
  await countSessions(connection, partsOf(batch));
  await writeOpen(connection, batch);
  return { segmentId, version };
}

/** Made one at a time, for there are ten thousands of them. */
function* partsOf({ sessions, ingestedAt }: IngestBatch): Generator<TallyPart> {
  for (const { key, count } of sessions.values()) yield { key, count, ingestedAt };
}

async function advanceLog(connection: SqlConnection, batch: IngestBatch): Promise<number> {
  const [row] = await connection.query(
    `UPDATE log SET version = version + 1, oldest_open = $3,
       read_to_end_at = COALESCE($4, read_to_end_at), resume_cursor = COALESCE($5, resume_cursor), read_at = $6
     WHERE id = $1 AND version = $2 RETURNING version`,
    [
      batch.logId,
      batch.expectedVersion,
      batch.oldestOpen ?? null,
      batch.readToEndAt ?? null,
      batch.cursor ?? null,
      batch.ingestedAt,
    ],
  );
  if (row === undefined) throw new StalePosition('the log was read on by another process');
  return number(row, 'version');
}

async function writeSegment(connection: SqlConnection, batch: IngestBatch): Promise<number | undefined> {
  const segment = batch.segment;
  if (segment === undefined) return undefined;
  const common: SqlValue[] = [
    segment.identity,
    segment.prefixLength,
    segment.firstLine ?? null,
    segment.position.offset,
    segment.position.tailHash,
    segment.path,
    batch.firstTime ?? null,
    batch.lastTime ?? null,
    segment.incomplete ? 1 : 0,
    batch.covered?.from ?? null,
    batch.covered?.until ?? null,
  ];
  return segment.id === undefined
    ? insertSegment(connection, batch.logId, [...common, segment.tie ?? 0])
    : updateSegment(connection, [...common, segment.id], segment.id);
}

/** The identity grows with a short file, and may then be one that another segment has. */
async function updateSegment(
  connection: SqlConnection,
  values: readonly SqlValue[],
  id: number,
): Promise<number> {
  await connection.query(
    `UPDATE segment SET segment_identity = $1, prefix_length = $2, first_line = $3, read_offset = $4, tail_hash = $5, path = $6,
       first_time = COALESCE(first_time, $7), last_time = COALESCE($8, last_time), incomplete = $9,
       covered_from = CASE WHEN $10 < COALESCE(covered_from, first_time) THEN $10 ELSE COALESCE(covered_from, first_time, $10) END,
       covered_until = CASE WHEN $11 > COALESCE(covered_until, last_time) THEN $11 ELSE COALESCE(covered_until, last_time, $11) END,
       tie = CASE WHEN segment_identity = $1 THEN tie ELSE
         (SELECT COALESCE(MAX(twin.tie) + 1, 0) FROM segment twin
          WHERE twin.host = segment.host AND twin.parser = segment.parser AND twin.segment_identity = $1) END
     WHERE id = $12`,
    values,
  );
  return id;
}

/** @throws StalePosition when another process has met the same segment first */
async function insertSegment(
  connection: SqlConnection,
  logId: number,
  values: readonly SqlValue[],
): Promise<number> {
  const [row] = await connection.query(
    `INSERT INTO segment (segment_identity, prefix_length, first_line, read_offset, tail_hash, path, first_time, last_time, incomplete,
       covered_from, covered_until, tie, log_id, host, parser)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, id, host, parser FROM log WHERE id = $13
     ON CONFLICT (host, parser, segment_identity, tie) DO NOTHING RETURNING id`,
    [...values, logId],
  );
  if (row === undefined) throw new StalePosition('the segment was read by another process');
  return number(row, 'id');
}

/**
 * Refuses lines of a time that other lines of the host cover. Lines through a pipe have no name to tell logs apart, so
 * there every other segment counts as another log; and so does one that begins like this one, for it may be the same
 * file, edited.
 * @throws OverlapError
 */
async function refuseOverlap(
  connection: SqlConnection,
  { logId, covered, firstTime: begin }: IngestBatch,
  segmentId: number | undefined,
): Promise<void> {
  if (covered === undefined || segmentId === undefined) return;
  // Holds up other readers of this host's logs, so that of two that overlap the second sees the first.
  await connection.query(
    `UPDATE log SET version = version WHERE host = (SELECT host FROM log WHERE id = $1)
       AND parser = (SELECT parser FROM log WHERE id = $1)`,
    [logId],
  );
  const rows = await connection.query(
    `SELECT * FROM (
       SELECT other.path, COALESCE(other.covered_from, other.first_time) AS covered_from,
         COALESCE(other.covered_until, other.last_time) AS covered_until,
         CASE WHEN other.log_id <> $1 OR mine.name = '-' OR other.segment_identity = this.segment_identity THEN 0 ELSE 1 END AS is_one_log
       FROM segment other
       JOIN log mine ON mine.id = $1 AND other.host = mine.host AND other.parser = mine.parser
       JOIN segment this ON this.id = $2
       WHERE other.id <> $2) known
     WHERE covered_from < $4 AND covered_until > $3 ORDER BY covered_from`,
    [logId, segmentId, covered.from, covered.until],
  );
  for (const row of rows) {
    const other: Span = { from: number(row, 'covered_from'), until: number(row, 'covered_until') };
    if (overlaps({ ...covered, begin }, other, number(row, 'is_one_log') === 1))
      throw new OverlapError(text(row, 'path'), other);
  }
}

const OPEN: InsertTarget = {
  table: 'open_session',
  columns: {
    log_id: 'BIGINT',
    open_key: 'TEXT',
    open_value: 'TEXT',
    changed_at: 'BIGINT',
    since: 'BIGINT',
    idle_seconds: 'BIGINT',
  },
  onConflict: `ON CONFLICT (log_id, open_key) DO UPDATE SET open_value = excluded.open_value,
    changed_at = excluded.changed_at, since = excluded.since, idle_seconds = excluded.idle_seconds`,
};

/** Deleted first, for a key may have been closed and opened anew. */
async function writeOpen(connection: SqlConnection, batch: IngestBatch): Promise<void> {
  for (let start = 0; start < batch.openDeleted.length; start += KEYS_A_STATEMENT) {
    const keys = batch.openDeleted.slice(start, start + KEYS_A_STATEMENT);
    await connection.query(
      `DELETE FROM open_session WHERE log_id = $1 AND open_key IN (${keys.map((_, index) => `$${index + 2}`).join(', ')})`,
      [batch.logId, ...keys],
    );
  }
  await connection.insert(
    OPEN,
    batch.openChanged.map((row) => [
      batch.logId,
      row.key,
      JSON.stringify(row.value),
      row.time,
      row.since,
      row.idleSeconds,
    ]),
  );
}

const KEYS_A_STATEMENT = 500;
