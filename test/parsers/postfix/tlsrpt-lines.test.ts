import { describe, expect, it } from 'vitest';
import { brief, delivery, established, MX1, MX2, sessionsOf, smtp, tlsproxy } from './log-lines.ts';

const NA = 'mx1.example.org[192.0.2.25]';
const SUCCESS = `TLSRPT: status=success, domain=example.org, receiving_mx=${NA}`;

function failure(type: string, reason?: string, domain = 'example.org'): string {
  const tail = reason === undefined ? '' : `, failure_reason=${reason}`;
  return `TLSRPT: status=failure, domain=${domain}, receiving_mx=${NA}, failure_type=${type}${tail}`;
}

describe('TLSRPT: lines', () => {
  it.each([
    ['starttls_not_supported', 'starttls-not-supported mx1.example.org'],
    ['certificate_host_mismatch', 'certificate-host-mismatch mx1.example.org'],
    ['certificate_not_trusted', 'certificate-not-trusted mx1.example.org'],
    ['certificate_expired', 'certificate-expired mx1.example.org'],
    ['validation_failure', 'validation-failure mx1.example.org'],
    ['sts_policy_fetch_error', 'sts-policy-fetch-error mx1.example.org sts'],
    ['sts_policy_invalid', 'sts-policy-invalid mx1.example.org sts'],
    ['sts_webpki_invalid', 'sts-webpki-invalid mx1.example.org sts'],
    ['tlsa_invalid', 'tlsa-invalid mx1.example.org tlsa'],
    ['dnssec_invalid', 'dnssec-invalid mx1.example.org'],
    ['dane_required', 'dane-required mx1.example.org'],
    ['unfinished_policY', 'validation-failure mx1.example.org'],
    ['failure_type_299', 'validation-failure mx1.example.org'],
  ])('%s', (type, expected) => {
    const lines = [smtp(failure(type)), smtp(delivery({ reason: 'Server certificate not verified' }))];
    expect(brief(sessionsOf(lines))).toEqual([`example.org ${expected} tlsrpt-line`]);
  });

  it('keep the reason as Postfix writes it', () => {
    const reason = "format_error_in_certificate's_notBefore_field";
    const [session] = sessionsOf([smtp(failure('validation_failure', reason)), smtp(delivery())]);
    expect(session?.failureReasonCode).toBe(reason);
    const [odd] = sessionsOf([smtp(failure('validation_failure', 'two words')), smtp(delivery())]);
    expect(odd).not.toHaveProperty('failureReasonCode');
  });

  it('fold the case of the domain and take A-labels as they are', () => {
    for (const [written, domain] of [
      ['MixedCase.TEST', 'mixedcase.test'],
      ['xn--bcher-kva.test', 'xn--bcher-kva.test'],
    ] as const) {
      const line = SUCCESS.replace('example.org', written);
      expect(sessionsOf([smtp(line), smtp(delivery())])[0]?.recipientDomain).toBe(domain);
    }
  });

  it('win over every other line of their connection', () => {
    const lines = [
      smtp(`certificate verification failed for ${MX1}: self-signed certificate`),
      smtp(failure('validation_failure', 'self-signed_certificate')),
      smtp(established()),
      smtp(delivery({ reason: 'Server certificate not verified', tls: '!dane' })),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org validation-failure self-signed_certificate mx1.example.org tlsrpt-line',
    ]);
  });

  it('win over a delivery in clear text after a refused STARTTLS', () => {
    const lines = [smtp(failure('starttls_not_supported')), smtp(delivery({ tls: 'may:none' }))];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org starttls-not-supported mx1.example.org no-policy-found tlsrpt-line',
    ]);
  });

  it('of tlsproxy are of the connection the smtp line names', () => {
    const lines = [
      tlsproxy(failure('validation_failure', 'tls-handshake-failure')),
      tlsproxy('TLS handshake failed for service=smtp peer=[192.0.2.25]:25'),
      smtp(delivery({ reason: 'Cannot start TLS: handshake failure', tls: 'may?' })),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org validation-failure tls-handshake-failure mx1.example.org tlsrpt-line',
    ]);
  });

  it('of tlsproxy are told once, for the domain they name', () => {
    const lines = [
      tlsproxy(failure('validation_failure', 'tls-handshake-failure', 'example.net')),
      tlsproxy(failure('validation_failure', 'tls-handshake-failure')),
      smtp('9F3A51C0B7: Cannot start TLS: handshake failure'),
      smtp(established(MX2)),
      smtp(SUCCESS.replace(NA, 'mx2.example.org[192.0.2.26]')),
      smtp(delivery({ relay: MX2 })),
    ];
    expect(brief(sessionsOf(lines)).sort()).toEqual([
      'example.net validation-failure tls-handshake-failure mx1.example.org tlsrpt-line',
      'example.org success mx2.example.org tlsrpt-line',
      'example.org validation-failure tls-handshake-failure mx1.example.org tlsrpt-line',
    ]);
  });

  it.each([
    ['success', 'mx1.example.org tlsrpt-line', [established(), SUCCESS]],
    ['starttls-not-supported', 'mx1.example.org tlsrpt-line', [failure('starttls_not_supported')]],
  ])(
    'of a server that took no mail is not of the next one, whose handshake broke behind tlsproxy: %s',
    (type, where, first) => {
      const mx2 = 'mx2.example.org[192.0.2.26]';
      const lines = [
        ...first.map((line) => smtp(line)),
        smtp(`9F3A51C0B7: host ${NA} said: 450 4.2.0 later (in reply to RCPT TO command)`),
        tlsproxy(failure('validation_failure', 'tls-handshake-failure').replace(NA, mx2)),
        tlsproxy('TLS handshake failed for service=smtp peer=[192.0.2.26]:25'),
        smtp('9F3A51C0B7: Cannot start TLS: handshake failure'),
        smtp(delivery({ relay: MX2, tls: 'may:none' })),
      ];
      expect(brief(sessionsOf(lines))).toEqual([
        `example.org ${type} ${where}`,
        'example.org validation-failure tls-handshake-failure mx2.example.org tlsrpt-line',
      ]);
    },
  );

  it('are believed though no delivery line followed', () => {
    expect(brief(sessionsOf([smtp(SUCCESS)]))).toEqual(['example.org success mx1.example.org tlsrpt-line']);
    expect(brief(sessionsOf([tlsproxy(failure('certificate_expired'))]))).toEqual([
      'example.org certificate-expired mx1.example.org tlsrpt-line',
    ]);
  });

  it('can leave the server out', () => {
    const line = 'TLSRPT: status=failure, domain=example.org, receiving_mx=(Null), failure_type=tlsa_invalid';
    const lines = [smtp(line), smtp(established()), smtp(delivery())];
    expect(brief(sessionsOf(lines))).toEqual(['example.org tlsa-invalid mx1.example.org tlsa tlsrpt-line']);
  });

  it('count on top of handshakes native does not count (a resumed session, a domain without a record)', () => {
    const lines = [
      smtp(established()),
      smtp(SUCCESS),
      smtp(delivery()),
      smtp(established(), { second: 9 }),
      smtp(delivery({ id: 'AAAA51C0B7' }), { second: 9 }),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org success mx1.example.org tlsrpt-line',
      'example.org success mx1.example.org',
    ]);
  });
});
