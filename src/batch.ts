import { hourOf } from './day.ts';
import type { TallyKey } from './ledger/ledger.ts';
import type { Session } from './session.ts';

/** Adds sessions up to tallies between two commits. */
export class TallyCounter {
  readonly #host: string;
  readonly #parser: string;
  #tallies = new Map<string, { key: TallyKey; count: number }>();
  #sessions = 0;

  /** @param host the reading host; @param parser its parser's name: both are part of every key. */
  constructor(host: string, parser: string) {
    this.#host = host;
    this.#parser = parser;
  }

  add(session: Session): void {
    this.#sessions++;
    const name = nameOf(session);
    const known = this.#tallies.get(name);
    if (known !== undefined) known.count++;
    else this.#tallies.set(name, { key: tallyKey(session, this.#host, this.#parser), count: 1 });
  }

  /** Sessions counted since the last `take`. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Different tallies since the last `take`. */
  get size(): number {
    return this.#tallies.size;
  }

  /** Hands the tallies over and begins anew. */
  take(): ReadonlyMap<string, { readonly key: TallyKey; readonly count: number }> {
    const taken = this.#tallies;
    this.#tallies = new Map();
    this.#sessions = 0;
    return taken;
  }
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

/** The key's text; no field can hold the separator, for all are names, addresses or words of a closed list. */
function nameOf(session: Session): string {
  const addresses = session.outcome === 'success' ? '' : `${session.receivingIp}\n${session.sendingMtaIp}`;
  return `${hourOf(session.time)}\n${session.recipientDomain}\n${session.outcome}\n${session.resultType}\n${session.failureReasonCode}\n${session.receivingMxHostname}\n${session.peerTrust}\n${session.tlsVersion}\n${session.policyTypeHint}\n${session.basis}\n${session.resumed}\n${session.own}\n${addresses}`;
}
