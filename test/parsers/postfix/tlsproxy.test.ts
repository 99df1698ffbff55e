import { describe, expect, it } from 'vitest';
import { brief, delivery, established, MX1, MX2, sessionsOf, smtp, tlsproxy } from './log-lines.ts';

const MX3 = 'mx3.example.org[192.0.2.27]:25';
const BROKEN = 'Cannot start TLS: handshake failure';
const REFUSED = 'Server certificate not verified';
const FAILURE = 'example.org validation-failure tls-handshake-failure';
const EXPIRED = `server certificate verification failed for ${MX1}: certificate has expired`;
const SELF_SIGNED = `certificate verification failed for ${MX1}: self-signed certificate`;
const MISMATCH = `server certificate verification failed for ${MX1}: num=62:hostname mismatch`;
const NATIVE = 'TLSRPT: status=failure, domain=example.org, receiving_mx=mx1.example.org[192.0.2.25]';

/** tlsproxy tells of a handshake that broke. */
const broke = (address: string, second: number) =>
  tlsproxy(`TLS handshake failed for service=smtp peer=[${address}]:25`, second);
/** The smtp process gives a server up and tries the next. */
const givenUp = (second: number, { id = '9F3A51C0B7', pid = 4211, reason = BROKEN } = {}) =>
  smtp(`${id}: ${reason}`, { second, pid });
/** Both tell of a TLS session. */
const stood = (second: number, { server = MX1, pid = 4211, trust = 'Untrusted' } = {}) => [
  tlsproxy(established(server, trust), second),
  smtp(established(server, trust), { second, pid }),
];
/** The delivery to another domain that shares the server. */
const toNet = (reason: string, second: number, pid = 4211) =>
  smtp(delivery({ id: 'AAAA51C0B7', to: 'b@example.net', reason }), { second, pid });

describe('handshakes that broke behind tlsproxy', () => {
  it('are each told of their own server, the last one by its name', () => {
    const last = (server: string, tls?: string) =>
      smtp(delivery({ relay: server, reason: BROKEN, ...(tls !== undefined && { tls }) }), { second: 3 });
    for (const tls of [undefined, 'may?']) {
      const two = [broke('192.0.2.25', 1), givenUp(1), broke('192.0.2.26', 2), last(MX2, tls)];
      expect(brief(sessionsOf(two))).toEqual([`${FAILURE} 192.0.2.25`, `${FAILURE} mx2.example.org`]);
    }
    const three = [
      ...[broke('192.0.2.25', 1), givenUp(1), broke('2001:db8::25', 2), givenUp(2)],
      ...[broke('192.0.2.27', 3), last(MX3)],
    ];
    expect(brief(sessionsOf(three))).toEqual([
      `${FAILURE} 192.0.2.25`,
      `${FAILURE} 2001:db8::25`,
      `${FAILURE} mx3.example.org`,
    ]);
  });

  it('are told of their servers where they come one soon after the other, whichever line comes first', () => {
    const end = [...stood(3, { server: MX3 }), smtp(delivery({ relay: MX3 }), { second: 4 })];
    for (const lines of [
      [broke('192.0.2.25', 1), givenUp(1), broke('192.0.2.26', 2), givenUp(2)],
      [givenUp(1), broke('192.0.2.25', 1), givenUp(2), broke('192.0.2.26', 2)],
    ]) {
      expect(brief(sessionsOf([...lines, ...end]))).toEqual([
        `${FAILURE} 192.0.2.25`,
        `${FAILURE} 192.0.2.26`,
        'example.org success mx3.example.org',
      ]);
    }
  });

  it('keep their server though the mail is given up much later, when other notes have come', () => {
    const late = 'connect to mx2.example.org[192.0.2.26]:25: Connection timed out';
    const lines = [
      broke('192.0.2.25', 1),
      tlsproxy(`${NATIVE}, failure_type=validation_failure, failure_reason=tls-handshake-failure`, 1),
      givenUp(1),
      broke('198.51.100.7', 200),
      smtp(delivery({ relay: 'none', reason: late }), { second: 300 }),
    ];
    expect(brief(sessionsOf(lines))).toEqual([`${FAILURE} mx1.example.org tlsrpt-line`]);
  });

  it('leave it open which server it was where the mail is only then refused at another', () => {
    const lines = [
      givenUp(1),
      smtp(
        delivery({ relay: MX2, reason: `TLS is required, but was not offered by host ${MX2.slice(0, -3)}` }),
      ),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      `${FAILURE} -`,
      'example.org starttls-not-supported mx2.example.org',
    ]);
  });

  it('name the server that then takes the mail in clear text', () => {
    const lines = [broke('192.0.2.25', 1), givenUp(1), smtp(delivery(), { second: 2 })];
    expect(brief(sessionsOf(lines))).toEqual([`${FAILURE} mx1.example.org`]);
  });

  it.each([undefined, 'may:none'])('do not excuse clear text at another server (tls=%s)', (tls) => {
    const last = smtp(delivery({ relay: MX2, ...(tls !== undefined && { tls }) }), { second: 5 });
    const clear =
      tls === undefined
        ? 'example.org starttls-not-supported mx2.example.org inferred'
        : 'example.org starttls-not-supported mx2.example.org no-policy-found inferred';
    expect(brief(sessionsOf([broke('192.0.2.25', 1), givenUp(1), last]))).toEqual([
      `${FAILURE} 192.0.2.25`,
      clear,
    ]);
    expect(brief(sessionsOf([givenUp(1), last]))).toEqual([`${FAILURE} -`]);
  });
});

