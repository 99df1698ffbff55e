import { describe, expect, it } from 'vitest';
import { brief, delivery, established, MX1, MX2, sessionsOf, smtp } from './log-lines.ts';

const NA = 'mx1.example.org[192.0.2.25]';
const REFUSED = 'Server certificate not verified';

/** The sessions of one server that was given up for the reason. */
function failing(reason: string, ...before: string[]): string[] {
  return brief(sessionsOf([...before.map((line) => smtp(line)), smtp(delivery({ reason }))]));
}

describe('certificates that did not do', () => {
  const certificate = (text: string, who = '') => `${who}certificate verification failed for ${MX1}: ${text}`;

  it.each([
    ['external policy failure (sts-policy-fetch-error)', 'sts-policy-fetch-error mx1.example.org sts'],
    ['external policy failure (sts-policy-invalid)', 'sts-policy-invalid mx1.example.org sts'],
    ['external policy failure (sts-webpki-invalid)', 'sts-webpki-invalid mx1.example.org sts'],
    ['external policy failure (validation-failure)', 'validation-failure mx1.example.org sts'],
    ['external policy failure (made-up)', 'validation-failure mx1.example.org sts'],
    ['not trusted by local or TLSA policy', 'certificate-not-trusted mx1.example.org'],
    ['self-signed certificate', 'validation-failure self-signed_certificate mx1.example.org'],
    [
      'untrusted issuer <unknown>',
      'validation-failure unable_to_get_local_issuer_certificate mx1.example.org',
    ],
    ['certificate not yet valid', 'validation-failure certificate_is_not_yet_valid mx1.example.org'],
    ['certificate has expired', 'certificate-expired mx1.example.org'],
    [
      'not designated for use as a CA certificate',
      'validation-failure unsuitable_certificate_purpose mx1.example.org',
    ],
    [
      'certificate chain longer than limit(9)',
      'validation-failure certificate_chain_too_long mx1.example.org',
    ],
    ['num=62:hostname mismatch', 'certificate-host-mismatch mx1.example.org'],
    ['num=62:Hostname mismatch', 'certificate-host-mismatch mx1.example.org'],
    ['num=65:no matching DANE TLSA records', 'certificate-not-trusted mx1.example.org'],
    ['num=1:unspecified certificate verification error', 'certificate-not-trusted mx1.example.org'],
    ['num=623:made up', 'certificate-not-trusted mx1.example.org'],
  ])('%s', (text, expected) => {
    for (const who of ['', 'server ', 'CA ']) {
      expect(failing(REFUSED, certificate(text, who), established())).toEqual([`example.org ${expected}`]);
    }
  });

  it('do not fail a session where none was demanded (keyword `untrusted`)', () => {
    const lines = [certificate('self-signed certificate'), established(), delivery()];
    expect(brief(sessionsOf(lines.map((line) => smtp(line))))).toEqual([
      'example.org success mx1.example.org',
    ]);
  });

  it('bore the wrong name where the chain was good and no verdict was logged (3.5 and older)', () => {
    expect(failing(REFUSED, established(MX1, 'Trusted'))).toEqual([
      'example.org certificate-host-mismatch mx1.example.org',
    ]);
    expect(failing('Server certificate not trusted', established(MX1, 'Untrusted'))).toEqual([
      'example.org certificate-not-trusted mx1.example.org',
    ]);
  });

  it('fail one server, and mail goes to the next', () => {
    const lines = [
      smtp(certificate('self-signed certificate')),
      smtp(established()),
      smtp(`9F3A51C0B7: ${REFUSED}`),
      smtp(established(MX2, 'Verified')),
      smtp(delivery({ relay: MX2 })),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org validation-failure self-signed_certificate mx1.example.org',
      'example.org success mx2.example.org',
    ]);
  });

  it('are told at log level 0 too', () => {
    const lines = [smtp(certificate('num=62:hostname mismatch')), smtp(delivery({ reason: REFUSED }))];
    expect(brief(sessionsOf(lines, { tlsLogLevel: 0 }))).toEqual([
      'example.org certificate-host-mismatch mx1.example.org',
    ]);
  });

  it('are told without their server where no line names it (level 0, a wrong name before 3.6)', () => {
    const lines = ['9F3A51C0B7: Server certificate not verified', delivery({ relay: MX2, reason: '550 no' })];
    const [session, ...others] = sessionsOf(
      lines.map((line) => smtp(line)),
      { tlsLogLevel: 0 },
    );
    expect(session).toMatchObject({ recipientDomain: 'example.org', resultType: 'certificate-not-trusted' });
    expect([session?.receivingIp, session?.receivingMxHostname, others]).toEqual([undefined, undefined, []]);
  });
});

