import type { LogEntry } from 'maillog-tlsrpt/parser';
import { type PieceState, stateOf, type Table } from './state.ts';

/** `[i/n] ` and, where the piece ended at a newline, `[i\n] ` (exim: log.c write_syslog). */
const PIECE = /^\[(\d{1,3})([/\\])(\d{1,3})\] /;
/** Exim's longest line is 8192 bytes; more is no line of its. */
const TEXT_LIMIT = 32_768;

/** A whole line; a piece that waits for others; or pieces that can never become one. */
export type Joined = LogEntry | 'kept' | 'lost';

/** Joins the pieces of a line that was too long for syslog. Those of other processes may come between. */
export function joinPieces(entry: LogEntry, table: Table): Joined {
  const match = PIECE.exec(entry.message);
  if (match === null) return entry;
  const [head, number, kind, count] = match;
  const key = `p ${entry.host} ${entry.program} ${entry.pid}`;
  const index = Number(number);
  const total = Number(count);
  const before = index === 1 ? firstPiece(entry, total) : stateOf(table.get(key), 'pieces');
  if (
    before === undefined ||
    before.total !== total ||
    before.count !== index - 1 ||
    before.text.length > TEXT_LIMIT
  ) {
    table.delete(key);
    return 'lost';
  }
  const text = before.text + entry.message.slice(head.length) + (kind === '\\' ? '\n' : '');
  if (index < total) {
    table.set(key, { ...before, count: index, text });
    return 'kept';
  }
  table.delete(key);
  return { ...entry, time: before.time, message: text };
}

function firstPiece(entry: LogEntry, total: number): PieceState {
  return { kind: 'pieces', time: entry.time, total, count: 0, text: '' };
}
