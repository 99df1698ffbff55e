import { describe, expect, it } from 'vitest';
import { brief, CIPHER, delivery, established, MX1, MX2, sessionsOf, smtp, tlsproxy } from './log-lines.ts';

const SUCCESS = 'example.org success mx1.example.org';
const BROKEN = 'example.org validation-failure tls-handshake-failure mx1.example.org';

describe('one connection, one session', () => {
  it('takes the summary of a server whose name DNS writes in capitals', () => {
    const relay = 'MX1.Example.ORG[192.0.2.25]:25';
    expect(brief(sessionsOf([smtp(established()), smtp(delivery({ relay }))]))).toEqual([SUCCESS]);
  });

  it('reads the summary without a word of trust that 2.5 and older write', () => {
    const line = `TLS connection established to ${MX1}: TLSv1 with cipher DHE-RSA-AES256-SHA (256/256 bits)`;
    const [session] = sessionsOf([smtp(line), smtp(delivery())]);
    expect(session).toMatchObject({ outcome: 'success', tlsVersion: 'TLSv1' });
    expect(session).not.toHaveProperty('peerTrust');
    expect(session).not.toHaveProperty('resumed');
  });

  it.each(['Anonymous', 'Untrusted', 'Trusted', 'Verified'])('keeps the word %s', (word) => {
    const [session] = sessionsOf([smtp(established(MX1, word)), smtp(delivery())]);
    expect(session?.peerTrust).toBe(word.toLowerCase());
  });

  it('does not count a handshake whose delivery line is of another server', () => {
    const lines = [smtp(established(MX2)), smtp(established()), smtp(delivery())];
    expect(brief(sessionsOf(lines))).toEqual([SUCCESS]);
  });

  it('drops what a process said before a line of its request was lost', () => {
    const lines = [
      smtp(`SSL_connect error to ${MX2}: lost connection`),
      smtp(established()),
      smtp(delivery({ id: 'AAAA51C0B7' })),
    ];
    expect(brief(sessionsOf(lines))).toEqual([SUCCESS]);
  });

  it('drops it before a note of another message on another server too', () => {
    const lines = [
      smtp(`SSL_connect error to ${MX2}: lost connection`),
      smtp('AAAA51C0B7: TLS is required, but was not offered by host mx1.example.org[192.0.2.25]'),
      smtp(
        delivery({ id: 'AAAA51C0B7', relay: 'none', reason: 'connect to mx3.example.org[192.0.2.27]:25: x' }),
      ),
    ];
    expect(brief(sessionsOf(lines))).toEqual(['example.org starttls-not-supported mx1.example.org']);
  });

  it('does not carry a failure over to the next message of the process', () => {
    const lines = [
      smtp(`SSL_connect error to ${MX1}: lost connection`),
      smtp('9F3A51C0B7: Cannot start TLS: handshake failure'),
      smtp(established('mx.example.net[198.51.100.7]:25')),
      smtp(delivery({ id: 'AAAA51C0B7', to: 'a@example.net', relay: 'mx.example.net[198.51.100.7]:25' })),
    ];
    expect(brief(sessionsOf(lines))).toEqual(['example.net success mx.example.net']);
  });

  it('forgets a process after an hour of silence', () => {
    const lines = [smtp(established()), smtp(delivery(), { second: 3700 })];
    expect(brief(sessionsOf(lines))).toEqual(['example.org starttls-not-supported mx1.example.org inferred']);
  });

  it('counts a session that ended at one server while the mail went to the next', () => {
    const lines = [
      smtp(established()),
      smtp(
        '9F3A51C0B7: host mx1.example.org[192.0.2.25] said: 450 4.2.0 Greylisted (in reply to RCPT TO command)',
      ),
      smtp(established(MX2, 'Trusted')),
      smtp(delivery({ relay: MX2 })),
    ];
    expect(brief(sessionsOf(lines))).toEqual([SUCCESS, 'example.org success mx2.example.org']);
  });

  it('counts the retry of one message by the same process as another session', () => {
    const lines = [
      smtp(delivery({ tls: 'may', reason: 'host mx1.example.org[192.0.2.25] said: 450 4.2.0 later' })),
      smtp(delivery({ tls: 'may', delays: '300/0.02/0.5/0.1' }), { second: 301 }),
      smtp(delivery({ tls: 'may', delays: '900/0.02/0.5/0.1' }), { second: 901 }),
    ];
    expect(sessionsOf(lines, { tlsLogLevel: 0 })).toHaveLength(3);
  });

  it('takes long queue ids', () => {
    const lines = [smtp(established()), smtp(delivery({ id: '4jYGNX5hVbzJgrX' }))];
    expect(brief(sessionsOf(lines))).toEqual([SUCCESS]);
  });

  it.each(['9F3A5FFFFFFFFFFFFFFFF', '4jYGNX5hVbzJgrXkLmNpQrS'])(
    'takes the queue id that an inode of 64 bits makes: %s',
    (id) => {
      const lines = [
        smtp(`SSL_connect error to ${MX1}: lost connection`),
        smtp(`${id}: Cannot start TLS: handshake failure`),
        smtp(established(MX2)),
        smtp(delivery({ id, relay: MX2 })),
      ];
      expect(brief(sessionsOf(lines))).toEqual([BROKEN, 'example.org success mx2.example.org']);
    },
  );

  it('keeps the time of the handshake, not of the delivery', () => {
    const lines = [smtp(established(), { second: 1 }), smtp(delivery(), { second: 40 })];
    expect(sessionsOf(lines)[0]?.time).toBe(Date.UTC(2026, 10, 22, 10, 0, 1));
  });

  it('ignores lines that name no process', () => {
    const lines = [smtp(established()), smtp(delivery())].map((line) => line.replace('[4211]', ''));
    expect(sessionsOf(lines)).toEqual([]);
  });
});

