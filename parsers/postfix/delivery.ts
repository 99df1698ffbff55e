import { isLoopback, type PolicyTypeHint } from 'maillog-tlsrpt/parser';
import { type Connection, isSameServer, newConnection, type Outcome } from './connection.ts';
import { reasonOf } from './cut-reason.ts';
import type { DeliveryLine } from './delivery-line.ts';
import { isBare, logsTls, type Witness, wentInClear } from './inference.ts';
import { isConfigured } from './next-hop.ts';
import { notice } from './notices.ts';
import { claimNote, isUnnamedBroken, nameBroken } from './proxy-claims.ts';
import type { Reading } from './reading.ts';
import type { Reason } from './reasons.ts';
import {
  bind,
  complete,
  dropContradicted,
  dropStale,
  isFurtherRecipient,
  meet,
  type Request,
  retire,
} from './request.ts';
import { preventedSession } from './session-builder.ts';
import { BARE_LIMIT, factsOf, learn } from './tag-facts.ts';
import { contextOf, emitNative, tell, tellPrevented } from './telling.ts';
import { hintOf, type TlsField, verdictOf } from './tls-field.ts';
import { judge } from './verdict.ts';

/** A delivery line names the domain its request waited for: all its sessions so far are told now. */
export function takeDelivery(reading: Reading, request: Request, queueId: string, line: DeliveryLine): void {
  const { entry } = reading;
  const { domain } = line;
  const reason = reasonOf(line);
  if (line.tls !== undefined) learn(reading, { field: true });
  dropStale(request, line.relay?.name, line.relay?.port ?? '');
  if (reason !== undefined) dropContradicted(request, reason);
  for (const stale of bind(request, queueId)) emitNative(reading, stale);
  const { current } = request;
  if (current === undefined && isFurtherRecipient(request, line, entry.time, domain)) {
    if (domain !== request.last?.domain) noteSmartHost(reading, line);
    return;
  }
  if (line.relay !== undefined && line.relay.port !== '25') noteSmartHost(reading, line);
  const connection = connectionOf(request, line, entry.time);
  const prevented = request.prevented.length;
  const retried =
    connection !== undefined && isPlainRetry(connection, line, reason) ? connection.name : undefined;
  // What tlsproxy said of the last server is not to be taken for one of those before.
  const claimed =
    connection !== undefined && connection.reused !== true && claimNote(reading, connection, reason, domain);
  tellPast(reading, request, domain, retried);
  if (connection !== undefined) tellLast(reading, request, { connection, claimed }, line, reason, domain);
  else if (reason?.kind === 'policy' && prevented === 0) tellPolicyReason(reading, request, reason, domain);
  settle(request, line, entry.time, domain);
}

/** Postfix groups recipients by next hop, so two domains in one session, or an odd port, mean a smart host. */
function noteSmartHost({ entry, open, settings }: Reading, { relay }: DeliveryLine): void {
  const peer = relay === undefined ? undefined : settings.peers.of(relay.name);
  if (relay === undefined || peer === undefined || isLoopback(peer.address)) return;
  if (!isConfigured(peer, relay.port, settings.nextHops)) notice(entry, open, 'next-hop-unknown');
}

/** The connection the line is of; a new one if no line told of it yet, undefined if there was none. */
function connectionOf(
  request: Request,
  { relay, reused }: DeliveryLine,
  time: number,
): Connection | undefined {
  const { current } = request;
  const isCurrent =
    current !== undefined &&
    relay !== undefined &&
    current.outcome === undefined &&
    isSameServer(current, relay.name, relay.port);
  if (!isCurrent) retire(request);
  delete request.current;
  if (relay === undefined) return undefined;
  const connection = isCurrent ? current : newConnection(relay, time);
  complete(connection, relay);
  // The handshake of a connection that carried mail before was told to whoever opened it.
  if (reused && connection.native === undefined) connection.reused = true;
  return connection;
}

/** Whether the mail went, as it seems, in clear text: maybe because a handshake with the same server had broken. */
function isPlainRetry(
  { established, broken, certificate, unusable, native, reused }: Connection,
  { tls }: DeliveryLine,
  reason: Reason | undefined,
): boolean {
  if ((established ?? broken ?? certificate ?? unusable ?? native ?? reused) !== undefined) return false;
  if (tls !== undefined) return verdictOf(tls) === 'plaintext';
  return reason?.kind === 'other' || reason?.kind === 'lost';
}

/** What the line proves of its own connection: its other lines, its reason, its `tls=`, or the lack of any word of TLS. */
function tellLast(
  reading: Reading,
  request: Request,
  { connection, claimed }: { connection: Connection; claimed: boolean },
  line: DeliveryLine,
  reason: Reason | undefined,
  domain: string | undefined,
): void {
  if (connection.reused === true) {
    meet(request, connection.name);
    return;
  }
  const isOurFault =
    request.localFault === true &&
    reason?.kind === 'handshake' &&
    connection.broken === undefined &&
    !claimed;
  const proven = isOurFault ? undefined : withField(judge(connection, reason), line);
  if (proven === undefined) {
    tellBroken(reading, request, connection, line, domain);
    const inferred = inferredOutcome(reading, request, line, reason);
    if (inferred !== undefined) tell(reading, request, connection, inferred, domain, hintFor(line, inferred));
    return;
  }
  meet(request, connection.name);
  tell(reading, request, connection, proven, domain, hintFor(line, proven));
}

