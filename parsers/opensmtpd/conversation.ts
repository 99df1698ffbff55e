import { type Emit, type LogEntry, type PeerTrust, toDomain } from 'maillog-tlsrpt/parser';
import {
  type CertificateResult,
  type Delivery,
  type Line,
  NO_CONNECTION,
  type Scheme,
  type Target,
} from './lines.ts';
import type { Rule } from './rules.ts';
import {
  addUnbound,
  type Connection,
  connectionKey,
  connectionOf,
  ENDED_S,
  IDLE_S,
  learn,
  type Table,
  unboundOf,
} from './state.ts';
import { hasOutcome, inScope, isUnnamedSmarthost, type Settings, tell, tellClear } from './telling.ts';
import { HANDSHAKE, verdictOf } from './verdict.ts';

/** One entry being read, with all that reading may use. */
export interface Reading {
  readonly entry: LogEntry;
  readonly table: Table;
  readonly emit: Emit;
  readonly settings: Settings;
}

/** Reads a line into the table; returns the rule it was read by. */
export function takeLine(reading: Reading, line: Line): Rule {
  if (line.kind === 'note') return line.rule;
  if (line.kind === 'no-route') return bindUnbound(reading, line);
  if (line.kind === 'delivery') return takeDelivery(reading, line.id, line.delivery);
  const known = connectionOf(reading.table, reading.entry.host, line.id);
  if (line.kind === 'connecting') return begin(reading, line.id, line.target, known);
  return takeFact(reading, line, known);
}

/** The second attempt of one id is the clear one after a failed handshake: the failure stays with it. */
function begin({ table, entry }: Reading, id: string, target: Target, known: Connection | undefined): Rule {
  const failed = known?.failed;
  const fresh: Connection = { kind: 'connection', ...target, ...(failed !== undefined && { failed }) };
  table.set(connectionKey(entry.host, id), fresh, IDLE_S);
  if (target.scheme === 'smtp+notls' && failed === undefined && inScope(fresh)) {
    learn(table, entry, 'clearWanted');
  }
  return 'connecting';
}

function takeFact(
  reading: Reading,
  line: Exclude<Line, { kind: 'note' | 'no-route' | 'delivery' | 'connecting' }>,
  known: Connection | undefined,
): Rule {
  const { entry, table } = reading;
  switch (line.kind) {
    case 'connected':
      return 'connected';
    case 'tls':
      learn(table, entry, 'tls');
      keep(reading, line.id, known, { tls: { time: entry.time, version: line.version ?? '' } });
      return 'tls-established';
    case 'certificate':
      learn(table, entry, line.result === 'unverified' ? 'unchecked' : 'checked');
      keep(reading, line.id, known, trustIn(line.result, known));
      return 'certificate-checked';
    case 'mismatch': {
      const mx = toDomain(line.mx);
      keep(reading, line.id, known, { mismatch: true, ...(mx !== undefined && { mx }) });
      return 'certificate-name-mismatch';
    }
    case 'fallback': {
      const failed = { time: entry.time, type: 'validation-failure', reason: HANDSHAKE } as const;
      keep(reading, line.id, known, { failed });
      return 'fallback';
    }
    case 'error':
      return takeError(reading, line.id, line.reason, known);
    default:
      end(reading, line.id, known);
      return line.kind === 'broken' ? 'broken-later' : 'disconnected';
  }
}

/** 6.x checks always, chain and name; where only the name failed, the chain was good. */
function trustIn(result: CertificateResult, known: Connection | undefined): { trust?: PeerTrust } {
  if (result === 'unverified') return {};
  if (result === 'failure') return { trust: known?.mismatch === true ? 'trusted' : 'untrusted' };
  return { trust: 'verified' };
}