describe('records that could not be used', () => {
  it.each([
    ['all TLSA records unusable', 'tlsa-invalid all-TLSA-records-unusable mx1.example.org tlsa'],
    ['all fingerprints unusable', 'validation-failure all-fingerprints-unusable mx1.example.org'],
    ['all trust anchors unusable', 'validation-failure all-trust-anchors-unusable mx1.example.org'],
  ])('%s', (text, expected) => {
    const sessions = failing(REFUSED, `warning: ${MX1}: ${text}`, established());
    expect(sessions).toEqual([`example.org ${expected}`]);
  });

  it('stay the one result of the connection, whatever comes of it', () => {
    const lines = [
      smtp(`warning: ${MX1}: all TLSA records unusable, fallback to unauthenticated TLS`),
      smtp(`SSL_connect error to ${MX1}: lost connection`),
      smtp(delivery({ reason: 'Cannot start TLS: handshake failure' })),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org tlsa-invalid all-TLSA-records-unusable mx1.example.org tlsa',
    ]);
  });

  it('are told at log level 0, where no summary follows', () => {
    const lines = [
      smtp(`warning: ${MX1}: all TLSA records unusable, fallback to unauthenticated TLS`),
      smtp(delivery()),
    ];
    expect(brief(sessionsOf(lines, { tlsLogLevel: 0 }))).toEqual([
      'example.org tlsa-invalid all-TLSA-records-unusable mx1.example.org tlsa',
    ]);
  });

  it('are no failure one by one', () => {
    const lines = [
      smtp(`warning: ${MX1}: unusable TLSA RR: 3 1 9 ABAB`),
      smtp('warning: _25._tcp.mx1.example.org unsupported TLSA certificate usage: 1 1 1 ABAB'),
      smtp(established()),
      smtp(delivery({ tls: 'encrypt' })),
    ];
    expect(brief(sessionsOf(lines))).toEqual(['example.org success mx1.example.org no-policy-found']);
  });
});

describe('servers without STARTTLS where TLS was demanded', () => {
  const expected = ['example.org starttls-not-supported mx1.example.org'];

  it.each([
    `TLS is required, but was not offered by host ${NA}`,
    `TLS is required, but host ${NA} refused to start TLS: 454 4.7.0 later`,
    `Sender requested REQUIRETLS, but TLS service was not offered by host ${NA}`,
    `Sender requested REQUIRETLS, but host ${NA} refused to start TLS: 502 5.5.1 no`,
    `REQUIRETLS Failure: sender requested REQUIRETLS, but TLS service was not offered by host ${NA}`,
    `REQUIRETLS Failure: sender requested REQUIRETLS, but host ${NA} refused to start TLS: 502 5.5.1 no`,
    `Protocol error: TLS is required, but host ${NA} refused to start TLS: 354 go on`,
  ])('%s', (reason) => {
    expect(failing(reason)).toEqual(expected);
    const next = [smtp(`9F3A51C0B7: ${reason}`), smtp(established(MX2)), smtp(delivery({ relay: MX2 }))];
    expect(brief(sessionsOf(next))).toEqual([...expected, 'example.org success mx2.example.org']);
  });

  it.each(['S', 'REQUIRETLS Failure: s'])('count the certificate REQUIRETLS demanded (%s)', (begin) => {
    const reason = `${begin}ender requested REQUIRETLS, but no matching server certificate was found. The last attempted server was ${NA}`;
    expect(failing(reason, established())).toEqual(['example.org certificate-not-trusted mx1.example.org']);
  });

  it.each(['S', 'REQUIRETLS Debug: s'])('go on where REQUIRETLS is not enforced (%s)', (begin) => {
    const note = `9F3A51C0B7: ${begin}ender requested REQUIRETLS, but REQUIRETLS support was not offered by host ${NA}`;
    const lines = [established(), note, delivery({ tls: 'may/requiretls:none' })];
    expect(brief(sessionsOf(lines.map((line) => smtp(line))))).toEqual([
      'example.org success mx1.example.org no-policy-found',
    ]);
  });

  it.each([
    'TLS is required, but our TLS engine is unavailable',
    'TLS is required, but unavailable',
    'client TLS configuration problem',
    `Sender requested REQUIRETLS, but no server was found that supports REQUIRETLS. The last attempted server was ${NA}`,
    "Sender requested REQUIRETLS, but my configured TLS security level 'may' disables certificate matching. The last attempted server was mx1.example.org",
    'REQUIRETLS policy configuration error. x',
    'Temporary lookup error',
  ])('is not to blame for: %s', (reason) => {
    expect(failing(reason)).toEqual([]);
  });
});

describe('connections that ended before TLS', () => {
  it.each([
    `lost connection with ${NA} while receiving the initial server greeting`,
    `lost connection with ${NA} while performing the EHLO handshake`,
    `lost connection with ${NA} while receiving the STARTTLS response`,
    `conversation with ${NA} timed out while performing the HELO handshake`,
    `lost connection with ${NA} while sending RCPT TO`,
    `local data error while talking to ${NA}`,
    `host ${NA} refused to talk to me: 554 5.7.1 go away`,
    `connect to ${MX1}: No route to host`,
    `Protocol error: host ${NA} refused to talk to me: 354 go on`,
    'mail for example.org loops back to myself',
    `SMTPUTF8 is required, but was not offered by host ${NA}`,
    `message requires SMTPUTF8, but no server was found that supports SMTPUTF8. The last attempted server was ${NA}`,
  ])('are no session: %s', (reason) => {
    expect(failing(reason)).toEqual([]);
    expect(brief(sessionsOf([smtp(delivery({ reason, tls: 'may?' }))]))).toEqual([]);
  });

  it('are no session where no server was found', () => {
    for (const reason of [
      'Host or domain name not found. Name service error for name=example.org type=MX: Host not found, try again',
      'mail for example.org loops back to myself',
      'unable to find primary relay for example.org',
      'server unavailable or unable to receive mail',
    ]) {
      expect(sessionsOf([smtp(delivery({ relay: 'none', reason }))]), reason).toEqual([]);
    }
  });
});