/**
 * smtp(8) tries a server a second time, in clear text, only if TLS with it failed or broke. So where the first
 * connection was lost and `may:none` follows, its handshake had gone well, though log level 0 showed no line of it.
 */
function tellBroken(
  reading: Reading,
  request: Request,
  { name, port }: Connection,
  { tls }: DeliveryLine,
  domain: string | undefined,
): void {
  const before = request.lost?.find((lost) => lost.name === name);
  if (before === undefined || tls === undefined || verdictOf(tls) !== 'plaintext') return;
  // Where TLS leaves a line, a connection without one was in clear text too: kept open from another message, say.
  if (logsTls({ settings: reading.settings, facts: factsOf(reading) })) return;
  tell(reading, request, { name, port, time: before.time }, { basis: 'tls-field' }, domain, undefined);
  delete request.lost;
}

/** `tls=` proves a policy type of this connection only where it is of this connection, not of a retry in clear text. */
function hintFor({ tls }: DeliveryLine, { fault }: Outcome): PolicyTypeHint | undefined {
  if (tls === undefined) return undefined;
  const agrees =
    fault === undefined
      ? isWordOfTls(tls)
      : fault.type === 'starttls-not-supported' && verdictOf(tls) === 'plaintext';
  return agrees ? hintOf(tls) : undefined;
}

/** Whether `tls=` agrees with a success. */
export function isWordOfTls(tls: TlsField): boolean {
  return verdictOf(tls) === 'tls';
}

/** `tls=` speaks where no other line does, and where the warning before a good handshake was lost. */
function withField(judged: Outcome | undefined, line: DeliveryLine): Outcome | undefined {
  const fielded = fieldOutcome(line);
  const isGood = judged?.basis === 'tls-line' && judged.fault === undefined;
  return judged === undefined || (isGood && fielded?.fault !== undefined) ? fielded : judged;
}

function fieldOutcome({ tls }: DeliveryLine): Outcome | undefined {
  if (tls === undefined) return undefined;
  const verdict = verdictOf(tls);
  if (verdict === 'tls') return { basis: 'tls-field' };
  if (verdict !== 'tlsa-unusable') return undefined;
  const fault = { type: 'tlsa-invalid', reason: 'all-TLSA-records-unusable', hint: 'tlsa' } as const;
  return { basis: 'tls-field', fault };
}

function inferredOutcome(
  reading: Reading,
  request: Request,
  line: DeliveryLine,
  reason: Reason | undefined,
): Outcome | undefined {
  const { entry, options, settings } = reading;
  const facts = factsOf(reading);
  const midStream = options.midStream === true;
  const witness: Witness = { entry, line, reason, request, facts, settings, midStream };
  const clear = options.inferPlaintext !== false && wentInClear(witness);
  if (isBare(witness)) learn(reading, { bare: Math.min((facts.bare ?? 0) + 1, BARE_LIMIT) });
  return clear ? { basis: 'inferred', fault: { type: 'starttls-not-supported' } } : undefined;
}

/** The sessions with servers tried before, and those that a policy failure prevented. */
export function tellPast(
  reading: Reading,
  request: Request,
  domain: string | undefined,
  retried: string | undefined,
): void {
  nameBroken(reading, request, domain, retried);
  for (const connection of request.past) {
    if (isUnnamedBroken(connection)) request.unknownBroken = true;
    const outcome = connection.native === undefined ? connection.outcome : judge(connection, undefined);
    if (outcome !== undefined) tell(reading, request, connection, outcome, domain, undefined);
  }
  if (request.prevented.length > 0) {
    tellPrevented(reading.emit, request, contextOf(reading, request, domain));
    request.prevented = [];
  }
  if (request.past.length > 0) request.past = [];
}

/** The warning that names domain and host is missing; the reason still tells the fault. */
function tellPolicyReason(
  reading: Reading,
  request: Request,
  { fault, host }: Reason,
  domain: string | undefined,
): void {
  if (fault === undefined || domain === undefined) return;
  const context = contextOf(reading, request, domain);
  reading.emit(preventedSession({ domain, host, fault }, reading.entry.time, context));
}

/** Keeps what is needed to know the lines of further recipients. */
function settle(
  request: Request,
  { relay, delays }: DeliveryLine,
  time: number,
  domain: string | undefined,
): void {
  request.last = {
    name: relay?.name ?? '',
    port: relay?.port ?? '',
    delays,
    time,
    ...(domain !== undefined && { domain }),
  };
  delete request.hidden;
  delete request.begun;
  delete request.localFault;
}
