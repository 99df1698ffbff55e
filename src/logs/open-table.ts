import type { OpenRow } from '../ledger/ledger.ts';
import type { JsonObject, OpenSessions } from '../parser.ts';
import { type Course, CourseNotes } from './course.ts';
import { type Entry, type HostClock, listOf, newClock, newEntry } from './open-entry.ts';
import {
  clockRow,
  clockRowKey,
  entryRow,
  entryRowKey,
  keyOfRow,
  readRows,
  type StoredEntry,
} from './open-rows.ts';

/** A line's stamp this much earlier than its host's last one means that the host's clock was set back. */
const CLOCK_STEP_MS = 3_600_000;
const DEFAULT_LIMIT = 100_000;
/** Keys that a map takes at least before it is made anew. */
const FRESH_KEYS = 256;

/** The bounds of a table. */
export interface OpenTableOptions {
  /** Silence, in log time, after which a key is over, unless it was set with its own. */
  readonly idleSeconds: number;
  /** Called once for each key that is over, before it is dropped. */
  readonly idle?: (key: string, open: JsonObject) => void;
  /** Keys kept at most: beyond it the least recently set tenth is ended. */
  readonly limit?: number;
  /** Told the host of the lines that follow, whenever it is another one. */
  readonly onHost?: (host: string) => void;
}

/** What changed since the last time of asking, as the ledger writes it down. */
export interface OpenChanges {
  readonly changed: OpenRow[];
  readonly deleted: string[];
}

/** Of a row that is told to another table: its key began when it did there. */
export const AS_BEFORE = Number.NEGATIVE_INFINITY;

/**
 * The open-sessions table of one log. Time is log time, told by {@link advance} before every entry, and each host of
 * a collector's file has its own, for their clocks differ. A key is ended at the first line of its host that comes
 * too late for it, so the outcome depends on the lines alone, however often the table was written down between them.
 */
export class OpenTable implements OpenSessions {
  readonly #options: OpenTableOptions;
  readonly #limit: number;
  #entries = new Map<string, Entry>();
  /** Keys added since the map was made. */
  #added = 0;
  readonly #hosts = new Map<string, HostClock>();
  #changed: Entry[] = [];
  readonly #movedClocks = new Set<HostClock>();
  readonly #deleted = new Set<string>();
  #host: HostClock = newClock('', 0);
  #lineTime = 0;
  #sequence = 0;
  /** Since the last {@link beginAnew}. */
  readonly #course = new CourseNotes();

