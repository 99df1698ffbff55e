import { accepts, type Connection, isSameServer, newConnection, type Part } from './connection.ts';
import type { DeliveryLine } from './delivery-line.ts';
import type { PeerText } from './peer.ts';
import type { PolicyFailure } from './policy-lines.ts';
import type { Fault, Reason } from './reasons.ts';
import { judge } from './verdict.ts';

/** More connections than smtp(8) makes for one request (smtp_mx_address_limit 5, each tried again in clear text). */
const MOST_CONNECTIONS = 32;
/** A delivery line so much later is of another request, for the retry of a message waits longer than that. */
const SAME_REQUEST_MS = 60_000;

/** A policy failure waiting for the request's delivery line: a {@link PolicyFailure} in JSON. */
export type OpenPolicyFailure = { domain?: string; host?: string; fault: Fault; time: number };

/** `delays=` has two digits, a stamp may have whole seconds. */
const ROUNDING = 1.1;
const STAMP_MS = 1000;

/** The last delivery line of a process, to know the further recipients of one connection. */
export type LastDelivery = { name: string; port: string; delays: string; time: number; domain?: string };

/**
 * What one smtp process is at: it serves one request (queue id, next hop) at a time and opens connections one after
 * another. JSON: the value under the process's key in the open-sessions table.
 */
export type Request = {
  queueId?: string;
  /** The connection whose lines are being read. */
  current?: Connection;
  /** Connections that ended before another server was tried; their domain is not known yet. */
  past: Connection[];
  /** TLS sessions in a row that no line tied to any message. */
  lonely?: number;
  prevented: OpenPolicyFailure[];
  /** Servers (`H[A]`) that this request had TLS with, or trouble with. */
  met: string[];
  /** Servers whose connection broke without a word of TLS before it (log level 0), and when. */
  lost?: { name: string; time: number }[];
  /** A handshake broke behind tlsproxy, and no line said with which server. */
  unknownBroken?: true;
  /** STARTTLS was hidden or not wanted on this side; the server (`H[A]`) where a later line has named it. */
  hidden?: true | string;
  /** The server TLS was begun with, where no line told yet what came of it (log level 2). */
  begun?: string;
  /** A local fault, after which `Cannot start TLS` tells nothing of the server. */
  localFault?: true;
  last?: LastDelivery;
};

/** A delivery request of which nothing is known yet. */
export function newRequest(): Request {
  return { past: [], prevented: [], met: [] };
}

/** Whether nothing waits for another line: what is kept then only serves to know repetitions. */
export function isSettled({ current, past, prevented }: Request): boolean {
  return current === undefined && past.length === 0 && prevented.length === 0;
}

/** The connection a line tells of: the current one if the line fits it, else a new one. */
export function connectionFor(
  request: Request,
  peer: Pick<PeerText, 'name' | 'port'>,
  part: Part,
  time: number,
): Connection {
  const { current } = request;
  delete request.begun;
  if (current !== undefined && isSameServer(current, peer.name, peer.port) && accepts(current, part)) {
    complete(current, peer);
    return current;
  }
  retire(request);
  delete request.last;
  const connection = newConnection(peer, time);
  request.current = connection;
  return connection;
}

/** Adds what the connection's earlier lines left out of the server. */
export function complete(connection: Connection, peer: Pick<PeerText, 'name' | 'port'>): void {
  if (connection.name === '') connection.name = peer.name;
  if (connection.port === '') connection.port = peer.port;
}

/**
 * The current connection is over. One that no line tied to a queue id cannot be attributed, as its request's own lines
 * were lost, unless native named the domain.
 */
export function retire(request: Request): void {
  const { current } = request;
  delete request.current;
  if (current === undefined || current.reused === true) return;
  if (current.bound !== true && current.native === undefined) {
    if (current.established !== undefined) request.lonely = (request.lonely ?? 0) + 1;
    return;
  }
  const outcome = current.outcome ?? judge(current, { kind: 'other' });
  if (outcome === undefined) return;
  request.past.push({ ...current, outcome });
  if (request.past.length > MOST_CONNECTIONS) request.past.shift();
}

