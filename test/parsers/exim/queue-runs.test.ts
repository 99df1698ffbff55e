import { describe, expect, it } from 'vitest';
import { MX0, MX1, message, OK, ROUTE, tell, X } from './reading.ts';

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