describe('resumed TLS sessions', () => {
  const summary = (tail: string) =>
    sessionsOf([
      smtp(`Trusted TLS connection established to ${MX1}: TLSv1.3 with cipher X (256/256 bits)${tail}`),
      smtp(delivery()),
    ])[0];

  it('are told by the tail of a TLS 1.3 summary', () => {
    expect(summary(' key-exchange x25519')?.resumed).toBe(true);
    expect(summary(' key-exchange X25519 server-signature ECDSA (prime256v1)')?.resumed).toBe(true);
    expect(
      summary(' key-exchange X25519 server-signature ECDSA (prime256v1) server-digest SHA256')?.resumed,
    ).toBe(false);
  });

  it('are told by level 2 whatever their version', () => {
    const lines = [
      smtp(`${MX1}: Reusing old session`),
      smtp(`Trusted TLS connection established to ${MX1}: TLSv1.2 with cipher X (256/256 bits)`),
      smtp(delivery()),
    ];
    expect(sessionsOf(lines)).toMatchObject([{ outcome: 'success', tlsVersion: 'TLSv1.2', resumed: true }]);
  });

  it('are not told where the tail cannot tell', () => {
    expect(summary('')).not.toHaveProperty('resumed');
    expect(summary(' key-exchange X25519 server-signature ED25519')).not.toHaveProperty('resumed');
    expect(summary(' key-exchange X25519 server-signature RSA-PSS (raw public key)')).not.toHaveProperty(
      'resumed',
    );
  });
});

