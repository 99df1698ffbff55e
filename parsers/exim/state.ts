import type { Basis, OpenSessions, PeerTrust, PolicyTypeHint, ResultType } from 'maillog-tlsrpt/parser';

/** A session without its time and domain: what all records of one connection share. */
export type SessionCore = {
  outcome: 'success' | 'failure';
  resultType?: ResultType;
  failureReasonCode?: string;
  receivingMxHostname?: string;
  receivingIp?: string;
  sendingMtaIp?: string;
  peerTrust?: PeerTrust;
  tlsVersion?: string;
  /** Absent where the log cannot tell whether DANE applied. */
  policyTypeHint?: PolicyTypeHint;
  basis: Basis;
  resumed?: boolean;
};

/** A connection whose outcome is known; further recipients of it may follow. */
export type Connection = {
  ip: string;
  /** `I=` with port; empty where it is not logged. */
  connection: string;
  /** What its recipients' lines look like: with `X=` or `CV=`, without, or a failure's. */
  kind: 'tls' | 'clear' | 'failed' | 'cutthrough';
  /** Of failures: Exim went on in clear text. */
  fallback: boolean;
  /** A `=>` line of it was seen: another one is another connection. */
  opened: boolean;
  /** Policy domains that have their record; of cutthrough deliveries the recipients' domains. */
  domains: string[];
  /** Of failures: fingerprints of the recipients seen, none of which comes twice in one queue run. */
  recipients: number[];
  /** Of failures: another one of the same host was logged since it was bound. */
  overtaken?: boolean;
  /** Process and time of its last line: what one queue run writes belongs together. */
  pid: number;
  last: number;
  /** The time of its sessions. */
  time: number;
  /** Null: nothing is reported of it. */
  core: SessionCore | null;
  /** Its sessions are guesses, to be guarded (R12); of cutthrough deliveries with what speaks for them. */
  guess: boolean;
  asked?: boolean;
  confirmed?: boolean;
};

/** A failure whose domain is not known yet (R9). */
export type Pending = {
  time: number;
  pid: number;
  ip: string;
  name?: string;
  /** Rules of the lines merged into it. */
  rules: string[];
  /** Null: a fault of our own. */
  verdict: { type: ResultType; reason: string } | null;
  dane: boolean;
  /** Whether DANE applied cannot be told. */
  unsaid: boolean;
  fallback: boolean;
  vague: boolean;
  /** Domain of the first delivery line that followed: the last resort. */
  next?: string;
};

/** A certificate that OpenSSL did not like; it mattered only if the session failed (R8). */
export type Doubt = {
  time: number;
  ip: string;
  name?: string;
  verdict: { type: ResultType; reason: string };
  /** Lines of its kind: more than one means that verification was optional. */
  count: number;
  next?: string;
};

/** A connection as the lines of the event_action snippet tell it. */
export type Live = {
  time: number;
  pid: number;
  ip: string;
  name?: string;
  from: string;
  sendingMtaIp?: string;
  /** Empty where one connection serves several domains. */
  domain: string;
  /** What is known so far: EHLO answered, TLS made, failed, or over without TLS. */
  stage: 'hello' | 'tls' | 'failed' | 'closed';
  offered: boolean;
  /** TLS was on when it closed. */
  tlsAtClose: boolean;
  /** The retry in clear text after a failure, or after a fault of our own. */
  fallback: boolean;
  domains: string[];
  core: SessionCore | null;
  next?: string;
};

/** All that is open of one message. */
export type MessageState = {
  kind: 'message';
  /** It carries a report of ours. */
  own: boolean;
  connections: Connection[];
  pending: Pending[];
  doubts: Doubt[];
  /** F11 lines whose host has not been told yet. */
  unusable: number;
  live: Live[];
  /** Hosts whose next connection of that process is a fallback to clear text (events). */
  fallbacks: { ip: string; pid: number }[];
  /** Hosts under DANE as `dane:fail` events told it. */
  dane: { ip: string; name?: string }[];
};

/** The pieces of one syslog line that have come so far. */
export type PieceState = { kind: 'pieces'; time: number; total: number; count: number; text: string };

/** What the log of one host has shown so far: outlives messages. */
export type FactState = {
  kind: 'facts';
  /** Lines with X=, with CV=, with I=; lines of the snippet; deliveries to remote hosts, to a smart host. */
  cipher: boolean;
  verified: boolean;
  interface: boolean;
  events: boolean;
  remote: boolean;
  smarthost: boolean;
  /** Mail may leave in clear text, so a host for which TLS is required stands out. */
  optional: boolean;
  /** Deliveries over TLS have a C=. */
  confirmation: boolean;
  /** Receivers that took mail in clear text while no TLS had been seen at all. */
  clear: string[];
  /** They were too many to believe that the cause lies with them. */
  none: boolean;
};

/** Clear-text sessions kept back until the log shows that it shows TLS (R12). */
export type HeldState = {
  kind: 'held';
  sessions: { time: number; domain: string; own: boolean; confirmed: boolean; core: SessionCore }[];
};

/** A report of ours that came back. */
export type ReturnedState = { kind: 'returned'; time: number };

/** All kinds of values in the open-sessions table. */
export type Open = MessageState | PieceState | FactState | HeldState | ReturnedState;
/** The open-sessions table, as Exim's parser uses it. */
export type Table = OpenSessions<Open>;

/** Lists of one message that a hostile or endless log could grow are cut at these lengths. */
export const LIMITS = {
  connections: 40,
  pending: 40,
  doubts: 40,
  live: 40,
  domains: 500,
  recipients: 100,
} as const;

/** A message of which nothing is known but that a line names it. */
export function newMessage(): MessageState {
  return {
    kind: 'message',
    own: false,
    connections: [],
    pending: [],
    doubts: [],
    unusable: 0,
    live: [],
    fallbacks: [],
    dane: [],
  };
}

/** A connection of which the first line was just read. */
export function newConnection(
  fields: Pick<Connection, 'kind' | 'ip' | 'connection' | 'pid' | 'last' | 'time' | 'core'>,
): Connection {
  return { fallback: false, opened: false, guess: false, domains: [], recipients: [], ...fields };
}

/** Whether nothing of a message is worth keeping. */
export function isEmpty(state: MessageState): boolean {
  const { own, connections, pending, doubts, unusable, live, fallbacks, dane } = state;
  const entries =
    connections.length + pending.length + doubts.length + live.length + fallbacks.length + dane.length;
  return !own && unusable === 0 && entries === 0;
}

/** Keeps the newest entries of a list, and returns those that had to go. */
export function trim<T>(list: T[], limit: number): T[] {
  return list.length > limit ? list.splice(0, list.length - limit) : [];
}

/** The table's key of a message: its id is unique on one host only. */
export function messageKey(host: string, id: string): string {
  return `m ${host} ${id}`;
}

/** Narrows a value of the table; a value of a foreign shape is taken as absent. */
export function stateOf<K extends Open['kind']>(
  value: Open | undefined,
  kind: K,
): Extract<Open, { kind: K }> | undefined {
  return value !== undefined && value.kind === kind ? (value as Extract<Open, { kind: K }>) : undefined;
}
