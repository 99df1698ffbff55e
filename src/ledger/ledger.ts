import type { Day } from '../day.ts';
import type { JsonValue } from '../parser.ts';
import type { Session } from '../session.ts';
import type { LeftOut } from './by-file.ts';
import type { HostSum } from './count-sessions.ts';
import type { DaySum } from './day-sums.ts';
import type { HostDay, ImportResult } from './imports.ts';
import type { IngestBatch, Log, OpenRow, Segment } from './ingest-batch.ts';
import type { DomainOutcome } from './outcomes.ts';
import type { Hold, Reader } from './reader.ts';
import type { Fate, OutboxSum, SessionFilter, SessionSum, TrafficSum, Unsent } from './sums.ts';

export type { IngestBatch, Log, OpenRow, Position, Segment } from './ingest-batch.ts';
export { OverlapError, StalePosition } from './ingest-batch.ts';

/** Every field of a session but the time to the second; successes without addresses. */
export interface TallyKey extends Omit<Session, 'time'> {
  /** Start of the UTC hour, ms; of the day once a snapshot was given to the tally. */
  readonly hour: number;
  /** The reading host. */
  readonly host: string;
  readonly parser: string;
}

/** Counts of equal sessions of one UTC hour; of one day once they are attributed. */
export interface Tally extends TallyKey {
  readonly id: number;
  readonly count: number;
  /** Content address of the policies that applied; null: not yet attributed. */
  readonly snapshot: string | null;
  /** The report revision whose bytes hold this tally; 0: in none yet. */
  readonly revision: number;
}

