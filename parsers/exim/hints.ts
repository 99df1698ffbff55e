import type { Hint } from 'maillog-tlsrpt/parser';
import type { FactState } from './state.ts';

/** What the log could not witness and how to make it, each said once. */
export function hintsOf(facts: Iterable<FactState>): Hint[] {
  const hints = new Map<string, Hint>();
  for (const one of facts) for (const hint of hintsOfHost(one)) hints.set(hint.id, hint);
  return [...hints.values()];
}

function* hintsOfHost(facts: FactState): Generator<Hint> {
  if (!facts.remote) return;
  if (facts.smarthost) yield SMARTHOST;
  // The snippet tells more than any selector.
  if (facts.events) return;
  if (!facts.cipher && !facts.verified) {
    yield {
      id: 'exim-no-tls-shown',
      text:
        'Deliveries were seen, but never X= or CV=: either no mail leaves over TLS, or log_selector hides it. ' +
        'Clear-text deliveries are then not read as failures of many receivers. ' +
        'Set log_selector = +tls_cipher +tls_certificate_verified.',
    };
    return;
  }
  if (!facts.cipher) {
    yield {
      id: 'exim-tls-cipher-hidden',
      text: 'CV= was seen, but never X=: the TLS version is unknown. Set log_selector = +tls_cipher.',
    };
  }
  if (!facts.verified) {
    yield {
      id: 'exim-certificate-hidden',
      text:
        'X= was seen, but never CV=: whether certificates were trusted, and DANE, cannot be told. ' +
        'Set log_selector = +tls_certificate_verified.',
    };
  }
  if (!facts.interface) {
    yield {
      id: 'exim-interface-hidden',
      text:
        'I= was never seen: the sending address is unknown and connections are counted by heuristics. ' +
        'Set log_selector = +incoming_interface +outgoing_interface +outgoing_port.',
    };
  }
  yield NO_EVENTS;
}

const NO_EVENTS: Hint = {
  id: 'exim-no-events',
  text:
    'Exim logs nothing of most TLS failures of a host when another host then takes the mail, nor of sessions ' +
    'whose recipients were all deferred. The event_action snippet cures both (docs/exim.md).',
};

const SMARTHOST: Hint = {
  id: 'exim-smarthost',
  text:
    'Mail leaves through a smart host, so its sessions say nothing of the recipients’ domains. ' +
    'Name it in relayhosts, or leave its transport out with excludeTransports.',
};
