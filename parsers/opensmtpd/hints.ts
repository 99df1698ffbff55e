import type { Hint } from 'maillog-tlsrpt/parser';
import type { Facts } from './state.ts';

/** What the log could not witness and what to do, each said once. */
export function hintsFrom(facts: Iterable<Facts>, hasRelayhosts: boolean): Hint[] {
  const hints = new Map<string, Hint>();
  for (const one of facts) for (const hint of hintsOfHost(one, hasRelayhosts)) hints.set(hint.id, hint);
  return [...hints.values()];
}

function* hintsOfHost(facts: Facts, hasRelayhosts: boolean): Generator<Hint> {
  if (facts.delivery === true && facts.tls !== true) {
    yield {
      id: 'opensmtpd-no-tls',
      text: 'Deliveries were seen, but never a TLS session, which OpenSMTPD always logs: no mail leaves this host over TLS. Look for smtp+notls:// in smtpd.conf, and for what keeps STARTTLS from passing.',
    };
  }
  if (facts.tls === true && facts.delivery !== true) {
    yield {
      id: 'opensmtpd-no-deliveries',
      text: 'TLS sessions were seen, but never a delivery line, which alone names the domain: nothing can be counted. Give the whole log of smtpd, not an extract.',
    };
  }
  if (facts.unchecked === true && facts.checked !== true) {
    yield {
      id: 'opensmtpd-unverified',
      text: 'OpenSMTPD 7 checks a certificate only where the action says `tls`: for all other sessions the log tells nothing of the certificate. Add `tls` to the actions of domains whose certificates must be good.',
    };
  }
  if (facts.clearWanted === true) {
    yield {
      id: 'opensmtpd-clear-wanted',
      text: 'Some mail leaves in clear text because smtpd.conf says smtp+notls://: it has no TLS session to report.',
    };
  }
  if (facts.smarthost === true && !hasRelayhosts) {
    yield {
      id: 'opensmtpd-smarthost',
      text: 'Mail leaves through a smart host (smtps://, a port other than 25, or several domains in one connection) that relayhosts does not name: its sessions are left out, or counted for the domain of the first recipient.',
    };
  }
  if (facts.unbound === true) {
    yield {
      id: 'opensmtpd-unbound',
      text: 'Some connections ended before any recipient was tried, with nothing in the log to tell for which domain they were made: they are not counted.',
    };
  }
}
