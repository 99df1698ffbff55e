/**
 * The rules by which lines are read: name → the sentence `explain` shows. F numbers are forms of failure lines, cited by
 * comments and by the tests' failure-forms.txt; R numbers are those of "How lines become sessions" in README.md.
 */
export const RULES = {
  // Delivery lines
  'delivery-tls': 'delivered over TLS: a session that succeeded',
  'delivery-same-session': 'one more recipient of a session already counted',
  'delivery-continued':
    'sent over a connection that another message or batch had opened: no session of its own',
  'delivery-clear': 'delivered in clear text: STARTTLS was not offered, refused, or not tried',
  'delivery-clear-unproven':
    'delivered in clear text, in a log that has not shown yet that it shows TLS: kept back',
  'delivery-clear-after-failure': 'the clear-text delivery after a failed TLS session: the same story',
  'delivery-clear-silent': 'delivered in clear text where clear text is not to be read as a failure',
  'delivery-out-of-scope': 'delivered to a host or by a transport that is left out',
  'delivery-without-domain': 'the recipient has no domain that a report could be for',
  'delivery-local': 'a delivery without a remote host',
  'delivery-in-events': 'told by the lines of the event_action snippet already',
  'delivery-suppressed': 'a delivery that -N suppressed',
  cutthrough: 'delivered while it was received: the session is told once all its recipients are logged',
  'refused-in-session': 'recipient refused inside a TLS session: the session succeeded',
  'refused-in-clear': 'recipient refused in clear text: no word on TLS',
  'deferred-in-session': 'recipient deferred: such lines never show whether the session had TLS',
  'no-connection': 'no connection was made',
  // Failures
  fallback: 'the TLS session failed and Exim goes on in clear text (F1)',
  'fallback-4.89': 'the TLS session failed and Exim goes on in clear text, form of 4.85 to 4.89 (F1′)',
  'handshake-error': 'the TLS library gave up, form of 4.89 and before (F1′)',
  'session-failed': 'the TLS session failed and clear text is not allowed (F2, F22)',
  'verify-error': 'OpenSSL refuses the certificate; whether that matters is told later (F3)',
  'name-mismatch': 'the certificate is for another name; whether that matters is told later (F4)',
  'verify-denied': 'the site’s own event action refused the certificate (F5)',
  'dane-failed': 'the certificate does not match DANE, or the handshake failed under DANE (F6)',
  'tlsa-defer': 'the TLSA look-up failed (F7)',
  'dane-required': 'DANE is required and cannot be had (F8, F9)',
  'tlsa-unsigned': 'the TLSA answer is not signed, so DANE does not apply (F10)',
  'tlsa-unusable': 'no TLSA record is usable (F11)',
  'dane-ca-retry': 'DANE failed and was given up for ordinary TLS, 4.85 to 4.90',
  'required-not-offered': 'TLS is required and was not offered (F12)',
  'required-refused': 'TLS is required and STARTTLS was refused (F13)',
  'starttls-closed': 'the server closed the connection at STARTTLS (F14)',
  'starttls-timeout': 'the server did not answer STARTTLS (F15)',
  'starttls-refused': 'the server refused STARTTLS (F16)',
  'srv-abort': 'the DNS promised STARTTLS and it was not offered (F20)',
  'local-fault': 'our own TLS configuration is broken: not the peer’s fault, never reported',
  'failure-in-events': 'told by the lines of the event_action snippet already',
  'failure-out-of-scope': 'a failure with a host that is left out',
  // Lines of the event_action snippet
  'event-hello': 'the server answered EHLO in clear text: a connection began',
  'event-hello-tls': 'the server answered EHLO inside TLS: a session that succeeded',
  'event-failed': 'the session with this host failed',
  'event-deferred': 'this host deferred the message for a reason that is not TLS',
  'event-dane': 'DANE applies to this host, and something about it failed',
  'event-closed': 'the connection ended',
  // Noise and the rest
  'unclean-close': 'the peer closed without TLS’s farewell: noise (F17)',
  'mid-session-noise': 'an error in the middle of a TLS session: noise (F18)',
  'ocsp-detail': 'a detail of certificate status checking; the failure has its own line (F19)',
  callout: 'a verification call-out: no message, no session (F21)',
  inbound: 'about mail coming in',
  'host-error': 'a host deferred the message for a reason that is not TLS',
  arrival: 'a message came in',
  completed: 'all recipients of the message are done',
  'no-message': 'belongs to no message: no session (R1)',
  'line-piece': 'a piece of a long line: read when its last piece has come',
  'line-piece-lost': 'a piece of a long line whose other pieces are missing: dropped',
  other: 'tells nothing of TLS',
  unknown: 'looks like a delivery or TLS line, and is not understood',
} as const;

export type RuleName = keyof typeof RULES;