describe('tlsproxy', () => {
  const refused = 'Server certificate not verified';

  it('prints the summary a second time', () => {
    const lines = [tlsproxy(established()), smtp(established()), smtp(delivery())];
    expect(brief(sessionsOf(lines))).toEqual([SUCCESS]);
  });

  it('alone knows why a certificate did not do', () => {
    const lines = [
      tlsproxy(`server certificate verification failed for ${MX1}: certificate has expired`),
      tlsproxy(established()),
      smtp(established()),
      smtp(delivery({ reason: refused })),
    ];
    expect(brief(sessionsOf(lines))).toEqual(['example.org certificate-expired mx1.example.org']);
  });

  it('tells nothing of a later connection', () => {
    const lines = [
      tlsproxy(`server certificate verification failed for ${MX1}: certificate has expired`),
      smtp(established(), { second: 300 }),
      smtp(delivery({ reason: refused }), { second: 300 }),
    ];
    expect(brief(sessionsOf(lines))).toEqual(['example.org certificate-not-trusted mx1.example.org']);
  });

  it('keeps apart two servers it talks to at once', () => {
    const lines = [
      tlsproxy(`certificate verification failed for ${MX2}: self-signed certificate`),
      tlsproxy(`server certificate verification failed for ${MX1}: num=62:hostname mismatch`),
      smtp(established(MX1, 'Trusted')),
      smtp(delivery({ reason: refused })),
      smtp(established(MX2), { pid: 4300 }),
      smtp(delivery({ relay: MX2, reason: refused }), { pid: 4300 }),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org certificate-host-mismatch mx1.example.org',
      'example.org validation-failure self-signed_certificate mx2.example.org',
    ]);
  });

  it('alone says that TLSA records were unusable, and the delivery may take long', () => {
    const lines = [
      tlsproxy(`warning: ${MX1}: all TLSA records unusable, fallback to unauthenticated TLS`),
      smtp(established()),
      smtp(delivery(), { second: 500 }),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org tlsa-invalid all-TLSA-records-unusable mx1.example.org tlsa',
    ]);
  });

  it('names but the address of a server given up for the next one', () => {
    const lines = [
      tlsproxy('TLS handshake failed for service=smtp peer=[192.0.2.25]:25'),
      smtp('9F3A51C0B7: Cannot start TLS: handshake failure'),
      smtp(established(MX2)),
      smtp(delivery({ relay: MX2 })),
    ];
    const sessions = sessionsOf(lines);
    expect(brief(sessions)).toEqual([
      'example.org validation-failure tls-handshake-failure 192.0.2.25',
      'example.org success mx2.example.org',
    ]);
    expect(sessions[0]).not.toHaveProperty('receivingMxHostname');
  });

  it('leaves the server open where two handshakes broke at once', () => {
    const lines = [
      tlsproxy('TLS handshake failed for service=smtp peer=[192.0.2.25]:25'),
      tlsproxy('TLS handshake failed for service=smtp peer=[192.0.2.99]:25'),
      smtp('9F3A51C0B7: Cannot start TLS: handshake failure'),
      smtp(established(MX2)),
      smtp(delivery({ relay: MX2 })),
    ];
    expect(brief(sessionsOf(lines))[0]).toBe('example.org validation-failure tls-handshake-failure -');
  });

  it('makes no session of its own: TCP connections are reused across messages', () => {
    const lines = [
      smtp(established()),
      smtp(delivery()),
      smtp(`Trusted TLS connection reused to ${MX1}: ${CIPHER}`, { pid: 4300 }),
      smtp(delivery({ id: 'AAAA51C0B7', use: 2, tls: 'may?' }), { pid: 4300 }),
    ];
    expect(brief(sessionsOf(lines))).toEqual([SUCCESS]);
  });
});

describe('broken handshakes', () => {
  it('are not the server’s where this side could not begin', () => {
    for (const fault of [
      `SSL_set_fd error to ${MX1}`,
      `warning: ${MX1}: Invalid TLS protocol list "!SSLv9": aborting TLS session`,
      'warning: connect to private/tlsproxy service: Connection refused',
      'warning: private/tlsproxy service role "client" is not available',
    ]) {
      const lines = [smtp(fault), smtp(delivery({ reason: 'Cannot start TLS: handshake failure' }))];
      expect(sessionsOf(lines), fault).toEqual([]);
    }
  });

  it('are followed by a retry in clear text, which is no session', () => {
    const lines = [
      smtp(`SSL_connect error to ${MX1}: Connection reset by peer`),
      smtp('9F3A51C0B7: Cannot start TLS: handshake failure'),
      smtp(delivery()),
    ];
    expect(brief(sessionsOf(lines))).toEqual([BROKEN]);
  });

  it('count each time a message tries again', () => {
    const attempt = (second: number) => [
      smtp(`SSL_connect error to ${MX1}: -1`, { second }),
      smtp('warning: TLS library problem: error:0A000410:SSL routines::x:y.c:1:SSL alert number 40:', {
        second,
      }),
      smtp(delivery({ reason: 'Cannot start TLS: handshake failure' }), { second }),
    ];
    expect(brief(sessionsOf([...attempt(1), ...attempt(30)]))).toEqual([BROKEN, BROKEN]);
  });

  it('count both where two addresses of a host fail alike', () => {
    const lines = [
      smtp(`SSL_connect error to ${MX1}: lost connection`),
      smtp('9F3A51C0B7: Cannot start TLS: handshake failure'),
      smtp('SSL_connect error to mx1.example.org[2001:db8::25]:25: lost connection'),
      smtp(
        delivery({
          relay: 'mx1.example.org[2001:db8::25]:25',
          reason: 'Cannot start TLS: handshake failure',
        }),
      ),
    ];
    expect(sessionsOf(lines).map(({ receivingIp }) => receivingIp)).toEqual(['192.0.2.25', '2001:db8::25']);
  });
});