  constructor(options: OpenTableOptions) {
    this.#options = options;
    this.#limit = options.limit ?? DEFAULT_LIMIT;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Keys it may hold. */
  get limit(): number {
    return this.#limit;
  }

  /** What happened since the last {@link beginAnew}. */
  get course(): Course {
    return { ...this.#course };
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** A line of `host` with this stamp (UTC ms) is about to be read: ends what it comes too late for. */
  advance(time: number, host: string): void {
    this.#lineTime = time;
    if (this.#host.host !== host) {
      this.#options.onHost?.(host);
      this.#host = this.#hosts.get(host) ?? newClock(host, time);
    }
    const clock = this.#host;
    if (clock.size === 0) clock.now = time;
    else if (time > clock.now) this.#moveOn(clock, time);
    else if (time < clock.now) this.#comeLate(clock, time);
  }

  get(key: string): JsonObject | undefined {
    return this.#entries.get(key)?.open;
  }

  set(key: string, open: JsonObject, idleSeconds = this.#options.idleSeconds): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#add(key, open, idleSeconds);
    else this.#change(entry, open, idleSeconds);
  }

  renew(key: string, open: JsonObject): void {
    this.set(key, open);
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.since = this.#lineTime;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#drop(entry);
  }

  /** Begin (UTC ms of its first line) of the oldest open session; facts, which outlive sessions, do not count. */
  oldest(): number | undefined {
    let oldest: number | undefined;
    for (const { idleSeconds, since } of this.#entries.values()) {
      if (idleSeconds > this.#options.idleSeconds) continue;
      if (oldest === undefined || since < oldest) oldest = since;
    }
    return oldest;
  }

  /** Ends every key, the least recently set first: the log is over. */
  endAll(): void {
    for (const entry of this.#leastRecentFirst()) this.#end(entry);
  }

  /** The rows to write down and to delete since the last call. Their values are live: write them before reading on. */
  takeChanges(): OpenChanges {
    const changed: OpenRow[] = [];
    for (const entry of this.#changed) {
      entry.saved = true;
      changed.push(entryRow({ ...entry, host: entry.host.host }));
    }
    for (const clock of this.#movedClocks) {
      if (clock.size === 0) continue;
      clock.saved = true;
      changed.push(clockRow(clock));
    }
    for (const row of changed) this.#deleted.delete(row.key);
    const deleted = [...this.#deleted];
    this.#forgetChanges();
    return { changed, deleted };
  }

  /** All that is in it, as the ledger would write it down; the values are live. */
  rows(): OpenRow[] {
    const entries = [...this.#entries.values()].map((entry) => entryRow({ ...entry, host: entry.host.host }));
    return [...entries, ...[...this.#hosts.values()].map(clockRow)];
  }

  /**
   * What changes from now on is to be told to another table that holds the same: {@link takeChanges} tells that alone,
   * and of a key that was there already and was not renewed that it began {@link AS_BEFORE}.
   */
  beginAnew(): void {
    this.takeChanges();
    this.#course.beginAnew(this.#entries.size);
    for (const entry of this.#entries.values()) entry.since = AS_BEFORE;
  }

  /**
   * Takes over what changed in another table since it held the same, as if the lines had been read here; what only this
   * one holds ends when it falls idle. No clock may have been set back there.
   */
  adopt({ changed, deleted }: OpenChanges): void {
    for (const row of deleted) {
      const key = keyOfRow(row);
      if (key !== undefined) this.delete(key);
    }
    const { entries, clocks } = readRows(changed);
    for (const stored of entries) this.#take(stored);
    for (const { host, now } of clocks) {
      const clock = this.#hosts.get(host);
      if (clock !== undefined && now > clock.now) this.#moveOn(clock, now);
    }
    // The next line tells whose it is.
    this.#host = newClock('', 0);
  }

  /** Replaces everything by what was written down; rows of a foreign shape are passed over. */
  load(rows: readonly OpenRow[]): void {
    const { entries, clocks } = readRows(rows);
    this.#entries.clear();
    this.#hosts.clear();
    this.#host = newClock('', 0);
    this.#sequence = 0;
    const times = new Map(clocks.map(({ host, now }) => [host, now]));
    for (const stored of entries) {
      const now = times.get(stored.host);
      const host = this.#hosts.get(stored.host) ?? newClock(stored.host, now ?? stored.time);
      host.saved = now !== undefined;
      const entry = newEntry(stored, host, true);
      this.#entries.set(stored.key, entry);
      this.#link(entry);
      this.#sequence = stored.sequence;
    }
    this.#forgetChanges();
  }

  #take(stored: StoredEntry): void {
    const { key, open, time, idleSeconds } = stored;
    const host = this.#hosts.get(stored.host) ?? newClock(stored.host, time);
    const known = this.#entries.get(key);
    const since = stored.since === AS_BEFORE ? (known?.since ?? time) : stored.since;
    const sequence = ++this.#sequence;
    const entry = known ?? newEntry({ key, open, time, since, idleSeconds, sequence }, host, false);
    if (known === undefined) this.#entries.set(key, entry);
    else this.#unlink(known);
    Object.assign(entry, { open, host, time, since, idleSeconds, sequence, list: listOf(host, idleSeconds) });
    this.#link(entry);
    this.#noteChange(entry);
  }

  #moveOn(clock: HostClock, time: number): void {
    clock.now = time;
    this.#movedClocks.add(clock);
    for (const [idleSeconds, list] of clock.lists) {
      const limit = time - idleSeconds * 1000;
      while (list.oldest !== undefined && list.oldest.time < limit) this.#end(list.oldest);
    }
  }

  #comeLate(clock: HostClock, time: number): void {
    this.#course.fewestLate = Math.min(this.#course.fewestLate, clock.size);
    if (time < clock.now - CLOCK_STEP_MS) this.#setBack(clock, time);
  }

  /** What was set at a time that now lies ahead counts as set now: it would not fall idle before that otherwise. */
  #setBack(clock: HostClock, time: number): void {
    this.#course.wasSetBack = true;
    clock.now = time;
    this.#movedClocks.add(clock);
    for (const list of clock.lists.values()) {
      for (let entry = list.newest; entry !== undefined && entry.time > time; entry = entry.older) {
        entry.time = time;
        this.#noteChange(entry);
      }
    }
  }

  #add(key: string, open: JsonObject, idleSeconds: number): void {
    const since = this.#lineTime;
    const sequence = ++this.#sequence;
    const stored = { key, open, time: this.#host.now, since, idleSeconds, sequence };
    const entry = newEntry(stored, this.#host, false);
    this.#entries.set(key, entry);
    this.#link(entry);
    this.#noteChange(entry);
    this.#course.most = Math.max(this.#course.most, this.#entries.size);
    if (++this.#added > Math.max(FRESH_KEYS, this.#entries.size)) this.#renewMap();
    if (this.#entries.size > this.#limit) this.#endLeastRecent();
  }

  /**
   * Whenever V8 moves a map to another place, the old one points to it. Of a map in which keys come and go all places it
   * ever had, with what was in them, would live until a full collection, were it not made anew.
   */
  #renewMap(): void {
    this.#entries = new Map(this.#entries);
    this.#added = 0;
  }

  #change(entry: Entry, open: JsonObject, idleSeconds: number): void {
    const host = this.#host;
    entry.open = open;
    entry.time = host.now;
    entry.sequence = ++this.#sequence;
    if (entry.host === host && entry.idleSeconds === idleSeconds) {
      entry.list.remove(entry);
      entry.list.append(entry);
    } else {
      this.#unlink(entry);
      entry.host = host;
      entry.idleSeconds = idleSeconds;
      entry.list = listOf(host, idleSeconds);
      this.#link(entry);
    }
    this.#noteChange(entry);
  }

  #noteChange(entry: Entry): void {
    if (entry.changedAt < 0) entry.changedAt = this.#changed.push(entry) - 1;
  }

  /** The last one takes its place. */
  #forgetChange(entry: Entry): void {
    const last = this.#changed.pop();
    if (last === undefined || last === entry) return;
    this.#changed[entry.changedAt] = last;
    last.changedAt = entry.changedAt;
  }

  #link(entry: Entry): void {
    const { host } = entry;
    entry.list.append(entry);
    host.size += 1;
    if (host.size > 1) return;
    this.#hosts.set(host.host, host);
    this.#movedClocks.add(host);
  }

  #unlink(entry: Entry): void {
    const { host } = entry;
    entry.list.remove(entry);
    host.size -= 1;
    if (host.size > 0) return;
    this.#course.wasEmptied = true;
    this.#hosts.delete(host.host);
    host.lists.clear();
    if (host.saved) this.#deleted.add(clockRowKey(host.host));
  }

  #end(entry: Entry): void {
    this.#options.idle?.(entry.key, entry.open);
    this.#drop(entry);
  }

  #drop(entry: Entry): void {
    this.#unlink(entry);
    this.#entries.delete(entry.key);
    if (entry.changedAt >= 0) this.#forgetChange(entry);
    if (entry.saved) this.#deleted.add(entryRowKey(entry.key));
  }

  #endLeastRecent(): void {
    const excess = this.#entries.size - Math.floor(this.#limit * 0.9);
    for (const entry of this.#leastRecentFirst().slice(0, excess)) this.#end(entry);
  }

  #leastRecentFirst(): Entry[] {
    return [...this.#entries.values()].sort((a, b) => a.sequence - b.sequence);
  }

  #forgetChanges(): void {
    for (const entry of this.#changed) entry.changedAt = -1;
    this.#changed = [];
    this.#movedClocks.clear();
    this.#deleted.clear();
  }
}
