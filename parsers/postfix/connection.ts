import type { Basis, PeerTrust } from 'maillog-tlsrpt/parser';
import type { PeerText } from './peer.ts';
import type { Fault } from './reasons.ts';

/** What native TLSRPT said of a connection. */
export type NativeWord = {
  time: number;
  domain: string;
  /** Absent for a success. */
  fault?: Fault;
};

/** How a connection ended, once a line told. */
export type Outcome = {
  basis: Basis;
  /** Absent for a success. */
  fault?: Fault;
};

/** One connection of an smtp process, as its lines have told so far. JSON: it stands in the open-sessions table. */
export type Connection = {
  /** `H[A]`; empty where no line names the server (a broken handshake behind tlsproxy). */
  name: string;
  port: string;
  /** UTC ms of the first line that proves a session. */
  time: number;
  /** Time of the summary line: TLS stands. */
  established?: number;
  trust?: PeerTrust;
  version?: string;
  resumed?: boolean;
  /** Time of `SSL_connect error`. */
  broken?: number;
  /** The verdict on the certificate, printed before the summary; it counts only if a match was demanded. */
  certificate?: Fault;
  /** TLSA records (fingerprints, trust anchors) that could not be used: reported at once by native. */
  unusable?: Fault;
  native?: NativeWord;
  /** Behind tlsproxy native told of a certificate of this server when TLS was made: maybe of this session's. */
  told?: true;
  /** An old connection taken up again: no handshake. */
  reused?: true;
  /** The queue id of the request it belongs to has been seen. */
  bound?: true;
  /** Set when a line told how it ended and that another server is tried. */
  outcome?: Outcome;
};

/** The kinds of lines that tell of a connection, each at most once, in the order Postfix prints them. */
export type Part = 'unusable' | 'certificate' | 'broken' | 'established' | 'reused' | 'native';

/** Whether both name the same server; what a line leaves out (TLSRPT the port, seldom the server) fits any. */
export function isSameServer(
  connection: Pick<Connection, 'name' | 'port'>,
  name: string,
  port: string,
): boolean {
  const isName = connection.name === name || name === '' || connection.name === '';
  return isName && (port === '' || connection.port === '' || connection.port === port);
}

/**
 * Whether a line of this kind can still belong to the connection. Postfix prints what failed before the summary and
 * native's success or late failure after it, so what comes out of order is of a new connection to the same server.
 */
export function accepts(connection: Connection, part: Part): boolean {
  if (connection.outcome !== undefined || connection.reused === true) return false;
  if (part === 'native') return connection.native === undefined;
  if (part === 'reused' || connection.established !== undefined) return false;
  if (connection.native !== undefined && connection.native.fault === undefined) return false;
  return connection.broken === undefined || part === 'certificate';
}

/** A connection that a line at `time` is the first to tell of. */
export function newConnection(peer: Pick<PeerText, 'name' | 'port'>, time: number): Connection {
  return { name: peer.name, port: peer.port, time };
}
