import { readPeer } from './peer.ts';

/** The names of the rules, with the sentence `explain` shows. One line, one rule; `unknown` where none fits. */
export const RULES = {
  delivery: 'delivery status: names the recipient, the server and what came of it',
  'delivery-cut': 'delivery status, cut too short to be read',
  'queue-note': 'a note on the message; ties the process to its queue id, or tells why a server was given up',
  'tls-established': 'a TLS session stands; the verdict on it comes later',
  'tls-reused': 'an old connection is taken up again: no new session',
  'handshake-failed': 'the TLS handshake broke',
  'certificate-verdict': 'why the certificate did not do; counts only where one was demanded',
  'resumed-untrusted': 'a resumed TLS session whose certificate had not done before',
  'all-unusable': 'none of the TLSA records, fingerprints or trust anchors could be used',
  'policy-lookup': 'the TLS policy of a server could not be met or found: it was not tried',
  'sts-mx-mismatch': 'the server is not one the MTA-STS policy names: it was not tried',
  tlsrpt: "Postfix's own TLSRPT reported this session",
  'tlsrpt-note': "a remark of Postfix's own TLSRPT; no session",
  'connect-failed': 'no TCP connection: no session',
  'starttls-noted': 'STARTTLS was offered, and not wanted on this side',
  'ehlo-discarded': 'words of the server that this side was told not to hear',
  'local-fault': 'a fault of this side: it says nothing of the server',
  'tls-library': "OpenSSL's words on an error told in another line",
  'tlsa-record': 'a single TLSA record that cannot be used',
  'tlsa-lookup': 'a look-up of TLSA records failed; the next line tells for whom',
  'dnssec-unavailable': 'DNSSEC is not validated here: DANE is off',
  'policy-table': 'the TLS policy table or plugin gave what Postfix refuses',
  'tls-name': 'a name in the certificate was left out as unreadable',
  'tls-detail': 'details of a TLS session (smtp_tls_loglevel 2 and more)',
  'tls-cache': 'the cache of TLS sessions',
  verbose: 'talk with the server, as logged with -v',
  'smtp-warning': 'a warning that is not about TLS',
  trouble: 'a process gave up',
  'tlsproxy-summary': 'a TLS session stands; the smtp process says so too, and is believed',
  'tlsproxy-handshake-failed': 'a TLS handshake broke; the smtp line tells for whom',
  'tlsproxy-inbound': 'TLS with a client of postscreen: inbound mail',
  'tlsproxy-connection': 'tlsproxy begins or ends a connection',
  'tlsproxy-trouble': 'tlsproxy lost a connection or refused a request',
  'no-pid': 'a line whose envelope names no process: it cannot be tied to any other',
  lmtp: 'LMTP: not SMTP, so no TLS report tells of it',
  'sender-of-message': 'the envelope sender of one of our own reports',
  unknown: 'no rule knows this line',
} as const;

export type Rule = keyof typeof RULES;

/** Whether `Cannot start TLS` after such a line is this side's fault. */
export function isLocalFault(rule: Rule): boolean {
  return rule === 'local-fault';
}

