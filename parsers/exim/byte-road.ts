import type { ByteEntry, Emit } from 'maillog-tlsrpt/parser';
import { ByteDelivery } from './byte-delivery.ts';
import type { Settings } from './context.ts';
import { factsKey } from './facts.ts';
import { isCompleted } from './heads.ts';
import { takeDelivery } from './message.ts';
import { behindMessageId } from './message-id.ts';
import { IDLE_SECONDS, type Messages } from './messages.ts';
import { type SessionKind, SessionKinds } from './session-kinds.ts';
import {
  type Connection,
  type FactState,
  LIMITS,
  type MessageState,
  messageKey,
  newMessage,
  stateOf,
  type Table,
} from './state.ts';

const MINUS = 45;
const EQUALS = 61;
const UPPER_C = 67;

/**
 * Reads the commonest lines of a mainlog from their bytes: deliveries, and the end of messages. What a line says is found
 * by {@link ByteDelivery}. Where nothing else is open of its message, what it does is done here as `noteDelivery` would
 * do it, step by step; in all other cases by {@link Messages}, as of a line read from its text.
 */
export class ByteRoad {
  readonly #messages: Messages;
  readonly #kinds: SessionKinds;
  readonly #delivery = new ByteDelivery();
  /** The host of the line read last, and the key of what its log has shown. */
  #host = '';
  #factsKey = factsKey('');

  constructor(settings: Settings, messages: Messages) {
    this.#messages = messages;
    this.#kinds = new SessionKinds(settings);
  }

  /** Takes a line, or returns false and has done nothing. */
  take(entry: ByteEntry, table: Table, emit: Emit): boolean {
    const { bytes, start } = entry;
    const idEnd = behindMessageId(bytes, start, entry.end);
    if (idEnd < 0) return false;
    const at = idEnd + 1;
    const first = bytes[at];
    if (first === UPPER_C) return isCompleted(entry, at) && this.#completed(entry, idEnd, table);
    if ((first !== EQUALS && first !== MINUS) || !this.#delivery.finds(entry, at)) return false;
    const key = messageKey(entry.host, entry.ascii(start, idEnd));
    if (!this.#local(key, table) && !this.#newSession(entry, key, table, emit))
      this.#any(entry, key, table, emit);
    return true;
  }

  /** A message of which nothing waits to be told is over. */
  #completed(entry: ByteEntry, idEnd: number, table: Table): boolean {
    const key = messageKey(entry.host, entry.ascii(entry.start, idEnd));
    const state = stateOf(table.get(key), 'message');
    if (state === undefined) return true;
    if (!isSettled(state)) return false;
    table.delete(key);
    return true;
  }

  /** A local delivery of a message of which nothing is known says nothing. */
  #local(key: string, table: Table): boolean {
    return this.#delivery.route.host === undefined && table.get(key) === undefined;
  }

  /** A delivery over TLS to a host that the message was not delivered to before. */
  #newSession(entry: ByteEntry, key: string, table: Table, emit: Emit): boolean {
    const delivery = this.#delivery;
    const { recipient, route, tls, sendingMtaIp } = delivery;
    if (tls === undefined || recipient.domain === undefined || !delivery.isFirst) return false;
    if (route.host === undefined || route.host.continued) return false;
    const kind = this.#kinds.of(recipient, route, tls, sendingMtaIp);
    if (kind === undefined || !kind.inScope) return false;
    const facts = this.#factsOf(entry.host, table);
    if (facts === undefined || !isKnown(facts, kind)) return false;
    if (!facts.confirmation && delivery.isConfirmed(entry)) return false;
    const known = table.get(key);
    const state = known === undefined ? newMessage() : stateOf(known, 'message');
    if (state === undefined || state.own || !isSettled(state)) return false;
    const connection = this.#connection(entry, kind);
    const { connections } = state;
    if (connections.length >= LIMITS.connections || connections.some((one) => one.ip === connection.ip))
      return false;
    // A list that begins empty gets room for many at the first one.
    if (connections.length === 0) state.connections = [connection];
    else connections.push(connection);
    if (kind.session !== undefined) emit(kind.session, entry.time, kind.number);
    table.set(key, state, IDLE_SECONDS);
    return true;
  }

  #factsOf(host: string, table: Table): FactState | undefined {
    if (host !== this.#host) {
      this.#host = host;
      this.#factsKey = factsKey(host);
    }
    return stateOf(table.get(this.#factsKey), 'facts');
  }

  #connection(entry: ByteEntry, { core, route, session }: SessionKind): Connection {
    const { time, pid } = entry;
    return {
      fallback: false,
      opened: true,
      guess: false,
      domains: session === undefined ? [] : [session.recipientDomain],
      recipients: [],
      kind: 'tls',
      ip: route.host?.ip ?? '',
      connection: this.#delivery.connection(entry),
      pid,
      last: time,
      time,
      core,
    };
  }

  #any(entry: ByteEntry, key: string, table: Table, emit: Emit): void {
    const line = this.#delivery.line(entry);
    this.#messages.read(key, entry, table, emit, (context, facts) => takeDelivery(context, line, facts));
  }
}

/** Whether all that is known of the message was told, and waits for no other line. */
function isSettled({ connections, pending, doubts, live }: MessageState): boolean {
  return (
    pending.length === 0 &&
    doubts.length === 0 &&
    live.length === 0 &&
    connections.every(({ kind }) => kind !== 'cutthrough')
  );
}

/** Whether a session of this kind shows nothing of its host's log that it has not shown before. */
function isKnown(facts: FactState, { tls, smarthost, sendingMtaIp }: SessionKind): boolean {
  return (
    facts.remote &&
    (facts.cipher || !tls.cipher) &&
    (facts.verified || tls.verified === undefined) &&
    (facts.interface || sendingMtaIp === undefined) &&
    (smarthost === undefined || facts.smarthost === smarthost)
  );
}