describe('policies that kept a server from being tried', () => {
  const lookup = (text: string, who = 'example.org/mx1.example.org') =>
    `warning: TLS policy lookup for ${who}: ${text}`;

  it.each([
    ['TLSA lookup error for mx1.example.org:25', 'dnssec-invalid mx1.example.org inferred'],
    ['no TLSA records found', 'dane-required mx1.example.org inferred'],
    ['non DNSSEC destination', 'dane-required mx1.example.org inferred'],
    ['Verification not possible, MX RRset is insecure', 'dane-required mx1.example.org inferred'],
    ['TLSA records unusable', 'tlsa-invalid mx1.example.org tlsa inferred'],
  ])('%s', (text, expected) => {
    const last = smtp(delivery({ relay: 'none', reason: text }));
    expect(brief(sessionsOf([smtp(lookup(text)), last]))).toEqual([`example.org ${expected}`]);
    const info = lookup(text).replace('warning: ', '');
    expect(brief(sessionsOf([smtp(info), last])), 'an info line in 2.11').toEqual([
      `example.org ${expected}`,
    ]);
  });

  it('are told once for a message with two recipients, and once if looked up twice', () => {
    const reason = 'TLSA lookup error for mx1.example.org:25';
    const lines = [
      smtp(
        'warning: DANE TLSA lookup problem: Host or domain name not found. Name service error for name=_25._tcp.mx1.example.org type=TLSA: Host not found, try again',
      ),
      smtp(lookup(reason).replace('lookup for', 'lookup error for')),
      smtp(lookup(reason)),
      smtp(delivery({ relay: 'none', reason })),
      smtp(delivery({ relay: 'none', reason, to: 'bob@example.org' })),
    ];
    expect(brief(sessionsOf(lines))).toEqual(['example.org dnssec-invalid mx1.example.org inferred']);
  });

  it('are believed by the reason alone where the warning is missing', () => {
    const reason = 'TLSA lookup error for mx1.example.org:25';
    const lines = [smtp(delivery({ relay: 'none', reason }))];
    expect(brief(sessionsOf(lines))).toEqual(['example.org dnssec-invalid mx1.example.org inferred']);
  });

  it('name the next hop as it was written', () => {
    const line = smtp(lookup('no TLSA records found', '[Smtp.ISP.example]:587/smtp.isp.example'));
    const lines = [line, smtp(delivery({ relay: 'none', reason: 'no TLSA records found' }))];
    expect(brief(sessionsOf(lines))).toEqual(['smtp.isp.example dane-required smtp.isp.example inferred']);
  });

  it.each(['[192.0.2.9]/192.0.2.9', '[192.0.2.9]:587/192.0.2.9', '[2001:db8::9]/2001:db8::9'])(
    'are no session where the next hop is an address: %s',
    (who) => {
      const reason = 'non DNSSEC destination';
      const lines = [
        smtp(lookup(reason, who)),
        smtp(delivery({ relay: 'none', reason })),
        smtp(delivery({ relay: 'none', reason, to: 'bob@example.org' })),
      ];
      expect(sessionsOf(lines)).toEqual([]);
      expect(sessionsOf(lines.slice(0, 1))).toEqual([]);
      const next = smtp(delivery({ id: 'AAAA51C0B7', relay: 'none', reason }));
      expect(brief(sessionsOf([...lines, next]))).toEqual(['example.org dane-required - inferred']);
    },
  );

  it('skip one host, and the next takes the mail', () => {
    const lines = [
      smtp("warning: MX name 'mx1.example.org' does not match STS MX pattern for 'example.org'"),
      smtp(established(MX2, 'Verified')),
      smtp(delivery({ relay: MX2, tls: 'secure' })),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org validation-failure mx-not-in-sts-policy mx1.example.org sts inferred',
      'example.org success mx2.example.org sts-or-local',
    ]);
  });

  it('are told though the delivery line never came', () => {
    const lines = [smtp(lookup('no TLSA records found'))];
    expect(brief(sessionsOf(lines))).toEqual(['example.org dane-required mx1.example.org inferred']);
  });

  it('are not repeated by error(8)', () => {
    const reason = 'delivery temporarily suspended: non DNSSEC destination';
    expect(sessionsOf([smtp(delivery({ relay: 'none', reason }), { tag: 'postfix/error' })])).toEqual([]);
    expect(sessionsOf([smtp(delivery({ relay: 'none', reason }))])).toEqual([]);
  });
});