describe('handshakes with one server at the same time', () => {
  const expired = [tlsproxy(EXPIRED, 1), tlsproxy(established(), 1)];
  const failed = broke('192.0.2.25', 1);
  const ends = [
    smtp(delivery({ reason: BROKEN }), { pid: 1 }),
    smtp(established(), { pid: 2 }),
    toNet(REFUSED, 1, 2),
  ];
  const both = [`${FAILURE} mx1.example.org`, 'example.net certificate-expired mx1.example.org'];

  it('are two where one broke and the other shows a certificate that does not do', () => {
    expect(brief(sessionsOf([failed, ...expired, ...ends]))).toEqual(both);
    expect(brief(sessionsOf([...expired, failed, ...ends]))).toEqual(both);
  });

  it('are two where one broke and the other finds all TLSA records unusable, each told once by native', () => {
    const lines = [
      failed,
      tlsproxy(`${NATIVE}, failure_type=validation_failure, failure_reason=tls-handshake-failure`, 1),
      givenUp(1, { pid: 1 }),
      tlsproxy(`warning: ${MX1}: all TLSA records unusable, fallback to unauthenticated TLS`, 1),
      tlsproxy(`${NATIVE}, failure_type=tlsa_invalid, failure_reason=all-TLSA-records-unusable`, 1),
      ...stood(1, { pid: 2 }),
      ...stood(2, { server: MX2, pid: 1 }),
      smtp(delivery({ relay: MX2 }), { second: 3, pid: 1 }),
      smtp(delivery({ id: 'AAAA51C0B7' }), { second: 3, pid: 2 }),
    ];
    expect(brief(sessionsOf(lines)).sort()).toEqual([
      'example.org success mx2.example.org',
      'example.org tlsa-invalid all-TLSA-records-unusable mx1.example.org tlsa tlsrpt-line',
      `${FAILURE} mx1.example.org tlsrpt-line`,
    ]);
  });

  it('is one where all TLSA records are unusable and it breaks then', () => {
    const lines = [
      tlsproxy(`warning: ${MX1}: all TLSA records unusable, fallback to unauthenticated TLS`, 1),
      tlsproxy(`${NATIVE}, failure_type=tlsa_invalid, failure_reason=all-TLSA-records-unusable`, 1),
      failed,
      smtp(delivery({ reason: BROKEN })),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org tlsa-invalid all-TLSA-records-unusable mx1.example.org tlsa tlsrpt-line',
    ]);
  });

  it('leave native’s word to the one it is of, whichever process comes first', () => {
    const lines = [
      tlsproxy(SELF_SIGNED, 1),
      tlsproxy(EXPIRED, 2),
      tlsproxy(`${NATIVE}, failure_type=certificate_expired`, 2),
      ...stood(2, { pid: 1 }),
      ...stood(2, { pid: 2 }),
      toNet(REFUSED, 2, 2),
      smtp(delivery({ reason: REFUSED }), { second: 2, pid: 1 }),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.net validation-failure self-signed_certificate mx1.example.org',
      'example.org certificate-expired mx1.example.org tlsrpt-line',
    ]);
  });

  it('are two where two tlsproxy processes tell of them', () => {
    const other = smtp(`${NATIVE}, failure_type=certificate_expired`, { pid: 901, tag: 'postfix/tlsproxy' });
    const lines = [tlsproxy(MISMATCH), other, ...stood(1, { trust: 'Trusted' }), toNet(REFUSED, 1)];
    expect(brief(sessionsOf(lines))).toContain('example.net certificate-host-mismatch mx1.example.org');
  });
});

