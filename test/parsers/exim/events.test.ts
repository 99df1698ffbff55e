import { expect, it } from 'vitest';
import { close, defer, delivered, HOST0, hello, inside } from './event-lines.ts';
import { MX0, MX1, message, OK, ROUTE, read, tell, X } from './reading.ts';

const CIPHER = 'TLS1.3:TLS_AES_256_GCM_SHA384:256';
const OK1 = 'example.org ok mx1.example.org 192.0.2.10';

it('a delivery over TLS is told once, by its event', () => {
  const lines = message(
    hello(),
    inside({ resumed: '22' }),
    close({ cipher: `"${CIPHER}"` }),
    delivered('bob@example.org'),
    'Completed',
  );
  expect(tell(lines)).toEqual([OK1]);
  expect(read(lines)[0]).toMatchObject({
    sendingMtaIp: '198.51.100.7',
    peerTrust: 'trusted',
    tlsVersion: 'TLSv1.3',
    resumed: true,
  });
});

it('mail that was deferred shows its session', () => {
  const lines = message(
    hello(),
    inside({ dane: 'yes' }),
    close(),
    `== bob@example.org ${ROUTE} defer (-44) ${MX1}: SMTP error from remote mail server after RCPT TO:<bob@example.org>: 450 x`,
  );
  expect(tell(lines)).toEqual([`${OK1} tlsa`]);
});

it('the failure of an earlier host is told, and the later one', () => {
  const lines = message(
    hello(HOST0),
    close(HOST0),
    defer('TLS session: (SSL_connect): timed out', HOST0),
    hello(),
    inside(),
    close(),
    delivered('bob@example.org'),
    'Completed',
  );
  expect(tell(lines)).toEqual([
    OK1,
    'example.org validation-failure (SSL_connect: timed out) mx0.example.org 192.0.2.9',
  ]);
});

it('the clear connection after a failure is no second session', () => {
  const text = 'TLS session: (gnutls_handshake): timed out';
  const lines = message(
    hello(),
    close(),
    defer(text),
    `${text}: delivering unencrypted to ${MX1} (not in hosts_require_tls)`,
    hello({ port: '4712', transport: '""' }),
    close({ port: '4712' }),
    delivered('bob@example.org', MX1, ''),
    'Completed',
  );
  expect(tell(lines)).toEqual([
    'example.org validation-failure (gnutls_handshake: timed out) mx1.example.org 192.0.2.10',
  ]);
});

it('STARTTLS not offered and STARTTLS refused are told apart', () => {
  const lines = (starttls: string) =>
    message(hello({ starttls }), close(), delivered('bob@example.org', MX1, ''), 'Completed');
  expect(tell(lines('no'))).toEqual([
    'example.org starttls-not-supported (the server did not offer TLS support) mx1.example.org 192.0.2.10',
  ]);
  expect(tell(lines('yes'))).toEqual([
    'example.org starttls-not-supported (STARTTLS refused) mx1.example.org 192.0.2.10',
  ]);
  expect(read(lines('yes'), { inferPlaintext: false })[0]?.basis).toBe('tls-line');
});

it('a clear connection that ended in a deferral is told when the next host takes the mail', () => {
  const lines = message(
    hello(HOST0),
    close(HOST0),
    `${MX0}: SMTP error from remote mail server after MAIL FROM:<a@b.example>: 451 x`,
    defer('SMTP error from remote mail server after MAIL FROM:<a@b.example>: 451 x', {
      ...HOST0,
      errno: '-45',
    }),
    hello(),
    inside(),
    delivered('bob@example.org'),
    'Completed',
  );
  expect(tell(lines)).toEqual([
    OK1,
    'example.org starttls-not-supported (STARTTLS refused) mx0.example.org 192.0.2.9',
  ]);
});

it('one connection for several domains gets them from the delivery lines', () => {
  const many = { domain: '""' };
  const lines = message(
    hello(many),
    inside(many),
    close(many),
    delivered('bob@example.org'),
    `-> eve@example.net ${ROUTE} ${MX1} ${X} CV=yes ${OK}`,
    'Completed',
  );
  expect(tell(lines)).toEqual(['example.net ok mx1.example.org 192.0.2.10', OK1]);
});

it('two parallel connections to one host are two sessions', () => {
  const second = { port: '4712', domain: 'example.net' };
  const lines = message(
    hello(),
    hello(second),
    inside(),
    inside(second),
    delivered('bob@example.org'),
    close(),
    close(second),
    delivered('eve@example.net'),
    'Completed',
  );
  expect(tell(lines)).toEqual(['example.net ok mx1.example.org 192.0.2.10', OK1]);
});

it('a connection in the middle of its handshake is not ended by another one’s delivery', () => {
  const second = { port: '4712', domain: 'example.net' };
  const lines = message(
    hello(),
    inside(),
    hello(second),
    close(),
    delivered('bob@example.org'),
    inside(second),
    close(second),
    delivered('eve@example.net'),
    'Completed',
  );
  expect(tell(lines)).toEqual(['example.net ok mx1.example.org 192.0.2.10', OK1]);
});
