import { type Connection, isSameServer, newConnection } from './connection.ts';
import { claimNote, nameBroken } from './proxy-claims.ts';
import type { Reading } from './reading.ts';
import { type Reason, readReason } from './reasons.ts';
import {
  bind,
  connectionFor,
  dropContradicted,
  dropStale,
  lose,
  meet,
  type Request,
  retire,
} from './request.ts';
import { emitNative } from './telling.ts';
import { judge } from './verdict.ts';

/**
 * `Q: TEXT`: why a server was given up while another one is left to try (smtp_trouble.c, smtp_bulk_fail). The same
 * texts as in a delivery line; any other text only ties the process to the queue id.
 */
export function takeQueueNote(reading: Reading, request: Request, queueId: string, text: string): void {
  const reason = readReason(text);
  if (reason.peer !== undefined) dropStale(request, reason.peer, '');
  dropContradicted(request, reason, reading.entry.time);
  for (const stale of bind(request, queueId)) emitNative(reading, stale);
  if (reason.kind === 'other') {
    // The mail may yet go to this server for other recipients; the next one has still to show what it offers.
    if (reason.peer !== undefined && request.hidden === true) request.hidden = reason.peer;
    return;
  }
  end(reading, request, reason);
  if (reason.peer !== undefined) meet(request, reason.peer);
  retire(request);
  if (reason.kind === 'handshake') nameBroken(reading, request, undefined, undefined);
  delete request.hidden;
  delete request.localFault;
}

function end(reading: Reading, request: Request, reason: Reason): void {
  const { time } = reading.entry;
  const { current } = request;
  if (reason.peer !== undefined && (current === undefined || !isSameServer(current, reason.peer, ''))) {
    // No line told of this server yet.
    if (reason.kind === 'lost' || reason.kind === 'hello') lose(request, reason.peer, time);
    if (reason.kind !== 'starttls' && reason.kind !== 'requiretls-certificate') return;
    connectionFor(request, { name: reason.peer, port: '' }, 'broken', time).bound = true;
  } else if (reason.kind === 'handshake' && !mayHaveBroken(current)) {
    if (request.localFault === true) return;
    // tlsproxy makes the handshake and smtp names no server: it is found when the domain is known.
    retire(request);
    request.current = unnamed(time);
  } else if (reason.kind === 'certificate') {
    // At log level 0 a name that differs has no line of its own before 3.6.
    request.current ??= unnamed(time);
  }
  const connection = request.current;
  if (connection === undefined) return;
  if (reason.kind === 'certificate' || reason.kind === 'requiretls-certificate') {
    claimNote(reading, connection, reason, undefined);
  }
  const outcome = judge(connection, reason);
  if (outcome !== undefined) connection.outcome = outcome;
}

/** TLS that stood, or was refused, is no broken handshake: it was of the server before. */
function mayHaveBroken(current: Connection | undefined): boolean {
  if (current?.broken !== undefined) return true;
  const fault = current?.native?.fault;
  return fault !== undefined && fault.type !== 'starttls-not-supported';
}

/** A connection of this request of which no line names the server. */
function unnamed(time: number): Connection {
  return { ...newConnection({ name: '', port: '' }, time), bound: true };
}