/** Beginnings of messages that prove nothing by themselves. */
const BEGINNINGS: readonly (readonly [string, Rule])[] = [
  ['SSL_set_fd error to ', 'local-fault'],
  ['warning: connect to private/tlsproxy', 'local-fault'],
  ['warning: private/tlsproxy service role', 'local-fault'],
  ['warning: premature end-of-input on ', 'local-fault'],
  ['warning: TLS library problem: ', 'tls-library'],
  ['warning: tls_text_name: ', 'tls-name'],
  ['warning: DANE TLSA lookup problem: ', 'tlsa-lookup'],
  ['warning: DNSSEC status lookup error for ', 'tlsa-lookup'],
  ['warning: DNSSEC validation may be unavailable', 'dnssec-unavailable'],
  ['warning: reason: dnssec_probe ', 'dnssec-unavailable'],
  ['warning: smtp_tls_policy_maps, ', 'policy-table'],
  ['warning: unsupported certificate usage ', 'tlsa-record'],
  ['warning: malformed ', 'tlsa-record'],
  ['warning: _', 'tlsa-record'],
  ['warning: TLSRPT support: ', 'tlsrpt-note'],
  ['warning: Could not report TLS handshake result ', 'tlsrpt-note'],
  ['using using backwards-compatible default setting ', 'tlsrpt-note'],
  ['using backwards-compatible default setting ', 'tlsrpt-note'],
  ['discarding EHLO keywords: ', 'ehlo-discarded'],
  ['Host offered STARTTLS: [', 'starttls-noted'],
  ['CONNECT to [', 'tlsproxy-connection'],
  ['CONNECT from [', 'tlsproxy-connection'],
  ['DISCONNECT [', 'tlsproxy-connection'],
  ['warning: ciphertext read/write ', 'tlsproxy-trouble'],
  ['warning: deadlock on ', 'tlsproxy-trouble'],
  ['warning: request from tlsproxy client with ', 'tlsproxy-trouble'],
  ['warning: TLS client role is disabled ', 'tlsproxy-trouble'],
  ['setting up TLS connection to ', 'tls-detail'],
  ['initializing the client-side TLS engine', 'tls-detail'],
  ['SSL_connect:', 'tls-detail'],
  ['SSL3 alert ', 'tls-detail'],
  ['using DANE RR: ', 'tls-detail'],
  ['DNSSEC-signed TLSA record: ', 'tls-detail'],
  ['TLS protocol trace for ', 'tls-detail'],
  ['skipping TLS trace output', 'tls-detail'],
  ['looking for session ', 'tls-cache'],
  ['reloaded session ', 'tls-cache'],
  ['save session ', 'tls-cache'],
  ['delete smtp session ', 'tls-cache'],
  ['remove session ', 'tls-cache'],
  ['write smtp TLS cache entry ', 'tls-cache'],
  ['put smtp session ', 'tls-cache'],
  ['< ', 'verbose'],
  ['> ', 'verbose'],
  ['warning: no MX host for ', 'smtp-warning'],
  ['warning: host ', 'smtp-warning'],
  ['warning: valid_hostname: ', 'smtp-warning'],
  ['warning: malformed domain name in resource data ', 'smtp-warning'],
  ['warning: numeric ', 'smtp-warning'],
  ['warning: SASL ', 'smtp-warning'],
  ['warning: xsasl_', 'smtp-warning'],
  ['warning: non-ESMTP response ', 'smtp-warning'],
  ['warning: non-SMTP response ', 'smtp-warning'],
  ['warning: bad EHLO SIZE limit ', 'smtp-warning'],
  ['warning: relayhost configuration problem', 'smtp-warning'],
  ['warning: smtp_fallback_relay configuration problem', 'smtp-warning'],
  ['warning: bind ', 'smtp-warning'],
  ['warning: connect to private/', 'smtp-warning'],
  ['warning: problem talking to ser', 'smtp-warning'],
  ['warning: database ', 'smtp-warning'],
  ['warning: table ', 'smtp-warning'],
  ['warning: dict_', 'smtp-warning'],
  ['host ', 'smtp-warning'],
  ['SMTPS wrappermode (TCP port 465) requires setting ', 'smtp-warning'],
  ['warning: process ', 'smtp-warning'],
  ['fatal: ', 'trouble'],
  ['panic: ', 'trouble'],
  ['error: ', 'trouble'],
  ['statistics: ', 'tls-cache'],
];

/** What `smtp_tls_loglevel = 4` prints of every byte. */
const HEX_DUMP = /^(?:(?:read from|write to) [0-9A-Fa-f]{6,} \[|[0-9a-f]{4} (?:[0-9a-f]{2} |- ))/;

const SETUP_FAULTS: readonly string[] = [
  ': Invalid TLS protocol list ',
  ': invalid cipher grade',
  ': error setting SNI hostname to: ',
  ': ignoring too long SNI hostname: ',
  ': error loading trust settings: ',
];
const RECORD_FAULTS: readonly string[] = [': unusable TLSA RR: ', ': unsupported TLSA certificate usage: '];

/** The rule of a line that tells of no session by itself. Only fixed beginnings count, and what stands behind a server. */
export function ruleOfOther(message: string): Rule {
  const known = BEGINNINGS.find(([beginning]) => message.startsWith(beginning));
  if (known !== undefined) return known[1];
  if (message.startsWith('warning: ')) return ruleOfWarning(message);
  const peer = readPeer(message, 0);
  if (peer === undefined) return HEX_DUMP.test(message) ? 'tls-detail' : 'unknown';
  // `H[A]:25: depth=0 verify=1 …`, `H[A]:25 CommonName …`: what level 2 says of a TLS session.
  return message.startsWith(': ', peer.end) ||
    / (?:Matched )?CommonName /.test(message.slice(peer.end, peer.end + 20))
    ? 'tls-detail'
    : 'unknown';
}

function ruleOfWarning(message: string): Rule {
  const peer = readPeer(message, 9);
  if (peer !== undefined) {
    if (SETUP_FAULTS.some((text) => message.startsWith(text, peer.end))) return 'local-fault';
    return RECORD_FAULTS.some((text) => message.startsWith(text, peer.end)) ? 'tlsa-record' : 'smtp-warning';
  }
  return message.includes(' dane configured with dnssec lookups disabled') ? 'policy-table' : 'unknown';
}
