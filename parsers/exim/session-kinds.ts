import type { Session } from 'maillog-tlsrpt/parser';
import type { RecipientDomain, Route } from './byte-delivery.ts';
import type { Settings } from './context.ts';
import { nextHopDomain } from './domains.ts';
import { smarthostBy } from './facts.ts';
import type { HostFields, TlsFields } from './host-fields.ts';
import { successOf } from './outcome.ts';
import type { SessionCore } from './state.ts';

/** More kinds of sessions than the mail for a domain has in most logs; beyond it they are made anew. */
const MOST_KINDS = 8;
/** Numbers are given anew from here on: a session told with one is then looked up once more, and no harm done. */
const MOST_SESSIONS = 16_384;

/** The sessions over TLS of mail for one domain that are alike in all but their time. */
export interface SessionKind {
  readonly route: Route;
  readonly tls: TlsFields;
  readonly sendingMtaIp: string | undefined;
  /** Sessions with this host are to be told. */
  readonly inScope: boolean;
  /** What it says of the host's way to send, as {@link smarthostBy} tells it. */
  readonly smarthost: boolean | undefined;
  readonly core: SessionCore;
  /** Undefined where no report can be for them. */
  readonly session: Session | undefined;
  readonly number: number;
}

/** Finds what sessions are like, or makes it the first time. */
export class SessionKinds {
  readonly #settings: Settings;
  #sessions = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  of(
    { domain, kinds }: RecipientDomain,
    route: Route,
    tls: TlsFields,
    sendingMtaIp: string | undefined,
  ): SessionKind | undefined {
    for (let at = 0; at < kinds.length; at++) {
      const kind = kinds[at];
      if (kind?.route === route && kind.tls === tls && kind.sendingMtaIp === sendingMtaIp) return kind;
    }
    if (route.host === undefined || domain === undefined) return undefined;
    const kind = this.#make(domain, route, route.host, tls, sendingMtaIp);
    if (kinds.length >= MOST_KINDS) kinds.shift();
    kinds.push(kind);
    return kind;
  }

  #make(
    domain: string,
    route: Route,
    where: HostFields,
    tls: TlsFields,
    sendingMtaIp: string | undefined,
  ): SessionKind {
    const { scope, relayhosts, sendingMtaIp: defaultSender } = this.#settings;
    const host = { ...where, ...(sendingMtaIp !== undefined && { sendingMtaIp }), ...tls };
    const core = Object.freeze(successOf(host, defaultSender, false));
    const { receivingMxHostname, receivingIp = '' } = core;
    const report = nextHopDomain(domain, receivingMxHostname, receivingIp, relayhosts);
    this.#sessions = (this.#sessions + 1) % MOST_SESSIONS;
    return {
      route,
      tls,
      sendingMtaIp,
      inScope: scope.admits(route.transport, host.name, host.ip),
      smarthost: smarthostBy(route.transport, host, this.#settings),
      core,
      session:
        report === undefined ? undefined : Object.freeze({ time: 0, recipientDomain: report, ...core }),
      number: this.#sessions,
    };
  }
}