describe('what tlsproxy said of a session that is over', () => {
  const later = [tlsproxy(EXPIRED, 10), ...stood(10), toNet(REFUSED, 10)];
  const native = [
    tlsproxy(MISMATCH, 1),
    ...stood(1, { trust: 'Trusted' }),
    smtp(`${NATIVE}, failure_type=certificate_host_mismatch`),
    smtp(delivery({ reason: REFUSED }), { second: 2 }),
  ];

  it('is not told of a later one, where native told of the first', () => {
    expect(brief(sessionsOf([...native, ...later]))).toEqual([
      'example.org certificate-host-mismatch mx1.example.org tlsrpt-line',
      'example.net certificate-expired mx1.example.org',
    ]);
  });

  it('is not told of a later one, where mail was delivered all the same (log level keyword untrusted)', () => {
    const delivered = [tlsproxy(SELF_SIGNED, 1), ...stood(1), smtp(delivery(), { second: 2 })];
    expect(brief(sessionsOf([...delivered, ...later]))).toEqual([
      'example.org success mx1.example.org',
      'example.net certificate-expired mx1.example.org',
    ]);
    const silent = [...stood(10), toNet(REFUSED, 10)];
    expect(brief(sessionsOf([...delivered, ...silent]))[1]).toBe(
      'example.net certificate-not-trusted mx1.example.org',
    );
  });

  it('does not make a later one, given up for the next server, count twice', () => {
    const lines = [
      ...native,
      tlsproxy(SELF_SIGNED, 10),
      tlsproxy(`${NATIVE}, failure_type=validation_failure, failure_reason=self-signed_certificate`, 10),
      ...stood(10),
      givenUp(10, { id: 'BBBB51C0B7', reason: REFUSED }),
      ...stood(11, { server: MX2, trust: 'Verified' }),
      smtp(delivery({ id: 'BBBB51C0B7', relay: MX2 }), { second: 12 }),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org certificate-host-mismatch mx1.example.org tlsrpt-line',
      'example.org validation-failure self-signed_certificate mx1.example.org tlsrpt-line',
      'example.org success mx2.example.org',
    ]);
  });

  it('is the one word on it where native failed it and mail was delivered all the same', () => {
    const lines = [
      tlsproxy(SELF_SIGNED, 1),
      tlsproxy(`${NATIVE}, failure_type=validation_failure, failure_reason=self-signed_certificate`, 1),
      ...stood(1),
      smtp(delivery(), { second: 2 }),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org validation-failure self-signed_certificate mx1.example.org tlsrpt-line',
    ]);
  });
});
