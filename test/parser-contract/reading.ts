import type { OpenRow } from '../../src/ledger/ledger.ts';
import { SessionReader } from '../../src/logs/session-reader.ts';
import type { ParserModule, Session, Trace } from '../../src/parser.ts';
import { toSessionRecord } from '../../src/session.ts';
import { type Sample, toLines } from '../samples/sample.ts';

/** A reader of a sample's log by a parser made for it. */
export function readerFor(
  module: ParserModule,
  sample: Sample,
  onSession: (session: Session) => void,
  {
    open,
    trace,
    limit,
    fast,
    onUnknown,
  }: {
    open?: readonly OpenRow[];
    trace?: Trace;
    limit?: number;
    fast?: boolean;
    onUnknown?: () => void;
  } = {},
): SessionReader {
  return new SessionReader({
    parser: module.create(module.options.parse(sample.options)),
    zone: sample.zone,
    host: 'localhost',
    latest: () => sample.now,
    onSession,
    ...(open !== undefined && { open: [...open] }),
    ...(trace !== undefined && { trace }),
    ...(limit !== undefined && { limit }),
    ...(fast !== undefined && { fast }),
    ...(onUnknown !== undefined && { onUnknown }),
  });
}

/** The records of lines read one by one; a parser that throws is a fault. */
export function read(
  module: ParserModule,
  sample: Sample,
  lines: readonly string[] = sample.lines,
  trace?: Trace,
): string[] {
  const sessions: Session[] = [];
  const reader = readerFor(
    module,
    sample,
    (session) => sessions.push(session),
    trace === undefined ? {} : { trace },
  );
  for (const line of lines) reader.line(line);
  reader.end();
  if (reader.faults > 0) throw reader.firstFault;
  return records(module, sessions);
}

/** How often a parser calls a line unknown that nobody traces. */
export function countUnknown(module: ParserModule, sample: Sample): number {
  let count = 0;
  const onUnknown = () => {
    count += 1;
  };
  const reader = readerFor(module, sample, () => undefined, { onUnknown });
  for (const line of sample.lines) reader.line(line);
  return count;
}

/** The records of the same lines as the bytes of a file, in pieces: only lines with a needle reach the parser. */
export function readBytes(module: ParserModule, sample: Sample, piece: number): string[] {
  const sessions: Session[] = [];
  const reader = readerFor(module, sample, (session) => sessions.push(session));
  const bytes = Buffer.from(sample.lines.map((line) => `${line}\n`).join(''));
  for (let at = 0; at < bytes.length; at += piece) reader.bytes(bytes.subarray(at, at + piece));
  reader.end();
  if (reader.faults > 0) throw reader.firstFault;
  return records(module, sessions);
}

/** All that reading the bytes of lines leaves behind, in pieces of these sizes, again and again. */
export function readAll(
  module: ParserModule,
  sample: Sample,
  lines: readonly string[],
  { sizes, fast }: { readonly sizes: readonly number[]; readonly fast: boolean },
): unknown {
  const sessions: Session[] = [];
  const reader = readerFor(module, sample, (session) => sessions.push(session), { fast });
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
  let taken = 0;
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    taken += reader.bytes(bytes.subarray(at, at + size));
    at += size;
  }
  const { changed } = reader.table.takeChanges();
  const { firstTime, lastTime, skipped, faults } = reader;
  const read = {
    taken,
    lines: reader.lines,
    firstTime,
    lastTime,
    skipped,
    faults,
    rows: changed.map(toText).sort(),
  };
  reader.end();
  return { ...read, sessions: sessions.map(toText).sort() };
}

function toText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** The records where everything is forgotten after every line but the table, which went through JSON. */
export function readThroughJson(module: ParserModule, sample: Sample): string[] {
  const sessions: Session[] = [];
  const onSession = (session: Session) => void sessions.push(session);
  let rows = new Map<string, OpenRow>();
  let reader = readerFor(module, sample, onSession);
  for (const line of sample.lines) {
    reader.line(line);
    if (reader.faults > 0) throw reader.firstFault;
    const { changed, deleted } = reader.table.takeChanges();
    if (changed.length > 0 || deleted.length > 0) {
      rows = new Map(rows);
      for (const key of deleted) rows.delete(key);
      for (const row of changed) rows.set(row.key, JSON.parse(JSON.stringify(row)) as OpenRow);
    }
    // Made anew even where no row changed: what a parser keeps beside the table must be missed.
    const open = JSON.parse(JSON.stringify([...rows.values()])) as OpenRow[];
    reader = readerFor(module, sample, onSession, { open });
  }
  reader.end();
  return records(module, sessions);
}

/** Sessions as sorted, checked lines of JSON. */
export function records(module: ParserModule, sessions: readonly Session[]): string[] {
  return toLines(sessions.map((session) => toSessionRecord(session, module.name)));
}
