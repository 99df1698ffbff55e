import type { LogEntry, OpenSessions, PeerTrust, ResultType } from 'maillog-tlsrpt/parser';
import type { Scheme } from './lines.ts';

/** One connection, from its first line until its last. */
export type Connection = {
  kind: 'connection';
  scheme: Scheme;
  address: string;
  port: string;
  reverse: string;
  tls?: { time: number; version: string };
  trust?: PeerTrust;
  /** The certificate is for another name. */
  mismatch?: true;
  /** The MX host's name, which only a mismatch tells. */
  mx?: string;
  failed?: { time: number; type: ResultType; reason: string };
  /** The recipient domain of its first delivery; the session was told then, if there was one. */
  domain?: string;
  ended?: true;
};

/** Connections that ended before any recipient was tried, oldest first. */
type Unbound = { kind: 'unbound'; ids: string[] };

/** What was ever seen in the lines of one host. */
export type Facts = {
  kind: 'facts';
  delivery?: true;
  tls?: true;
  checked?: true;
  unchecked?: true;
  clearWanted?: true;
  smarthost?: true;
  unbound?: true;
};

/** All kinds of values in the open-sessions table. */
export type Open = Connection | Unbound | Facts;
/** The open-sessions table, as OpenSMTPD's parser uses it. */
export type Table = OpenSessions<Open>;

/** An hour: longer than any step of a connection may last. */
export const IDLE_S = 3600;
/** What ended without a recipient is bound by the lines of the next minutes, or never. */
export const ENDED_S = 900;
/** Facts outlive what taught them by a week. */
const FACTS_S = 7 * 86_400;
/** More connections than this are never waiting at once for the name of their domain. */
const UNBOUND_LIMIT = 50;

/** The table's key of a connection: its id is unique on one host only. */
export function connectionKey(host: string, id: string): string {
  return `c ${host} ${id}`;
}

/** An open connection; undefined where its beginning was not seen. */
export function connectionOf(table: Table, host: string, id: string): Connection | undefined {
  const open = table.get(connectionKey(host, id));
  return open?.kind === 'connection' ? open : undefined;
}

/** The connections of a host that ended before any recipient was tried, and are still waiting. */
export function unboundOf(table: Table, host: string): { id: string; connection: Connection }[] {
  const open = table.get(`u ${host}`);
  if (open?.kind !== 'unbound') return [];
  return open.ids.flatMap((id) => {
    const connection = connectionOf(table, host, id);
    return connection?.ended === true && connection.domain === undefined ? [{ id, connection }] : [];
  });
}

/** Lets a connection wait that ended before any recipient was tried; the oldest goes where there are too many. */
export function addUnbound(table: Table, host: string, id: string): void {
  const ids = unboundOf(table, host).map((waiting) => waiting.id);
  table.set(`u ${host}`, { kind: 'unbound', ids: [...ids, id].slice(-UNBOUND_LIMIT) }, ENDED_S);
}

/** Remembers something about a host; written only when it is news, for it is asked at every line. */
export function learn(table: Table, { host }: LogEntry, fact: Exclude<keyof Facts, 'kind'>): void {
  const key = `f ${host}`;
  const open = table.get(key);
  const facts: Facts = open?.kind === 'facts' ? open : { kind: 'facts' };
  if (facts[fact] === true) return;
  table.set(key, { ...facts, [fact]: true }, FACTS_S);
}

/** The facts of every host. */
export function* allFacts(table: Table, keys: Iterable<string>): Generator<Facts> {
  for (const key of keys) {
    const open = key.startsWith('f ') ? table.get(key) : undefined;
    if (open?.kind === 'facts') yield open;
  }
}