function takeError(reading: Reading, id: string, reason: string, known: Connection | undefined): Rule {
  if (known === undefined) return 'connection-error';
  const verdict = verdictOf(reason, known.tls !== undefined, known.mismatch === true);
  if (verdict === undefined) {
    end(reading, id, known);
    return 'connection-error';
  }
  const { type, mx } = verdict;
  const failed = { time: reading.entry.time, type, reason: verdict.reason };
  end(reading, id, { ...known, failed, ...(mx !== undefined && { mx }) });
  return verdict.rule;
}

function keep(
  { table, entry }: Reading,
  id: string,
  known: Connection | undefined,
  news: Partial<Connection>,
): void {
  if (known === undefined) return;
  table.set(connectionKey(entry.host, id), { ...known, ...news }, IDLE_S);
}

/**
 * A connection is over. One that carried mail is told already; any other waits for a line that names its domain. A
 * delivery line of its own may still follow, for OpenSMTPD writes the error first.
 */
function end({ table, entry }: Reading, id: string, known: Connection | undefined): void {
  if (known === undefined) return;
  const key = connectionKey(entry.host, id);
  if (known.domain !== undefined || !inScope(known)) {
    table.delete(key);
    return;
  }
  table.set(key, { ...known, ended: true }, ENDED_S);
  addUnbound(table, entry.host, id);
}

function takeDelivery(reading: Reading, id: string, delivery: Delivery): Rule {
  const { entry, table } = reading;
  if (id === NO_CONNECTION) return 'no-connection';
  const known = connectionOf(table, entry.host, id);
  if (known === undefined) return 'delivery-unseen-connection';
  if (!inScope(known)) return 'delivery-out-of-scope';
  learn(table, entry, 'delivery');
  if (isUnnamedSmarthost(known, reading.settings.smarthosts)) {
    learn(table, entry, 'smarthost');
    return 'delivery-out-of-scope';
  }
  const at = delivery.to.lastIndexOf('@');
  const domain = at < 0 ? undefined : toDomain(delivery.to.slice(at + 1));
  if (domain === undefined) return 'delivery-without-domain';
  if (known.domain !== undefined) {
    if (known.domain !== domain) learn(table, entry, 'smarthost');
    return 'delivery-same-session';
  }
  const idle = known.ended === true ? ENDED_S : IDLE_S;
  table.set(connectionKey(entry.host, id), { ...known, domain }, idle);
  return tellDelivery(reading, known, domain, delivery);
}

function tellDelivery(
  { entry, emit, settings }: Reading,
  known: Connection,
  domain: string,
  delivery: Delivery,
): Rule {
  if (hasOutcome(known)) {
    if (!tell(known, domain, settings, emit, delivery)) return 'delivery-out-of-scope';
    return known.failed === undefined ? 'delivery-tls' : 'delivery-clear-after-failure';
  }
  if (known.scheme !== 'smtp') return 'delivery-clear-wanted';
  if (!settings.inferPlaintext) return 'delivery-clear-silent';
  const told = tellClear(known, domain, settings, emit, entry.time, delivery);
  return told ? 'delivery-clear' : 'delivery-out-of-scope';
}

/**
 * All servers of a domain failed. What ended before any recipient, and was made as this domain's connections are, is
 * its own if it all went to one address; several addresses may be those of several domains, so they are nobody's.
 */
function bindUnbound(
  { entry, table, emit, settings }: Reading,
  { domain: written, scheme }: { domain: string; scheme: Scheme },
): Rule {
  const domain = toDomain(written);
  const waiting = unboundOf(table, entry.host).filter(({ connection }) => connection.scheme === scheme);
  const [first] = waiting;
  if (domain === undefined || first === undefined) return 'route-all-down';
  if (waiting.some(({ connection }) => connection.address !== first.connection.address)) {
    if (waiting.some(({ connection }) => hasOutcome(connection))) learn(table, entry, 'unbound');
    return 'route-all-down';
  }
  for (const { id, connection } of waiting) {
    tell(connection, domain, settings, emit);
    table.delete(connectionKey(entry.host, id));
  }
  return 'route-all-down';
}
