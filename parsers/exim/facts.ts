import type { Settings } from './context.ts';
import type { DeliveryLine } from './delivery-line.ts';
import { hostName, relayOf } from './domains.ts';
import type { HostFields } from './host-fields.ts';
import { type FactState, stateOf, type Table } from './state.ts';

/** Thirty days of log time: what a log has shown outlives its sessions. */
const FACTS_IDLE_SECONDS = 30 * 86_400;
const FACTS_KEY = 'f ';
/** Debian's transport for mail that all goes to one smart host. */
const SMARTHOST = /smarthost/i;

/** The table's key of what the log of a host has shown. */
export function factsKey(host: string): string {
  return FACTS_KEY + host;
}

/** What the log of one host has shown so far; written down only when something new was shown. */
export class Facts {
  readonly #table: Table;
  readonly #key: string;
  readonly #state: FactState;

  constructor(table: Table, host: string) {
    this.#table = table;
    this.#key = factsKey(host);
    this.#state = stateOf(table.get(this.#key), 'facts') ?? {
      kind: 'facts',
      cipher: false,
      verified: false,
      interface: false,
      events: false,
      remote: false,
      smarthost: false,
      optional: false,
      confirmation: false,
      clear: [],
      none: false,
    };
  }

  /** Ordinary lines show TLS where there is TLS: `X=` or `CV=` was seen. */
  get showsTls(): boolean {
    return this.#state.cipher || this.#state.verified;
  }

  /** Lines that show TLS have a `C=` too: one without was written under another log_selector. */
  get showsConfirmation(): boolean {
    return this.#state.confirmation;
  }

  /** TLS is not required of every host: where it is required all the same, DANE may be the reason. */
  get tlsIsOptional(): boolean {
    return this.#state.optional;
  }

  noteFallback(): void {
    this.#note('optional', true);
  }

  /** Returns true if with this line the log shows TLS for the first time. */
  noteDelivery({ flag, host, transport, confirmed }: DeliveryLine, settings: Settings): boolean {
    if (host === undefined) return false;
    const before = this.showsTls;
    this.#note('remote', true);
    this.#note('cipher', host.cipher);
    this.#note('verified', host.verified !== undefined);
    this.#note('interface', host.sendingMtaIp !== undefined);
    this.#note('confirmation', host.tls && confirmed);
    const smarthost = smarthostBy(transport, host, settings);
    if (smarthost !== undefined) this.#noteSmarthost(smarthost);
    this.#note('optional', this.showsTls && flag === '=>' && !host.tls);
    return !before && this.showsTls;
  }

  /** A line of the event_action snippet: it shows more than the ordinary lines, and nothing of what these show. */
  noteEvent(): void {
    this.#note('events', true);
  }

  /** Mail leaves in clear text, or looks so, for a reason that lies on this host. */
  get showsNone(): boolean {
    return this.#state.none;
  }

  noteNone(): void {
    this.#note('none', true);
  }

  /** Adds a receiver of clear text; returns how many there were. */
  noteClear(ip: string): number {
    const { clear } = this.#state;
    if (!clear.includes(ip)) {
      clear.push(ip);
      this.#save();
    }
    return clear.length;
  }

  /** The last of them counts, for options change while the log goes on. */
  #noteSmarthost(unprovided: boolean): void {
    if (this.#state.smarthost === unprovided) return;
    this.#state.smarthost = unprovided;
    this.#save();
  }

  #note(fact: Exclude<keyof FactState, 'kind' | 'clear'>, seen: boolean): void {
    if (!seen || this.#state[fact]) return;
    this.#state[fact] = true;
    this.#save();
  }

  #save(): void {
    this.#table.set(this.#key, this.#state, FACTS_IDLE_SECONDS);
  }
}

/** Whether mail leaves through a smart host that the options do not provide for; undefined where it does not tell. */
export function smarthostBy(transport: string, host: HostFields, settings: Settings): boolean | undefined {
  return SMARTHOST.test(transport) ? !isProvidedFor(host, transport, settings) : undefined;
}

/** The options say what to do with sessions of this smart host: it is named, or left out. */
function isProvidedFor(
  { name, ip }: HostFields,
  transport: string,
  { relayhosts, scope }: Settings,
): boolean {
  return !scope.admits(transport, name, ip) || relayOf(hostName(name), ip, relayhosts) !== undefined;
}

/** The facts among the keys of an open-sessions table. */
export function* allFacts(table: Table, keys: Iterable<string>): Generator<FactState> {
  for (const key of keys) {
    if (!key.startsWith(FACTS_KEY)) continue;
    const state = stateOf(table.get(key), 'facts');
    if (state !== undefined) yield state;
  }
}
