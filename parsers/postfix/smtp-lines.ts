import { takeCutDelivery } from './cut-delivery.ts';
import { takeDelivery } from './delivery.ts';
import { readDelivery } from './delivery-line.ts';
import { notice } from './notices.ts';
import { noteReturn } from './own-mail.ts';
import { readPeer } from './peer.ts';
import { readPolicyLookup, readStsMismatch, readUnusable } from './policy-lines.ts';
import { claimAtSummary } from './proxy-claims.ts';
import { leadingQueueId } from './queue-id.ts';
import { takeQueueNote } from './queue-note.ts';
import type { Reading, TextReading } from './reading.ts';
import { connectionFor, prevent, type Request, retire } from './request.ts';
import { isLocalFault, type Rule, ruleOfOther } from './rules.ts';
import { readSummary, type SummaryLine } from './summary-line.ts';
import { LONELY_LIMIT, learn, learnNone, learnSummary } from './tag-facts.ts';
import { readTlsrptLine } from './tlsrpt-line.ts';
import {
  readBegun,
  readCertificateLine,
  readOffered,
  readResumed,
  readResumedUntrusted,
} from './verdict-lines.ts';

/** Reads one line of an smtp process into the request it serves; returns the rule that took it. */
export function readSmtpLine(reading: TextReading, request: Request): Rule {
  const { message } = reading.entry;
  switch (message.charCodeAt(0)) {
    case 65: // A
    case 84: // T
    case 85: // U
    case 86: // V
      return takeTls(reading, request) ?? takeTlsrpt(reading, request) ?? takeQueued(reading, request);
    case 83: // S
      return takeBroken(reading, request) ?? takeQueued(reading, request);
    case 67: // C
    case 99: // c
    case 115: // s
      return (
        takeCertificate(reading, request) ?? takeConnect(reading, request) ?? takeQueued(reading, request)
      );
    case 119: // w
      return takeWarning(reading, request);
    default:
      return takeQueued(reading, request);
  }
}

/** Lines that begin with a queue id, and whatever no other rule took. */
function takeQueued(reading: TextReading, request: Request): Rule {
  const { message } = reading.entry;
  const queueId = leadingQueueId(message);
  if (queueId === undefined) return takeOther(reading, request);
  const at = queueId.length + 2;
  const line = readDelivery(message, at, request.current?.name);
  if (line !== undefined) {
    takeDelivery(reading, request, queueId, line);
    if (line.bounced) noteReturn(reading.entry.time, reading.keys.own, queueId, line.recipient, reading.open);
    return 'delivery';
  }
  if (message.startsWith('to=<', at)) {
    takeCutDelivery(reading, request, queueId, at);
    return 'delivery-cut';
  }
  takeQueueNote(reading, request, queueId, message.slice(at));
  return 'queue-note';
}

function takeTls(reading: TextReading, request: Request): Rule | undefined {
  const line = readSummary(reading.entry.message);
  return line === undefined ? undefined : takeSummary(reading, request, line);
}

/** A TLS session was made, or taken up again. */
export function takeSummary(reading: Reading, request: Request, line: SummaryLine): Rule {
  const { entry } = reading;
  learnSummary(reading, line.peer.name);
  const connection = connectionFor(
    request,
    line.peer,
    line.established ? 'established' : 'reused',
    entry.time,
  );
  if (!line.established) {
    connection.reused = true;
    return 'tls-reused';
  }
  connection.established = entry.time;
  if ((request.lonely ?? 0) >= LONELY_LIMIT) learn(reading, { undelivered: true });
  if (connection.certificate === undefined && connection.unusable === undefined) connection.time = entry.time;
  if (line.trust !== undefined) connection.trust = line.trust;
  if (line.version !== undefined) connection.version = line.version;
  const resumed = connection.resumed ?? line.resumed;
  if (resumed !== undefined) connection.resumed = resumed;
  claimAtSummary(reading, connection);
  return 'tls-established';
}

function takeTlsrpt(reading: TextReading, request: Request): Rule | undefined {
  const { entry, open } = reading;
  const line = readTlsrptLine(entry.message);
  if (line === undefined) return undefined;
  notice(entry, open, 'native-tlsrpt');
  const connection = connectionFor(request, { name: line.peer ?? '', port: '' }, 'native', entry.time);
  const { domain, fault } = line;
  connection.native = { time: entry.time, domain, ...(fault !== undefined && { fault }) };
  return 'tlsrpt';
}

/** `SSL_connect error to N: …`, logged at every log level (tls_client.c, tls_client_start). */
function takeBroken({ entry }: TextReading, request: Request): Rule | undefined {
  if (!entry.message.startsWith('SSL_connect error to ')) return undefined;
  const peer = readPeer(entry.message, 21);
  if (peer === undefined) return undefined;
  connectionFor(request, peer, 'broken', entry.time).broken = entry.time;
  return 'handshake-failed';
}

function takeCertificate({ entry }: TextReading, request: Request): Rule | undefined {
  const line = readCertificateLine(entry.message);
  if (line === undefined) return undefined;
  const connection = connectionFor(request, line.peer, 'certificate', entry.time);
  connection.certificate ??= line.fault;
  return 'certificate-verdict';
}

/** `connect to N: …`. */
export function isConnectFailure(message: string): boolean {
  return message.startsWith('connect to ') && readPeer(message, 11) !== undefined;
}

/** A server that could not be reached ends what came before and is no session. */
function takeConnect({ entry }: TextReading, request: Request): Rule | undefined {
  if (!isConnectFailure(entry.message)) return undefined;
  retire(request);
  delete request.last;
  delete request.begun;
  return 'connect-failed';
}

function takeWarning(reading: TextReading, request: Request): Rule {
  const { entry } = reading;
  const unusable = readUnusable(entry.message);
  if (unusable !== undefined) {
    connectionFor(request, unusable.peer, 'unusable', entry.time).unusable ??= unusable.fault;
    return 'all-unusable';
  }
  const mismatch = readStsMismatch(entry.message);
  if (mismatch !== undefined) {
    prevent(request, mismatch, entry.time);
    return 'sts-mx-mismatch';
  }
  return takeOther(reading, request);
}

/** Lines that prove no session by themselves, yet may say what later ones mean. */
function takeOther(reading: TextReading, request: Request): Rule {
  const { entry, open } = reading;
  const failure = readPolicyLookup(entry.message);
  if (failure !== undefined) {
    if (failure !== 'other') prevent(request, failure, entry.time);
    return 'policy-lookup';
  }
  const resumed = readResumedUntrusted(entry.message);
  if (resumed !== undefined) {
    connectionFor(request, resumed, 'certificate', entry.time).resumed = true;
    return 'resumed-untrusted';
  }
  const reused = readResumed(entry.message);
  if (reused !== undefined) connectionFor(request, reused, 'certificate', entry.time).resumed = true;
  const rule = ruleOfOther(entry.message);
  const begun = rule === 'tls-detail' ? readBegun(entry.message) : undefined;
  if (begun !== undefined) request.begun = begun.name;
  if (isLocalFault(rule)) request.localFault = true;
  if (rule === 'ehlo-discarded' && /^discarding EHLO keywords:.* STARTTLS(?: |$)/.test(entry.message)) {
    request.hidden = true;
  }
  if (rule === 'starttls-noted') {
    request.hidden = true;
    learnNone(reading, readOffered(entry.message));
  }
  if (rule === 'dnssec-unavailable') notice(entry, open, 'dnssec-unavailable');
  if (rule === 'policy-table') notice(entry, open, 'policy-table');
  return rule;
}
