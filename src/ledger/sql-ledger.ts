import { type Day, dayOf } from '../day.ts';
import type { JsonValue } from '../parser.ts';
import { leftOut, withoutBrought } from './by-file.ts';
import { hostSums } from './count-sessions.ts';
import { daySums } from './day-sums.ts';
import * as hosts from './hosts.ts';
import { type HostDay, type ImportResult, importHostDay, StaleImport } from './imports.ts';
import * as ingest from './ingest.ts';
import type {
  Demand,
  IngestBatch,
  Ledger,
  OutboxChange,
  OutboxRow,
  OutboxState,
  StoredReport,
  StoredSnapshot,
} from './ledger.ts';
import { refuseNewer, writeUnlessNewer } from './migrations.ts';
import * as notes from './notes.ts';
import { failingDomains } from './outcomes.ts';
import * as prune from './prune.ts';
import type { Reader } from './reader.ts';
import * as reports from './reports.ts';
import { number, text } from './rows.ts';
import type { SqlConnection, SqlDatabase } from './sql.ts';
import * as sums from './sums.ts';
import * as tallies from './tallies.ts';
import { tidy } from './tidy.ts';

/** The ledger over any SQL engine of ours: each method is one transaction. */
export class SqlLedger implements Ledger {
  readonly #database: SqlDatabase;
  #instance: Promise<string> | undefined;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  get shared(): boolean {
    return this.#database.takeLead !== undefined;
  }

  /** Asked for every report, and never another. */
  instance(): Promise<string> {
    this.#instance ??= this.#write(notes.instance);
    this.#instance.catch(() => {
      this.#instance = undefined;
    });
    return this.#instance;
  }

  log(host: string, parser: string, name: string) {
    return this.#write((connection) => ingest.findLog(connection, host, parser, name));
  }

  logs() {
    return ingest.allLogs(this.#database);
  }

  segments(host: string, parser: string) {
    return ingest.segmentsOf(this.#database, host, parser);
  }

  commits(host: string, parser: string) {
    return ingest.commitsOf(this.#database, host, parser);
  }

  openRows(logId: number) {
    return ingest.openRowsOf(this.#database, logId);
  }

  commit(batch: IngestBatch) {
    const hours = new Set([...batch.sessions.values()].map(({ key }) => key.hour));
    const days = new Set([...hours].map(dayOf));
    const write = async (connection: SqlConnection) => {
      // Who reads on for weeks must not write what a newer program would take for something else.
      await refuseNewer(connection, this.#database);
      return ingest.writeBatch(connection, await withoutBrought(connection, batch));
    };
    return writeUnlessNewer(this.#database, write, [...days]);
  }

  days() {
    return tallies.daysWithTallies(this.#database);
  }

  domainDays(filter: { readonly day?: Day; readonly domain?: string } = {}) {
    return tallies.domainDaysOf(this.#database, filter);
  }

  daySums() {
    return daySums(this.#database);
  }

  tallies(filter: { readonly day?: Day; readonly domain?: string }) {
    return tallies.talliesOf(this.#database, filter);
  }

  sessionSums(filter: sums.SessionFilter = {}) {
    return sums.sessionSums(this.#database, filter);
  }

  trafficSums() {
    return sums.trafficSums(this.#database);
  }

  failingDomains(since: Day, failing: Day, also: readonly string[] = []) {
    return failingDomains(this.#database, since, failing, also);
  }

  ownSessions() {
    return sums.ownSessions(this.#database);
  }

  outboxSums() {
    return sums.outboxSums(this.#database);
  }

  unsent(before: number) {
    return sums.unsent(this.#database, before);
  }

  fates(states: readonly OutboxState[], limit: number) {
    return sums.fates(this.#database, states, limit);
  }

  trustingHosts() {
    return tallies.hostsWithTrust(this.#database);
  }

  unattributed(limit: number, sinceHour = 0) {
    return tallies.unattributedDomains(this.#database, limit, sinceHour);
  }

  attribute(
    snapshot: Omit<StoredSnapshot, 'firstSeen' | 'lastSeen'>,
    seenAt: number,
    fromHour: number,
    toHour: number,
  ) {
    return this.#write((connection) =>
      tallies.attributeTallies(connection, snapshot, seenAt, fromHour, toHour),
    );
  }

  snapshots(ids: readonly string[]) {
    return tallies.snapshotsById(this.#database, ids);
  }

  snapshotsOf(domain: string) {
    return tallies.snapshotsOfDomain(this.#database, domain);
  }

  async cached(kind: string, name: string) {
    const [row] = await this.#database.query('SELECT * FROM cached WHERE kind = $1 AND name = $2', [
      kind,
      name,
    ]);
    if (row === undefined) return undefined;
    return { value: JSON.parse(text(row, 'content')) as JsonValue, until: number(row, 'valid_until') };
  }

  async cache(kind: string, name: string, value: JsonValue, until: number) {
    await this.#database.query(
      `INSERT INTO cached (kind, name, content, valid_until) VALUES ($1, $2, $3, $4)
       ON CONFLICT (kind, name) DO UPDATE SET content = excluded.content, valid_until = excluded.valid_until`,
      [kind, name, JSON.stringify(value), until],
    );
  }

  rememberDemand(day: Day, domain: string, demand: Demand, at: number) {
    return reports.rememberDemand(this.#database, day, domain, demand, at);
  }

  freeze(
    report: Omit<StoredReport, 'id'>,
    tallyIds: readonly number[],
    outbox: readonly Pick<OutboxRow, 'rua' | 'state' | 'notBefore'>[],
    sessions?: number,
  ) {
    return this.#write((connection) => reports.freezeReport(connection, report, tallyIds, outbox, sessions));
  }

  report(day: Day, domain: string, revision?: number) {
    return reports.findReport(this.#database, day, domain, revision);
  }

  reportById(id: number) {
    return reports.findReportById(this.#database, id);
  }

  dueOutbox(now: number, limit: number) {
    return reports.dueRows(this.#database, now, limit);
  }

  outbox(filter: { readonly reportId?: number; readonly states?: readonly OutboxState[] } = {}) {
    return reports.outboxRows(this.#database, filter);
  }

  moveOutbox(id: number, from: OutboxState, change: OutboxChange, attempts?: number) {
    return reports.moveRow(this.#database, id, from, change, attempts);
  }

  note(name: string) {
    return notes.note(this.#database, name);
  }

  setNote(name: string, value: JsonValue) {
    return notes.setNote(this.#database, name, value);
  }

  exchangeNote(name: string, seen: JsonValue | undefined, value: JsonValue) {
    return notes.exchangeNote(this.#database, name, seen, value);
  }

  async dropNotes(names: readonly string[]) {
    for (const name of names) await this.#database.query('DELETE FROM note WHERE name = $1', [name]);
  }

  async noteNames() {
    const rows = await this.#database.query('SELECT name FROM note ORDER BY name');
    return rows.map((row) => text(row, 'name'));
  }

  prune(day: Day, ingestedBefore: number) {
    return prune.pruneDays(this.#database, day, ingestedBefore);
  }

  async tidy(day: Day, before: number, now: number) {
    await prune.pruneStrays(this.#database, day);
    await prune.pruneSnapshots(this.#database, before);
    await this.#write((connection) => tidy(connection, day, before, now));
    await this.#database.giveBack?.();
  }

  async importHostDay(part: HostDay, at: number): Promise<ImportResult> {
    await this.checkIn(part.host, part.program, part.exportedAt);
    for (;;) {
      try {
        const write = (connection: SqlConnection) => importHostDay(connection, part, at);
        return await writeUnlessNewer(this.#database, write, [part.day]);
      } catch (error) {
        // The other import is done, so that this one finds what it brought.
        if (!(error instanceof StaleImport)) throw error;
      }
    }
  }

  checkIn(host: string, program: string, at: number) {
    return hosts.checkIn(this.#database, host, program, at);
  }

  hosts() {
    return hosts.allHosts(this.#database);
  }

  async clockAhead() {
    return this.#database.clockAhead?.();
  }

  hostSums(since: Day) {
    return hostSums(this.#database, since);
  }

  leftOut() {
    return leftOut(this.#database);
  }

  async lead<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    // On one host every step is guarded by itself, and the work is soon done.
    if (this.#database.takeLead === undefined) return work(new AbortController().signal);
    const leadership = await this.#database.takeLead();
    if (leadership === undefined) return undefined;
    try {
      return await work(leadership.signal);
    } finally {
      await leadership.release();
    }
  }

  holdReading(reader: Reader) {
    return this.#database.holdReading(reader);
  }

  async size() {
    return this.#database.size?.();
  }

  close() {
    return this.#database.close();
  }

  #write<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> {
    return writeUnlessNewer(this.#database, work);
  }
}
