import { describe, expect, it } from 'vitest';
import { MX0, MX1, message, OK, ROUTE, read, tell, X } from './reading.ts';

const BOB = `bob@example.org ${ROUTE}`;

describe('a certificate that mattered', () => {
  const doubt =
    '[192.0.2.9] SSL verify error: depth=0 error=certificate has expired cert=/CN=mx0.example.org';
  const expired = 'example.org certificate-expired (certificate has expired) - 192.0.2.9';
  const later = `== ${BOB} defer (-44) ${MX1}: SMTP error from remote mail server after RCPT TO:<bob@example.org>: 450 no`;
  const taken = `=> ${BOB} ${MX1} ${X} CV=yes ${OK}`;

  it('is told of every queue run in which another host was left to decide', () => {
    const lines = message(doubt, later, `+1800 ${doubt}`, later, `+1800 ${doubt}`, taken, 'Completed');
    expect(tell(lines)).toEqual([expired, expired, expired, 'example.org ok mx1.example.org 192.0.2.10']);
  });

  it('is not taken for one where a session tells more than one of its chain', () => {
    expect(tell(message(doubt, doubt, later, 'Completed'))).toEqual([]);
    expect(tell(message(doubt, later, `+2 ${doubt}`, 'Completed'))).toEqual([]);
    const served = `=> ${BOB} ${MX0} ${X} CV=no ${OK}`;
    expect(tell(message(doubt, served, `+1800 ${doubt}`, served, 'Completed'))).toEqual([
      'example.org ok mx0.example.org 192.0.2.9',
      'example.org ok mx0.example.org 192.0.2.9',
    ]);
  });
});

describe('TLSA look-ups that fail for two domains of a message at once', () => {
  const deferred = (to: string) => `== ${to} ${ROUTE} defer (-36): DANE error: tlsa lookup DEFER`;
  const noted = (host: string) => `${host}: DANE error: tlsa lookup DEFER`;
  const failure = (domain: string, host: string) =>
    `${domain} dnssec-invalid (tlsa lookup DEFER) ${host} tlsa`;

  it('are told of the domain whose name the host bears', () => {
    const other = 'H=mx.example.net [192.0.2.77]';
    const lines = message(
      noted(other),
      noted(MX1),
      deferred('bob@example.org'),
      deferred('eve@example.org'),
      deferred('al@example.net'),
    );
    expect(tell(lines)).toEqual([
      failure('example.net', 'mx.example.net 192.0.2.77'),
      failure('example.org', 'mx1.example.org 192.0.2.10'),
    ]);
  });

  it('are told of the only domain where hosts of other names are its as well', () => {
    const backup = 'H=backup.example.com [192.0.2.88]';
    const lines = message(
      noted(MX1),
      noted(backup),
      deferred('bob@example.org'),
      deferred('eve@example.org'),
    );
    const expected = [
      failure('example.org', 'backup.example.com 192.0.2.88'),
      failure('example.org', 'mx1.example.org 192.0.2.10'),
    ];
    expect(tell(lines)).toEqual(expected);
    expect(tell([...lines, ...message('+1800 Completed')])).toEqual(expected);
  });

  it('are told of both domains where they share the host', () => {
    const shared = noted('H=mx.shared.example [192.0.2.66]');
    const lines = message(shared, shared, ...['b@d1.example', 'c@d1.example', 'd@d2.example'].map(deferred));
    expect(tell(lines)).toEqual([
      failure('d1.example', 'mx.shared.example 192.0.2.66'),
      failure('d2.example', 'mx.shared.example 192.0.2.66'),
    ]);
  });
});

describe('a failure that no line of its host claimed in its own queue run', () => {
  const required = 'a TLS session is required, but the server did not offer TLS support';
  const fallback = `TLS session: (SSL_connect): timed out: delivering unencrypted to ${MX0} (not in hosts_require_tls)`;
  const refused = `== ${BOB} defer (111): Connection refused`;
  const shown = `=> ann@example.net ${ROUTE} H=mx.example.net [203.0.113.5] ${X} CV=no ${OK}`;
  const failed = (verdict: string, policy = '') =>
    `example.org ${verdict} mx0.example.org 192.0.2.9${policy}`;
  const notOffered = failed('starttls-not-supported (the server did not offer TLS support)');
  const timedOut = failed('validation-failure (SSL_connect: timed out)');
  const inferred = failed('starttls-not-supported (inferred: delivered without TLS)');
  const ann = 'example.net ok mx.example.net 203.0.113.5';

  it.each([
    ['that TLS was required', `${MX0}: ${required}`, notOffered],
    ['of the handshake', fallback, timedOut],
  ])('leaves a delivery in clear text of a later one its own story, where it tells %s', (_, first, told) => {
    const lines = message(shown, first, refused, `+1800 => ${BOB} ${MX0} ${OK}`, 'Completed');
    expect(tell(lines)).toEqual([ann, inferred, told].sort());
  });

  it('leaves a failure of a later one its own, and its own address to be sent from', () => {
    const lines = message(
      'DANE attempt failed; TLS connection to mx0.example.org [192.0.2.9]: (SSL_connect): timed out',
      refused,
      `+1800 == ${BOB} defer (-37) ${MX0} I=[198.51.100.7]: TLS session: (SSL_connect): error:0A000086:SSL routines::certificate verify failed`,
    );
    expect(tell(lines)).toEqual([
      failed('certificate-not-trusted (SSL_connect: certificate verify failed)'),
      failed('validation-failure (SSL_connect: timed out)', ' tlsa'),
    ]);
    expect(read(lines).map(({ sendingMtaIp }) => sendingMtaIp)).toEqual([undefined, '198.51.100.7']);
  });

  it('is told of the domain that followed it, whoever is served by its host later', () => {
    const lines = message(
      `${MX0}: ${required}`,
      refused,
      `+1800 => ann@example.net ${ROUTE} ${MX0} ${X} CV=no ${OK}`,
      'Completed',
    );
    expect(tell(lines)).toEqual(['example.net ok mx0.example.org 192.0.2.9', notOffered]);
  });

  it('is told of the line that comes first, where its process left none', () => {
    const lines = message(shown, fallback, `+1800 => ${BOB} ${MX0} ${OK}`, 'Completed');
    expect(tell(lines)).toEqual([ann, inferred, timedOut].sort());
  });

  it('is not the cause of another failure in a later one', () => {
    const lines = message(
      '[192.0.2.9] SSL verify error: depth=0 error=certificate has expired cert=/CN=mx0.example.org',
      refused,
      `+1800 == ${BOB} defer (-37) ${MX0}: TLS session: (SSL_connect): timed out`,
    );
    expect(tell(lines)).toEqual([
      'example.org certificate-expired (certificate has expired) - 192.0.2.9',
      timedOut,
    ]);
  });

  it('waits for a delivery that takes minutes, though other mail goes on', () => {
    const lines = message(
      shown.replace('[203', '[204'),
      fallback,
      shown,
      `+600 => ${BOB} ${MX0} ${OK}`,
      'Completed',
    );
    expect(tell(lines)).toEqual([ann, ann.replace('203', '204'), timedOut].sort());
  });
});
