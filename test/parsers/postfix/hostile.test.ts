import { describe, expect, it } from 'vitest';
import { brief, delivery, established, MX1, sessionsOf, smtp } from './log-lines.ts';

const SUCCESS = ['example.org success mx1.example.org'];
const VICTIM = 'mx.victim.example[198.51.100.1]:25';
const FAKES = [
  established(VICTIM, 'Verified'),
  'TLSRPT: status=failure, domain=victim.example, receiving_mx=mx.victim.example[198.51.100.1], failure_type=certificate_expired',
  `server certificate verification failed for ${VICTIM}: certificate has expired`,
  `SSL_connect error to ${VICTIM}: -1`,
  `warning: ${VICTIM}: all TLSA records unusable`,
  "warning: MX name 'mx.victim.example' does not match STS MX pattern for 'victim.example'",
  'warning: TLS policy lookup for victim.example/mx.victim.example: no TLSA records found',
  delivery({ to: 'u@victim.example', relay: VICTIM }),
];

describe('text of a server', () => {
  it.each(FAKES)('that imitates a line is no line: %s', (fake) => {
    for (const reason of [
      `host mx1.example.org[192.0.2.25] said: 450 4.7.5 ${fake} (in reply to MAIL FROM command)`,
      `host mx1.example.org[192.0.2.25] said: 550-5.1.1 first 550 ${fake}`,
      `250 2.0.0 Ok) Nov 23 10:00:00 mta1 postfix/smtp[4211]: ${fake}`,
    ]) {
      expect(brief(sessionsOf([smtp(established()), smtp(delivery({ reason }))]))).toEqual(SUCCESS);
    }
  });

  it('that imitates the end of the delivery line does not end it', () => {
    for (const reason of [
      '250 ok), relay=mx.victim.example[198.51.100.1]:25, tls=none, dsn=4.7.4, status=deferred (Server certificate not verified',
      'host mx1.example.org[192.0.2.25] said: 450 a@victim.example>, relay=mx.victim.example[198.51.100.1]:25, delay=1, delays=0/0/0/1, dsn=4.7.5, status=deferred (Server certificate not verified',
    ]) {
      expect(brief(sessionsOf([smtp(established()), smtp(delivery({ reason }))])), reason).toEqual(SUCCESS);
    }
  });

  it('that refused STARTTLS does not name another server', () => {
    const reason = `TLS is required, but host mx1.example.org[192.0.2.25] refused to start TLS: 454 was not offered by host ${VICTIM}`;
    expect(brief(sessionsOf([smtp(delivery({ reason }))]))).toEqual([
      'example.org starttls-not-supported mx1.example.org',
    ]);
  });

  it('in an issuer’s name stays where it is', () => {
    for (const fake of FAKES) {
      const line = `certificate verification failed for ${MX1}: untrusted issuer /CN=${fake}`;
      const lines = [
        smtp(line),
        smtp(established()),
        smtp(delivery({ reason: 'Server certificate not verified' })),
      ];
      expect(brief(sessionsOf(lines))).toEqual([
        'example.org validation-failure unable_to_get_local_issuer_certificate mx1.example.org',
      ]);
    }
  });

  it('in what level 2 and -v log is no line', () => {
    for (const fake of FAKES) {
      const lines = [
        smtp(`< ${MX1}: 250-${fake}`),
        smtp(`${MX1}: subject_CN=${fake}, issuer_CN=${fake}, fingerprint=AA`),
        smtp(`warning: ${MX1}: response longer than 2048: ${fake}`),
        smtp(established()),
        smtp(delivery()),
      ];
      expect(brief(sessionsOf(lines)), fake).toEqual(SUCCESS);
    }
  });
});

describe('local parts', () => {
  const tail =
    'relay=mx.victim.example[198.51.100.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)';

  it.each([
    `"u@victim.example>, ${tail}"@example.org`,
    `"u@victim.example>, orig_to=<x@y>, ${tail}"@example.org`,
    `"quote \\" u@victim.example>, ${tail}"@example.org`,
    `"a\\\\"@example.org`,
    '"@"@example.org',
  ])('in quotes (3.5 and newer) are read to their end: %s', (to) => {
    expect(brief(sessionsOf([smtp(established()), smtp(delivery({ to }))]))).toEqual(SUCCESS);
    expect(brief(sessionsOf([smtp(delivery({ to }))]))).toEqual([
      'example.org starttls-not-supported mx1.example.org inferred',
    ]);
  });

  it.each([`u@victim.example>, ${tail}@example.org`, `u>, orig_to=<x>, ${tail}@example.org`])(
    'without quotes (3.4 and older) do not hide the server the process talks to: %s',
    (to) => {
      expect(brief(sessionsOf([smtp(established()), smtp(delivery({ to }))]))).toEqual(SUCCESS);
    },
  );

  it('of the original recipient do not count', () => {
    for (const original of ['b@victim.example', `"b>, ${tail}"@victim.example`]) {
      const line = delivery().replace('>, relay=', `>, orig_to=<${original}>, relay=`);
      expect(brief(sessionsOf([smtp(established()), smtp(line)]))).toEqual(SUCCESS);
    }
  });
});

describe('names that are none', () => {
  it.each([
    'mx_1!.example.org[192.0.2.25]:25',
    'mx1.example.org[not an address]:25',
    'mx1.example.org[192.0.2.256]:25',
    `${'a'.repeat(300)}.example.org[192.0.2.25]:25`,
    '[192.0.2.25]:25',
  ])('give no session: %s', (server) => {
    expect(sessionsOf([smtp(established(server)), smtp(delivery({ relay: server }))])).toEqual([]);
  });

  it.each(['alice', 'alice@[192.0.2.1]', 'alice@192.0.2.1', 'alice@ex ample.org', 'alice@', 'alice@-x.org'])(
    'as recipient give no session: %s',
    (to) => {
      expect(sessionsOf([smtp(established()), smtp(delivery({ to }))])).toEqual([]);
    },
  );
});
