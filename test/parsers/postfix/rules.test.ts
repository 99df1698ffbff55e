import { describe, expect, it } from 'vitest';
import { parser } from '../../../parsers/postfix/index.ts';
import { readSessions } from '../../../src/logs/read-sessions.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import { CIPHER, delivery, established, MX1, smtp, tlsproxy } from './log-lines.ts';

/** The rule that took a line. */
function ruleOf(line: string, options: Record<string, unknown> = {}): string[] {
  const rules: string[] = [];
  readSessions([line], parser, options, {
    zone: zoneOf('UTC'),
    now: Date.UTC(2026, 10, 23),
    trace: ({ rule, meaning }) => {
      expect(meaning).toBe(parser.rules?.[rule]);
      rules.push(rule);
    },
  });
  return rules;
}

describe('every line has a rule', () => {
  it.each([
    [established(), 'tls-established'],
    [`Trusted TLS connection reused to ${MX1}: ${CIPHER}`, 'tls-reused'],
    [delivery(), 'delivery'],
    ['9F3A51C0B7: to=<alice@example.org>, relay=mx1.exam', 'delivery-cut'],
    ['9F3A51C0B7: enabling PIX workarounds: disable_esmtp for mx1.example.org[192.0.2.25]:25', 'queue-note'],
    [`SSL_connect error to ${MX1}: lost connection`, 'handshake-failed'],
    [`certificate verification failed for ${MX1}: self-signed certificate`, 'certificate-verdict'],
    [
      `${MX1}: re-using session with untrusted certificate, look for details earlier in the log`,
      'resumed-untrusted',
    ],
    [`warning: ${MX1}: all TLSA records unusable`, 'all-unusable'],
    ['warning: TLS policy lookup for example.org/mx1.example.org: no TLSA records found', 'policy-lookup'],
    [
      'warning: TLS policy lookup for example.org/mx1.example.org: client TLS configuration problem',
      'policy-lookup',
    ],
    ["warning: MX name 'a.example' does not match STS MX pattern for 'b.example'", 'sts-mx-mismatch'],
    ['TLSRPT: status=success, domain=example.org, receiving_mx=mx1.example.org[192.0.2.25]', 'tlsrpt'],
    [
      'using using backwards-compatible default setting smtp_tlsrpt_skip_reused_handshakes=yes',
      'tlsrpt-note',
    ],
    ['warning: TLSRPT support: policy lookup failed for example.org: x', 'tlsrpt-note'],
    [`connect to ${MX1}: Connection refused`, 'connect-failed'],
    ['Host offered STARTTLS: [mx1.example.org]', 'starttls-noted'],
    ['discarding EHLO keywords: CHUNKING', 'ehlo-discarded'],
    [`SSL_set_fd error to ${MX1}`, 'local-fault'],
    [`warning: ${MX1}: Invalid TLS protocol list "x": aborting TLS session`, 'local-fault'],
    ['warning: TLS library problem: error:0A000410:SSL routines::x:y.c:1:', 'tls-library'],
    [`warning: ${MX1}: unusable TLSA RR: 3 1 9 ABAB`, 'tlsa-record'],
    ['warning: _25._tcp.mx1.example.org unsupported TLSA certificate usage: 1 1 1 AB', 'tlsa-record'],
    ['warning: DANE TLSA lookup problem: Host or domain name not found.', 'tlsa-lookup'],
    ['warning: DNSSEC validation may be unavailable', 'dnssec-unavailable'],
    [
      'warning: smtp_tls_policy_maps, next-hop destination "example.org": invalid empty policy',
      'policy-table',
    ],
    [`warning: tls_text_name: ${MX1}: peer certificate has no subject CN`, 'tls-name'],
    [`setting up TLS connection to ${MX1}`, 'tls-detail'],
    [`${MX1}: TLS cipher list "aNULL:-aNULL:HIGH"`, 'tls-detail'],
    [`${MX1} CommonName mx1.example.org`, 'tls-detail'],
    ['SSL_connect:SSLv3/TLS write client hello', 'tls-detail'],
    ['write to 55D1E9C0A2B0 [55D1E9C12340] (330 bytes => 330 (0x14A))', 'tls-detail'],
    ['0000 16 03 01 00 f8 01 00 00|f4 03 03  ........', 'tls-detail'],
    ['looking for session smtp&mx1.example.org in smtp cache', 'tls-cache'],
    [`< ${MX1}: 250-STARTTLS`, 'verbose'],
    [`warning: ${MX1}: response longer than 2048: x`, 'smtp-warning'],
    ['warning: connect to private/tlsmgr: No such file or directory', 'smtp-warning'],
    ['warning: connect to private/tlsproxy service: No such file or directory', 'local-fault'],
    ['host mx1.example.org[192.0.2.25] offers SMTPUTF8 support, but not 8BITMIME', 'smtp-warning'],
    ['fatal: unknown service: smtp/tcp', 'trouble'],
    ['something nobody ever wrote', 'unknown'],
    ['warning: something nobody ever warned of', 'unknown'],
  ])('smtp: %s', (message, rule) => {
    expect(ruleOf(smtp(message))).toEqual([rule]);
  });

  it.each([
    [established(), 'tlsproxy-summary'],
    [
      'Anonymous TLS connection established from x[192.0.2.25]:4242: TLSv1.3 with cipher X',
      'tlsproxy-inbound',
    ],
    ['TLS handshake failed for service=smtpd peer=[192.0.2.25]:4242', 'tlsproxy-inbound'],
    ['CONNECT to [192.0.2.25]:25', 'tlsproxy-connection'],
    ['DISCONNECT [192.0.2.25]:25', 'tlsproxy-connection'],
    ['TLS handshake failed for service=smtp peer=[192.0.2.25]:25', 'tlsproxy-handshake-failed'],
    ['warning: ciphertext read/write timeout for [192.0.2.25]:25', 'tlsproxy-trouble'],
    ['warning: TLS client role is disabled by configuration', 'tlsproxy-trouble'],
    ['something nobody ever wrote', 'unknown'],
  ])('tlsproxy: %s', (message, rule) => {
    expect(ruleOf(tlsproxy(message))).toEqual([rule]);
  });

  it('but those of other programs', () => {
    expect(ruleOf(smtp(established(), { tag: 'postfix/lmtp' }))).toEqual(['lmtp']);
    expect(ruleOf(smtp(established()).replace('[4211]', ''))).toEqual(['no-pid']);
    for (const tag of ['postfix/smtpd', 'postfix/error', 'smtp', 'postfix/smtpx', 'postfix/qmgr']) {
      expect(ruleOf(smtp(established(), { tag })), tag).toEqual([]);
    }
    const from = smtp('9F3A51C0B7: from=<a@example.org>, size=1, nrcpt=1 (queue active)', {
      tag: 'postfix/qmgr',
    });
    expect(ruleOf(from, { ownSender: 'a@example.org' })).toEqual(['sender-of-message']);
  });
});

it('recognises lines of Postfix, and no others', () => {
  expect(parser.recognises?.(smtp(established()))).toBe(true);
  expect(parser.recognises?.('<22>1 2026-11-22T10:00:01Z mail postfix/qmgr 77 - - x')).toBe(true);
  expect(parser.recognises?.('{"SYSLOG_IDENTIFIER": "postfix/smtpd", "_PID": "7", "MESSAGE": "x"}')).toBe(
    true,
  );
  expect(
    parser.recognises?.('2026-11-22 10:00:01 1xVZtW-0004mX-0w => a@example.org R=dnslookup T=remote_smtp'),
  ).toBe(false);
});
