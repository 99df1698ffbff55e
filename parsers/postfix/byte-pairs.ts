import type { ByteEntry, Emit, JsonObject, OpenSessions, PeerTrust, Session } from 'maillog-tlsrpt/parser';
import type { Aside, ByteLines, Target } from './byte-lines.ts';
import type { Connection } from './connection.ts';
import { isWordOfTls } from './delivery.ts';
import type { HostSettings, PostfixOptions } from './options.ts';
import { isOwn } from './own-mail.ts';
import { SETTLED_S } from './process.ts';
import type { Request } from './request.ts';
import { connectionSession } from './session-builder.ts';
import type { SummaryLine } from './summary-line.ts';
import { learnSummary, type TagFacts } from './tag-facts.ts';
import type { TagKeys } from './tag-keys.ts';
import { hintOf, type TlsField } from './tls-field.ts';

/** More kinds of sessions with one target than it ever has; beyond it they are made anew. */
const MOST_KINDS = 8;
/** Numbers are given anew from here on: a session told with one is then looked up once more, and no harm done. */
const MOST_SESSIONS = 16_384;
const SMTP_PORT = '25';

/** What a pair of lines is read with. */
export interface PairReading {
  readonly keys: TagKeys;
  readonly open: OpenSessions;
  readonly emit: Emit;
  readonly options: PostfixOptions;
  readonly settings: HostSettings;
}

/** The sessions of pairs that are alike in all but their time. */
export interface PairKind {
  readonly settings: HostSettings;
  readonly trust: Connection['trust'];
  readonly version: string;
  readonly resumed: boolean | undefined;
  readonly tls: TlsField | undefined;
  /** Undefined where no report can name them. */
  readonly session: Session | undefined;
  readonly number: number;
}

/**
 * The commonest of all: a process of which nothing else is known makes a TLS connection, and delivers one message over
 * it. For such a pair of lines this does what `takeSummary` and `takeDelivery` would do, step by step, and leaves the
 * same behind; anything else, and be it the least doubt, is left to them.
 */
export class BytePairs {
  #sessions = 0;

  /** The process says something of a server to begin with. */
  aside(aside: Aside, { time, pid }: ByteEntry, keys: TagKeys, open: OpenSessions): boolean {
    const key = keys.process(pid);
    const request = open.get(key) as Request | undefined;
    if (request?.queueId === undefined || request.current !== undefined || !isPlain(request)) return false;
    if (open.get(keys.facts) === undefined) return false;
    const { past, prevented, met, queueId } = request;
    if (aside === 'not-reached') {
      open.set(key, { past, prevented, met, queueId }, SETTLED_S);
      return true;
    }
    const { peer, fault } = aside;
    const current = { name: peer.name, port: peer.port, time, certificate: fault };
    open.renew(key, { past, prevented, met, queueId, current });
    return true;
  }

  /** The process has made a connection. */
  summary(line: SummaryLine, entry: ByteEntry, keys: TagKeys, open: OpenSessions): boolean {
    const { peer, trust, version, resumed } = line;
    const { time } = entry;
    if (!line.established || trust === undefined || version === undefined) return false;
    const facts = open.get(keys.facts);
    if (facts === undefined || open.get(keys.proxyNotes) !== undefined) return false;
    const key = keys.process(entry.pid);
    const request = open.get(key) as Request | undefined;
    if (request?.queueId === undefined || !isPlain(request)) return false;
    const { past, prevented, met, queueId } = request;
    const judged = request.current;
    if (judged !== undefined && (request.last !== undefined || !isOnlyJudged(judged, peer))) return false;
    if (!isTlsKnown(facts)) learnSummary({ entry, open, keys }, peer.name);
    const current =
      judged === undefined
        ? newlyEstablished(peer, time, trust, version, resumed)
        : { ...judged, established: time, trust, version, ...(resumed !== undefined && { resumed }) };
    const next = { past, prevented, met, queueId, current };
    // A connection whose certificate was judged is open already.
    if (judged === undefined) open.renew(key, next);
    else open.set(key, next);
    return true;
  }