/** Before a line that names a server: a connection with another one that no line tied to this request is stale. */
export function dropStale(request: Request, name: string | undefined, port: string): void {
  const { current } = request;
  if (current === undefined || current.bound === true) return;
  if (name === undefined || !isSameServer(current, name, port)) retire(request);
}

/** A server is given up at once when its handshake broke or its certificate did not do. */
const GIVEN_UP_MS = 10_000;

/**
 * Before a reason that names no server: TLS that stood is no broken handshake, nor the other way round, so the lines
 * that told of this connection were of another request, whose own were lost.
 * @param noted when a note on the message tells the reason: it is written at once
 */
export function dropContradicted(request: Request, { kind }: Reason, noted?: number): void {
  const { current } = request;
  if (current === undefined || current.bound === true || (kind !== 'handshake' && kind !== 'certificate'))
    return;
  const { established, certificate, broken, time } = current;
  const stood = established !== undefined || (certificate !== undefined && broken === undefined);
  const isOther = kind === 'handshake' ? stood : broken !== undefined;
  const last = Math.max(time, established ?? 0, broken ?? 0);
  if (isOther || (noted !== undefined && noted - last > GIVEN_UP_MS)) retire(request);
}

/**
 * A line with a queue id: what its process said before without one is of that request. Returns the connections left
 * over from another request, whose delivery line never came.
 */
export function bind(request: Request, queueId: string): Connection[] {
  let stale: Connection[] = [];
  if (request.queueId !== queueId) {
    if (request.current?.bound === true) retire(request);
    if (request.past.length > 0) {
      stale = request.past.filter(({ bound }) => bound === true);
      request.past = request.past.filter(({ bound }) => bound !== true);
    }
    request.met = [];
    request.queueId = queueId;
    delete request.lonely;
    delete request.last;
    delete request.unknownBroken;
    delete request.lost;
  }
  for (const connection of request.past) connection.bound = true;
  if (request.current !== undefined) {
    request.current.bound = true;
    meet(request, request.current.name);
  }
  return stale;
}

/** Notes a server this request had TLS or trouble with. */
export function meet(request: Request, name: string): void {
  if (name === '' || request.met.includes(name)) return;
  request.met.push(name);
  if (request.met.length > MOST_CONNECTIONS) request.met.shift();
}

/** Notes a server whose connection broke, nobody can tell yet whether within TLS. */
export function lose(request: Request, name: string, time: number): void {
  // Some recipients had been served over it, and their lines told of its TLS.
  if (request.met.includes(name) || request.last?.name === name) return;
  const lost = [...(request.lost ?? []), { name, time }];
  request.lost = lost.slice(-MOST_CONNECTIONS);
}

/** Notes a policy failure once, though Postfix may look the policy up twice in one request. */
export function prevent(request: Request, { domain, host, fault }: PolicyFailure, time: number): void {
  const known = request.prevented.some(
    (other) => other.domain === domain && other.host === host && other.fault.type === fault.type,
  );
  if (known || request.prevented.length >= MOST_CONNECTIONS) return;
  delete request.last;
  request.prevented.push({
    ...(domain !== undefined && { domain }),
    ...(host !== undefined && { host }),
    fault,
    time,
  });
}

/** Whether the line is of a further recipient of the connection that the last delivery line told of. */
export function isFurtherRecipient(
  request: Request,
  line: DeliveryLine,
  time: number,
  domain: string | undefined,
): boolean {
  const { last } = request;
  if (last === undefined || last.delays !== line.delays) return false;
  if (last.name !== (line.relay?.name ?? '') || last.port !== (line.relay?.port ?? '')) return false;
  const gap = time - last.time;
  const duration = line.duration * 1000;
  // Another domain means another request, unless all mail goes to one smart host; then this connection is older than
  // the line before.
  if (domain !== last.domain) return gap < duration * ROUNDING + STAMP_MS;
  return gap - duration <= SAME_REQUEST_MS;
}
