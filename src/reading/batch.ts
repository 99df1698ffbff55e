import { hourOf } from '../day.ts';
import type { TallyKey } from '../ledger/ledger.ts';
import type { Session } from '../session.ts';

interface Counted {
  readonly key: TallyKey;
  count: number;
}

/** Put together field by field, for there are ten thousands of them. */
type Draft = { -readonly [Field in keyof TallyKey]: TallyKey[Field] };

/** What of a session counts, but for its hour. */
type Counts = Omit<Session, 'time'>;

/** The tally that the sessions told with an object were counted into last. */
interface Last {
  readonly session: Session;
  readonly hour: number;
  readonly counted: Counted;
}

/** Numbers beyond are not remembered. */
const MOST_NUMBERS = 65_536;

/** By domain, then by MX host: what differs in the rest is so little that it is looked through. */
type CountedOfDomain = Map<string | undefined, Counted[]>;
type CountedOfHour = Map<string, CountedOfDomain>;

/** Adds sessions up to tallies between two commits. */
export class TallyCounter {
  readonly #host: string;
  readonly #parser: string;
  readonly #complete: (session: Session) => Session;
  #hours = new Map<number, CountedOfHour>();
  #last: (Last | undefined)[] = [];
  #size = 0;
  #sessions = 0;

  /**
   * @param host the reading host; @param parser its parser's name: both are part of every key
   * @param complete adds to a session what its log does not tell
   */
  constructor(host: string, parser: string, complete = (session: Session): Session => session) {
    this.#host = host;
    this.#parser = parser;
    this.#complete = complete;
  }

  /** Counts a session, as a parser tells it: see `Emit`. */
  add(session: Session, time = session.time, number = -1): void {
    this.#sessions++;
    const hour = hourOf(time);
    const last = number < 0 ? undefined : this.#last[number];
    if (last !== undefined && last.session === session && last.hour === hour) {
      last.counted.count++;
      return;
    }
    const counted = this.#tallyOf(this.#complete(session), hour);
    counted.count++;
    if (number < 0 || number >= MOST_NUMBERS) return;
    while (this.#last.length <= number) this.#last.push(undefined);
    this.#last[number] = { session, hour, counted };
  }

  /** Counts sessions that were counted elsewhere, in the log of the same host and parser. */
  addTally(key: Omit<TallyKey, 'hour'>, hour: number, count: number): void {
    this.#sessions += count;
    this.#tallyOf(key, hour).count += count;
  }

  /** Sessions counted since the last `take`. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Different tallies since the last `take`. */
  get size(): number {
    return this.#size;
  }

  /** Hands the tallies over and begins anew. */
  take(): ReadonlyMap<string, { readonly key: TallyKey; readonly count: number }> {
    const taken = new Map<string, Counted>();
    for (const domains of this.#hours.values())
      for (const hosts of domains.values())
        for (const alike of hosts.values())
          for (const counted of alike) taken.set(String(taken.size), counted);
    this.#hours = new Map();
    this.#last = [];
    this.#size = 0;
    this.#sessions = 0;
    return taken;
  }

  #tallyOf(session: Counts, hour: number): Counted {
    const { recipientDomain, receivingMxHostname } = session;
    const domains = member(this.#hours, hour, newMap<string, CountedOfDomain>);
    const hosts = member(domains, recipientDomain, newMap<string | undefined, Counted[]>);
    const ofServer = member(hosts, receivingMxHostname, newList);
    for (const counted of ofServer) if (isSame(counted.key, session)) return counted;
    const counted = { key: tallyKey(session, hour, this.#host, this.#parser), count: 0 };
    ofServer.push(counted);
    this.#size++;
    return counted;
  }
}

/** Whether a session of the key's hour, domain and MX host is one of its tally. */
function isSame(key: TallyKey, session: Counts): boolean {
  return (
    key.peerTrust === session.peerTrust &&
    key.tlsVersion === session.tlsVersion &&
    key.outcome === session.outcome &&
    key.basis === session.basis &&
    key.policyTypeHint === session.policyTypeHint &&
    key.resumed === session.resumed &&
    key.own === session.own &&
    key.resultType === session.resultType &&
    key.failureReasonCode === session.failureReasonCode &&
    (session.outcome === 'success' ||
      (key.receivingIp === session.receivingIp && key.sendingMtaIp === session.sendingMtaIp))
  );
}

/** What a map holds under a key, made where it holds nothing. */
function member<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function newMap<K, V>(): Map<K, V> {
  return new Map();
}

function newList(): Counted[] {
  return [];
}

/** A success keeps no addresses, so that tallies do not grow with a domain's address pool. */
function tallyKey(session: Counts, hour: number, host: string, parser: string): TallyKey {
  const { recipientDomain, outcome, basis } = session;
  const key: Draft = { hour, host, parser, recipientDomain, outcome, basis };
  if (session.resultType !== undefined) key.resultType = session.resultType;
  if (session.failureReasonCode !== undefined) key.failureReasonCode = session.failureReasonCode;
  if (session.receivingMxHostname !== undefined) key.receivingMxHostname = session.receivingMxHostname;
  if (session.peerTrust !== undefined) key.peerTrust = session.peerTrust;
  if (session.tlsVersion !== undefined) key.tlsVersion = session.tlsVersion;
  if (session.policyTypeHint !== undefined) key.policyTypeHint = session.policyTypeHint;
  if (session.resumed !== undefined) key.resumed = session.resumed;
  if (session.own !== undefined) key.own = session.own;
  if (outcome === 'success') return key;
  if (session.receivingIp !== undefined) key.receivingIp = session.receivingIp;
  if (session.sendingMtaIp !== undefined) key.sendingMtaIp = session.sendingMtaIp;
  return key;
}