  /** The delivery that `lines` has found is of a connection that {@link summary} began. */
  delivery(lines: ByteLines, entry: ByteEntry, reading: PairReading): boolean {
    const { keys, open, options } = reading;
    const { target, tls } = lines;
    const key = keys.process(entry.pid);
    const request = open.get(key) as Request | undefined;
    const current = request?.current;
    if (target === undefined || request === undefined || current === undefined || !lines.isAnswered)
      return false;
    const { domain, relay } = target;
    const { name, port } = relay;
    if (port !== SMTP_PORT || current.port !== SMTP_PORT || current.name !== name) return false;
    if (!isPlain(request) || !isOnlyEstablished(current)) return false;
    if (!areFactsKnown(open.get(keys.facts), tls) || (tls !== undefined && !isWordOfTls(tls))) return false;
    const queueId = lines.queueId(entry);
    // A process that goes on with the same message remembers what it has met.
    if (request.queueId === queueId) return false;
    if (options.ownSender !== undefined && isOwn(keys.own, queueId, open)) return false;
    const { session, number } = this.#kindOf(target, current, tls, reading.settings);
    if (session !== undefined) reading.emit(session, current.time, number);
    const { past, prevented } = request;
    const delays = lines.delays(entry);
    const { time } = entry;
    const last = domain === undefined ? { name, port, delays, time } : { name, port, delays, time, domain };
    open.set(key, { past, prevented, met: [current.name], queueId, last }, SETTLED_S);
    return true;
  }

  #kindOf(
    target: Target,
    connection: Connection,
    tls: TlsField | undefined,
    settings: HostSettings,
  ): PairKind {
    const { trust, version = '', resumed } = connection;
    const { kinds } = target;
    for (const kind of kinds) {
      const isSame = kind.trust === trust && kind.version === version && kind.resumed === resumed;
      if (isSame && kind.tls === tls && kind.settings === settings) return kind;
    }
    const session = makeSession(target, connection, tls, settings);
    this.#sessions = (this.#sessions + 1) % MOST_SESSIONS;
    const kind = { settings, trust, version, resumed, tls, session, number: this.#sessions };
    if (kinds.length >= MOST_KINDS) kinds.shift();
    kinds.push(kind);
    return kind;
  }
}

/** Written out, for an object that fields are added to one by one is slower. */
function newlyEstablished(
  { name, port }: SummaryLine['peer'],
  time: number,
  trust: PeerTrust,
  version: string,
  resumed: boolean | undefined,
): Connection {
  return resumed === undefined
    ? { name, port, time, established: time, trust, version }
    : { name, port, time, established: time, trust, version, resumed };
}

function makeSession(
  { domain }: Target,
  connection: Connection,
  tls: TlsField | undefined,
  settings: HostSettings,
): Session | undefined {
  const hint = tls === undefined ? undefined : hintOf(tls);
  const context = { settings, recipientDomain: domain, own: false };
  const session = connectionSession(connection, { basis: 'tls-line' }, context, hint);
  return session === undefined ? undefined : Object.freeze(session);
}

/** Whether a summary teaches nothing new of its tag. */
function isTlsKnown(facts: JsonObject | undefined): boolean {
  const known = facts as TagFacts | undefined;
  return (
    known?.summary === true &&
    known.bare === 0 &&
    known.levelNone === false &&
    (known.noneAt === undefined || known.noneAt.length === 0)
  );
}

/** Whether a delivery with this `tls=` teaches nothing new of its tag. */
function areFactsKnown(facts: JsonObject | undefined, tls: TlsField | undefined): boolean {
  return facts !== undefined && (tls === undefined || (facts as TagFacts).field === true);
}

/** Whether nothing is open in the request but its connection, if that. */
function isPlain(request: Request): boolean {
  return (
    request.past.length === 0 &&
    request.prevented.length === 0 &&
    request.lonely === undefined &&
    request.lost === undefined &&
    request.unknownBroken === undefined &&
    request.hidden === undefined &&
    request.localFault === undefined
  );
}

/** Whether of a connection to this server no more is known than what was said of its certificate. */
function isOnlyJudged(connection: Connection, { name, port }: SummaryLine['peer']): boolean {
  return (
    connection.name === name &&
    connection.port === port &&
    connection.certificate !== undefined &&
    connection.established === undefined &&
    connection.resumed === undefined &&
    isUntouched(connection)
  );
}

/** Whether of a connection no more is known than that its TLS stands, and what was said of its certificate. */
function isOnlyEstablished(connection: Connection): boolean {
  return connection.established !== undefined && isUntouched(connection);
}

function isUntouched(connection: Connection): boolean {
  return (
    connection.bound === undefined &&
    connection.unusable === undefined &&
    connection.native === undefined &&
    connection.told === undefined &&
    connection.broken === undefined &&
    connection.reused === undefined &&
    connection.outcome === undefined
  );
}
