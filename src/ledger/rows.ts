import type { ResultType } from '../result-type.ts';
import type { Basis, PeerTrust, PolicyTypeHint } from '../session.ts';
import type {
  Log,
  OpenRow,
  OutboxRow,
  OutboxState,
  Segment,
  StoredReport,
  StoredSnapshot,
  Tally,
  TallyKey,
} from './ledger.ts';
import type { SqlRow, SqlValue } from './sql.ts';

/** Reads a row of `tally`. */
export function toTally(row: SqlRow): Tally {
  return {
    id: number(row, 'id'),
    ...toTallyKey(row),
    count: number(row, 'sessions'),
    snapshot: text(row, 'snapshot') === '' ? null : text(row, 'snapshot'),
    revision: number(row, 'revision'),
  };
}

/** The fields of a session; columns a query has not asked for count as absent. */
export function toTallyKey(row: SqlRow): TallyKey {
  const resumed = text(row, 'resumed');
  return {
    hour: number(row, 'hour'),
    host: text(row, 'host'),
    parser: text(row, 'parser'),
    recipientDomain: text(row, 'domain'),
    outcome: text(row, 'outcome') as Tally['outcome'],
    ...optional('resultType', text(row, 'result_type') as ResultType),
    ...optional('failureReasonCode', text(row, 'reason')),
    ...optional('receivingMxHostname', text(row, 'mx')),
    ...optional('receivingIp', text(row, 'receiving_ip')),
    ...optional('sendingMtaIp', text(row, 'sending_ip')),
    ...optional('peerTrust', text(row, 'peer_trust') as PeerTrust),
    ...optional('tlsVersion', text(row, 'tls_version')),
    ...optional('policyTypeHint', text(row, 'policy_hint') as PolicyTypeHint),
    basis: text(row, 'basis') as Basis,
    ...(resumed !== '' && { resumed: resumed === 'true' }),
    ...(number(row, 'own') === 1 && { own: true }),
  };
}

/** Reads a row of `segment`. */
export function toSegment(row: SqlRow): Segment {
  return {
    id: number(row, 'id'),
    logId: number(row, 'log_id'),
    identity: text(row, 'segment_identity'),
    tie: number(row, 'tie'),
    prefixLength: number(row, 'prefix_length'),
    ...maybeText('firstLine', row['first_line']),
    position: { offset: number(row, 'read_offset'), tailHash: text(row, 'tail_hash') },
    path: text(row, 'path'),
    ...maybeNumber('firstTime', row['first_time']),
    ...maybeNumber('lastTime', row['last_time']),
    incomplete: number(row, 'incomplete') === 1,
  };
}

/** Reads a row of `log`; its segments are read apart. */
export function toLog(row: SqlRow, segments: readonly Segment[]): Log {
  return {
    id: number(row, 'id'),
    host: text(row, 'host'),
    parser: text(row, 'parser'),
    name: text(row, 'name'),
    version: number(row, 'version'),
    ...maybeNumber('readToEndAt', row['read_to_end_at']),
    ...maybeNumber('readAt', row['read_at'] ?? row['read_to_end_at']),
    ...maybeNumber('oldestOpen', row['oldest_open']),
    ...maybeText('cursor', row['resume_cursor']),
    segments,
  };
}

/** Reads a row of `open_session`. */
export function toOpenRow(row: SqlRow): OpenRow {
  return {
    key: text(row, 'open_key'),
    value: JSON.parse(text(row, 'open_value')),
    time: number(row, 'changed_at'),
    since: number(row, 'since'),
    idleSeconds: number(row, 'idle_seconds'),
  };
}

/** Reads a row of `snapshot`. */
export function toSnapshot(row: SqlRow): StoredSnapshot {
  return {
    id: text(row, 'id'),
    domain: text(row, 'domain'),
    content: JSON.parse(text(row, 'content')),
    firstSeen: number(row, 'first_seen'),
    lastSeen: number(row, 'last_seen'),
  };
}

/** Reads a row of `report`. */
export function toReport(row: SqlRow): StoredReport {
  return {
    id: number(row, 'id'),
    day: text(row, 'day'),
    domain: text(row, 'domain'),
    revision: number(row, 'revision'),
    reportId: text(row, 'report_id'),
    json: text(row, 'document'),
    builtAt: number(row, 'built_at'),
  };
}

/** Reads a row of `outbox`. */
export function toOutboxRow(row: SqlRow): OutboxRow {
  const message = row['message'];
  return {
    id: number(row, 'id'),
    reportId: number(row, 'report_id'),
    rua: text(row, 'rua'),
    state: text(row, 'state') as OutboxState,
    attempts: number(row, 'attempts'),
    notBefore: number(row, 'not_before'),
    ...maybeNumber('firstTriedAt', row['first_tried_at']),
    ...maybeNumber('lastTriedAt', row['last_tried_at']),
    ...maybeText('lastResult', row['last_result']),
    ...(message !== null && message !== undefined && { message: toBytes(message) }),
  };
}

/** A column as a number, whatever the engine gives it as; 0 for NULL. */
export function number(row: SqlRow, column: string): number {
  return Number(row[column] ?? 0);
}

/** A column as text; empty for NULL. */
export function text(row: SqlRow, column: string): string {
  return String(row[column] ?? '');
}

/** The engines give bytes as ArrayBuffer (SQLite) or Buffer (PostgreSQL). */
function toBytes(value: unknown): Uint8Array {
  return value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value as Uint8Array);
}

function optional<K extends string, V extends string>(name: K, value: V): { readonly [P in K]?: V } {
  return (value === '' ? {} : { [name]: value }) as { readonly [P in K]?: V };
}

function maybeNumber<K extends string>(name: K, value: SqlValue | undefined): { readonly [P in K]?: number } {
  return (value === null || value === undefined ? {} : { [name]: Number(value) }) as {
    readonly [P in K]?: number;
  };
}

function maybeText<K extends string>(name: K, value: SqlValue | undefined): { readonly [P in K]?: string } {
  return (value === null || value === undefined ? {} : { [name]: String(value) }) as {
    readonly [P in K]?: string;
  };
}
