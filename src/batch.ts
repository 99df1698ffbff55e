import { hourOf } from './day.ts';
import type { TallyKey } from './ledger/ledger.ts';
import type { Session } from './session.ts';

interface Counted {
  readonly key: TallyKey;
  count: number;
}

/** By domain, then by MX host: what differs in the rest is so little that it is looked through. */
type CountedOfDomain = Map<string | undefined, Counted[]>;
type CountedOfHour = Map<string, CountedOfDomain>;

/** Adds sessions up to tallies between two commits. */
export class TallyCounter {
  readonly #host: string;
  readonly #parser: string;
  #hours = new Map<number, CountedOfHour>();
  #size = 0;
  #sessions = 0;

  /** @param host the reading host; @param parser its parser's name: both are part of every key. */
  constructor(host: string, parser: string) {
    this.#host = host;
    this.#parser = parser;
  }

  add(session: Session): void {
    this.#sessions++;
    const alike = this.#alike(session);
    for (const counted of alike) {
      if (!isSame(counted.key, session)) continue;
      counted.count++;
      return;
    }
    alike.push({ key: tallyKey(session, this.#host, this.#parser), count: 1 });
    this.#size++;
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
    this.#size = 0;
    this.#sessions = 0;
    return taken;
  }

  /** The tallies of the session's hour, domain and MX host. */
  #alike({ time, recipientDomain, receivingMxHostname }: Session): Counted[] {
    const domains = member(this.#hours, hourOf(time), newMap<string, CountedOfDomain>);
    const hosts = member(domains, recipientDomain, newMap<string | undefined, Counted[]>);
    const alike = member(hosts, receivingMxHostname, newList);
    return alike;
  }
}

/** Whether a session of the key's hour, domain and MX host is one of its tally. */
function isSame(key: TallyKey, session: Session): boolean {
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

/** A success keeps no addresses, so that tallies do not grow with a domain's address pool (DESIGN §2). */
export function tallyKey(session: Session, host: string, parser: string): TallyKey {
  const { time, receivingIp, sendingMtaIp, ...rest } = session;
  const key = { ...rest, hour: hourOf(time), host, parser };
  if (session.outcome === 'success') return key;
  return {
    ...key,
    ...(receivingIp !== undefined && { receivingIp }),
    ...(sendingMtaIp !== undefined && { sendingMtaIp }),
  };
}