/** The `_smtp._tls` record of a report domain as found for a day (RFC 8460 §3). */
export type Demand =
  | { readonly kind: 'record'; readonly text: string; readonly rua: readonly string[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'temporary'; readonly reason: string };

/** A built report: its bytes never change. */
export interface StoredReport {
  readonly id: number;
  readonly day: Day;
  readonly domain: string;
  readonly revision: number;
  readonly reportId: string;
  /** The JSON document, UTF-8. */
  readonly json: string;
  readonly builtAt: number;
}

/** The note of when the ledger was restored from a backup, UTC ms: days that were over by then are held. */
export const RESTORED_NOTE = 'restored-at';

/** The states of an outbox row; docs/delivery.md tells what they mean. */
export const OUTBOX_STATES = ['due', 'sending', 'sent', 'retry', 'given-up', 'held', 'suppressed'] as const;
export type OutboxState = (typeof OUTBOX_STATES)[number];

/** One report on its way to one rua. */
export interface OutboxRow {
  readonly id: number;
  readonly reportId: number;
  /** `mailto:…`, `https:…` or `directory:…`. */
  readonly rua: string;
  readonly state: OutboxState;
  readonly attempts: number;
  /** UTC ms before which nothing is to be tried. */
  readonly notBefore: number;
  readonly firstTriedAt?: number;
  readonly lastTriedAt?: number;
  /** The server's or our last word on it, one line, for `status`. */
  readonly lastResult?: string;
  /** The bytes handed over, kept from the first attempt on so that a retry sends the same. */
  readonly message?: Uint8Array;
}

/** What may change of an outbox row. */
export type OutboxChange = Partial<
  Pick<
    OutboxRow,
    'state' | 'attempts' | 'notBefore' | 'firstTriedAt' | 'lastTriedAt' | 'lastResult' | 'message'
  >
>;

/** A host that reads its logs into this ledger. */
export interface FleetHost {
  readonly host: string;
  /** The version of its maillog-tlsrpt. */
  readonly program: string;
  /** UTC ms. */
  readonly seenAt: number;
  /** Its note `host:NAME`, if there is one: src/host-word.ts knows what it says. */
  readonly noted?: JsonValue;
}

/** A stored finding of the policy room; its content is that room's business. */
export interface StoredSnapshot {
  /** SHA-256 (hex) of the canonical JSON. */
  readonly id: string;
  readonly domain: string;
  readonly content: JsonValue;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** A (day, report domain) with sessions, as `status` and the closing of days need it. */
export interface DomainDay {
  readonly day: Day;
  readonly domain: string;
  readonly sessions: number;
  readonly failures: number;
  /** Sessions that came after the report was built. */
  readonly late: number;
  readonly unattributed: number;
  /** The newest revision built, 0 if none. */
  readonly revision: number;
  readonly demand?: Demand;
}

/** Thrown by `freeze` when sessions were added since the report was built: build it again. */
export class StaleReport extends Error {}

/** A domain with tallies that no snapshot was given to yet. */
export interface UnattributedDomain {
  readonly domain: string;
  /** Start of the first and of the last such hour, UTC ms. */
  readonly fromHour: number;
  readonly toHour: number;
  /** The log itself proves DANE, or MTA-STS, for some of them: its policy is worth looking up, honoured here or not. */
  readonly provenDane?: true;
  readonly provenSts?: true;
}

/**
 * Everything kept: segments and positions, open sessions, tallies, snapshots, reports, outbox. Two engines implement
 * it. Every method is one transaction; those that change state are durable when they return.
 * All methods raise {@link Problem} with EXIT.tryAgain when the store is locked or away, EXIT.cannotWrite when it
 * cannot be written.
 */
export interface Ledger {
  /** Many hosts may use it: what is for all of them is done by the one that leads. */
  readonly shared: boolean;

  /** Made once, at random, and kept: part of every report-id. */
  instance(): Promise<string>;

  /** Finds or makes the log and returns all that is known of it. */
  log(host: string, parser: string, name: string): Promise<Log>;
  logs(): Promise<Log[]>;
  /** The segments a host's parser has read, whatever their log: identity goes over names. */
  segments(host: string, parser: string): Promise<Segment[]>;
  /** Commits to the logs of a host's parser so far: while it is the same, so are its segments and positions. */
  commits(host: string, parser: string): Promise<number>;
  openRows(logId: number): Promise<OpenRow[]>;
  /**
   * Sessions of days that the host brings by file are not counted: see {@link leftOut}.
   * @throws StalePosition, OverlapError
   */
  commit(batch: IngestBatch): Promise<{ readonly segmentId: number | undefined; readonly version: number }>;

  /** Days with any tally, oldest first. */
  days(): Promise<Day[]>;
  /** Per report domain of the given days (all days when absent); sessions that carried own reports are left out. */
  domainDays(filter?: { readonly day?: Day; readonly domain?: string }): Promise<DomainDay[]>;
  /** The days as a whole, oldest first; cheap, however many tallies they have. */
  daySums(): Promise<DaySum[]>;
  tallies(filter: { readonly day?: Day; readonly domain?: string }): Promise<Tally[]>;
  /** Other people's sessions, summed up by day, domain and MX host; oldest day first. */
  sessionSums(filter?: SessionFilter): Promise<SessionSum[]>;
  /** The same without domains: as short as a monitor needs it. */
  trafficSums(): Promise<TrafficSum[]>;
  /** How it went, day by day from `since` on, with the domains that had a failure on `failing` or later, and `also` these. */
  failingDomains(since: Day, failing: Day, also?: readonly string[]): Promise<DomainOutcome[]>;
  /** Sessions in the ledger that are known to have carried reports of ours. */
  ownSessions(): Promise<number>;
  /** What became of the reports of each day, without their bytes. */
  outboxSums(): Promise<OutboxSum[]>;
  /** Outbox rows that could have been tried at `before` (UTC ms) already, and still are to be. */
  unsent(before: number): Promise<Unsent>;
  /** The newest outbox rows in some states with the reports they carry, at most `limit`. */
  fates(states: readonly OutboxState[], limit: number): Promise<Fate[]>;
  /** Reading hosts (with parser) whose log calls some peer Trusted or Verified: trust anchors exist there at all. */
  trustingHosts(): Promise<{ readonly host: string; readonly parser: string }[]>;
  /** Domains having tallies with no snapshot yet in hours from `sinceHour` (UTC ms) on, oldest hour first. */
  unattributed(limit: number, sinceHour?: number): Promise<UnattributedDomain[]>;
  /** Stores the snapshot and gives it to the domain's unattributed tallies of the hours from..to (inclusive). */
  attribute(
    snapshot: Omit<StoredSnapshot, 'firstSeen' | 'lastSeen'>,
    seenAt: number,
    fromHour: number,
    toHour: number,
  ): Promise<void>;
  snapshots(ids: readonly string[]): Promise<Map<string, StoredSnapshot>>;
  /** The newest snapshots of a domain, last seen first. */
  snapshotsOf(domain: string): Promise<StoredSnapshot[]>;

  /** A cached value of the policy room (an MTA-STS policy, a demand), by kind and name. */
  cached(
    kind: string,
    name: string,
  ): Promise<{ readonly value: JsonValue; readonly until: number } | undefined>;
  cache(kind: string, name: string, value: JsonValue, until: number): Promise<void>;

  /** Remembers what a report domain asked for on a day. */
  rememberDemand(day: Day, domain: string, demand: Demand, at: number): Promise<void>;
  /**
   * Freezes a report and the tallies of its day and domain that are in it, and queues it for every rua, in one
   * transaction. A second call for the same (day, domain, revision) changes nothing and returns the first.
   * @param sessions what the report's tallies held when it was built
   * @throws StaleReport when they hold other sessions by now
   */
  freeze(
    report: Omit<StoredReport, 'id'>,
    tallyIds: readonly number[],
    outbox: readonly Pick<OutboxRow, 'rua' | 'state' | 'notBefore'>[],
    sessions?: number,
  ): Promise<StoredReport>;
  /** The newest revision, or the asked one. */
  report(day: Day, domain: string, revision?: number): Promise<StoredReport | undefined>;
  reportById(id: number): Promise<StoredReport | undefined>;
  /** Rows to be tried at `now`: due, retry and (left over from a crash) sending. */
  dueOutbox(now: number, limit: number): Promise<OutboxRow[]>;
  outbox(filter?: {
    readonly reportId?: number;
    readonly states?: readonly OutboxState[];
  }): Promise<OutboxRow[]>;
  /**
   * Changes a row if it is still in the state the caller saw; false if it is not (somebody else has it).
   * Durable before it returns: it is the commit before handing over.
   * @param attempts where given, the row must have had so many too: of two who find a row left over in `sending`,
   *   one alone gets it
   */
  moveOutbox(id: number, from: OutboxState, change: OutboxChange, attempts?: number): Promise<boolean>;

  /** Small named values: the time of the last look-up, the flag that Postfix reports already. */
  note(name: string): Promise<JsonValue | undefined>;
  setNote(name: string, value: JsonValue): Promise<void>;
  /** Sets a note if it still is what the caller saw; false if somebody else has changed it. */
  exchangeNote(name: string, seen: JsonValue | undefined, value: JsonValue): Promise<boolean>;
  dropNotes(names: readonly string[]): Promise<void>;
  noteNames(): Promise<string[]>;

  /**
   * Drops the tallies, reports and outbox rows of days before `day` that were read before `ingestedBefore` (UTC ms), but
   * for days with a report still to be sent that was built or released since then. Positions stay.
   */
  prune(day: Day, ingestedBefore: number): Promise<{ readonly tallies: number; readonly reports: number }>;
  /**
   * Drops what else nobody will ask for: what is left of days before `day` without tallies, snapshots that no tally has
   * and hosts not seen since `before`, open sessions of logs not read since then, cached values no longer valid at `now`
   * (UTC ms). Positions stay. Then gives back the space that has come free, where it is much.
   */
  tidy(day: Day, before: number, now: number): Promise<void>;
  /**
   * Merges what a host without a way to this ledger has counted for a day; the same again changes nothing.
   * @param at UTC ms
   * @throws Problem (data) when the host has read sessions of that day into this ledger itself
   */
  importHostDay(part: HostDay, at: number): Promise<ImportResult>;

  /** Notes that a host uses this ledger. @param program its version @param at UTC ms */
  checkIn(host: string, program: string, at: number): Promise<void>;
  /** The hosts that ever did, by name. */
  hosts(): Promise<FleetHost[]>;
  /** How far this machine's clock is ahead of a shared ledger's, ms; undefined where both are one. */
  clockAhead(): Promise<number | undefined>;
  /** The sessions of each host on the days from `since` on, own reports' included. */
  hostSums(since: Day): Promise<HostSum[]>;
  /** The sessions that hosts have read themselves of days that they bring by file: they were not counted again. */
  leftOut(): Promise<LeftOut[]>;
  /**
   * Does what is to be done by one host of a fleet alone (looking policies up, closing days, sending); undefined when
   * another is at it. Should two ever lead at once, nothing is sent twice: every step is guarded by itself.
   * @param work is to stop early when the signal aborts, for then another may have taken over
   */
  lead<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;

  /**
   * Takes the right to read logs into this ledger, which one process of a host has at a time, or tells who has it. That
   * nothing counts twice does not depend on it: it spares two processes from doing the same work.
   */
  holdReading(reader: Reader): Promise<Hold>;

  /** Bytes the ledger takes; undefined where the engine cannot tell. */
  size(): Promise<number | undefined>;
  close(): Promise<void>;
}
