import type { JsonObject } from '../parser.ts';
import type { StoredEntry } from './open-rows.ts';
import { RecencyList, type RecencyNode } from './recency-list.ts';

/** A key of the open-sessions table, in memory. */
export interface Entry extends RecencyNode<Entry> {
  readonly key: string;
  open: JsonObject;
  host: HostClock;
  /** Where it stands among those of its host and silence. */
  list: IdleList;
  time: number;
  since: number;
  idleSeconds: number;
  sequence: number;
  /** It has a row in the ledger. */
  saved: boolean;
  /** Its place among those that changed since the last time of asking; -1 if it did not. */
  changedAt: number;
}

type IdleList = RecencyList<Entry>;

/** The log time of one host, and its keys, least recently set first, by the silence they bear. */
export interface HostClock {
  readonly host: string;
  now: number;
  size: number;
  saved: boolean;
  readonly lists: Map<number, IdleList>;
}

/** The clock of a host from which nothing was read yet; `now` in UTC ms. */
export function newClock(host: string, now: number): HostClock {
  return { host, now, size: 0, saved: false, lists: new Map() };
}

/** The keys of a host that bear the same silence. */
export function listOf({ lists }: HostClock, idleSeconds: number): IdleList {
  let list = lists.get(idleSeconds);
  if (list === undefined) {
    list = new RecencyList<Entry>();
    lists.set(idleSeconds, list);
  }
  return list;
}

/** Written out, for tables of millions make millions of them. */
export function newEntry(stored: Omit<StoredEntry, 'host'>, host: HostClock, saved: boolean): Entry {
  const { key, open, time, since, idleSeconds, sequence } = stored;
  return {
    key,
    open,
    host,
    list: listOf(host, idleSeconds),
    time,
    since,
    idleSeconds,
    sequence,
    saved,
    changedAt: -1,
    older: undefined,
    newer: undefined,
  };
}
