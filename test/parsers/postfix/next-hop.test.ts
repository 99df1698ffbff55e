import { describe, expect, it } from 'vitest';
import { parser } from '../../../parsers/postfix/index.ts';
import { brief, delivery, established, MX1, sessionsOf, smtp } from './log-lines.ts';

const SMART = 'smtp.isp.example[203.0.113.5]:587';

function via(
  relay: string,
  options: Record<string, unknown>,
  to = 'alice@example.org',
  host = 'mail',
): string[] {
  const lines = [smtp(established(relay), { host }), smtp(delivery({ relay, to }), { host })];
  return brief(sessionsOf(lines, options));
}

describe('the domain of a session', () => {
  it.each([
    ['alice@example.org', 'example.org'],
    ['alice@EXAMPLE.Org', 'example.org'],
    ['alice@bücher.example', 'xn--bcher-kva.example'],
    ['alice@BÜCHER.example', 'xn--bcher-kva.example'],
    ['alice@b#303#274cher.example', 'xn--bcher-kva.example'],
    ['"a@b"@example.org', 'example.org'],
    ['MAILER-DAEMON@example.org', 'example.org'],
  ])('is that of the recipient %s', (to, domain) => {
    expect(via(MX1, {}, to)).toEqual([`${domain} success mx1.example.org`]);
  });

  it('is none where the octal escapes of rsyslog are no UTF-8', () => {
    expect(via(MX1, {}, 'alice@b#377cher.example')).toEqual([]);
  });

  it.each([
    ['[smtp.isp.example]:587', 'smtp.isp.example'],
    ['smtp.isp.example:587', 'smtp.isp.example'],
    ['isp.example:587', 'isp.example'],
    ['[SMTP.isp.example]:submission', 'smtp.isp.example'],
    ['relay:[smtp.isp.example]:587', 'smtp.isp.example'],
    ['[smtp.isp.example]:my-service', 'smtp.isp.example'],
    ['[smtp.isp.example]', 'example.org'],
    ['[isp.example]:587', 'example.org'],
    ['[other.example]:587', 'example.org'],
  ])('is that of the smart host %s', (relayhost, domain) => {
    expect(via(SMART, { relayhosts: [relayhost] })).toEqual([`${domain} success smtp.isp.example`]);
    expect(via(SMART, { fallbackRelays: [relayhost] })).toEqual([`${domain} success smtp.isp.example`]);
  });

  it('is none for a smart host that is an address', () => {
    expect(via(SMART, { relayhosts: ['[203.0.113.5]:587'] })).toEqual([]);
  });

  it('differs by host in a collector’s file', () => {
    const options = {
      relayhosts: ['[smtp.isp.example]:587'],
      sendingMtaIp: '192.0.2.1',
      hosts: { edge: { relayhosts: [], sendingMtaIp: '192.0.2.2' } },
    };
    expect(via(SMART, options)).toEqual(['smtp.isp.example success smtp.isp.example']);
    expect(via(SMART, options, undefined, 'edge')).toEqual(['example.org success smtp.isp.example']);
    const lines = ['mail', 'edge'].flatMap((host) => [
      smtp(established(), { host }),
      smtp(delivery(), { host }),
    ]);
    expect(sessionsOf(lines, options).map(({ sendingMtaIp }) => sendingMtaIp)).toEqual([
      '192.0.2.1',
      '192.0.2.2',
    ]);
  });

  it('of a server that failed before the fallback relay took the mail is the recipient’s', () => {
    const lines = [
      smtp(`SSL_connect error to ${MX1}: lost connection`),
      smtp('9F3A51C0B7: Cannot start TLS: handshake failure'),
      smtp(established('fallback.example[203.0.113.9]:25')),
      smtp(delivery({ relay: 'fallback.example[203.0.113.9]:25' })),
    ];
    expect(brief(sessionsOf(lines, { fallbackRelays: ['[fallback.example]'] }))).toEqual([
      'example.org validation-failure tls-handshake-failure mx1.example.org',
      'fallback.example success fallback.example',
    ]);
  });

  it('refuses next hops and addresses that are none', () => {
    for (const options of [
      { relayhosts: ['not a host'] },
      { fallbackRelays: [''] },
      { sendingMtaIp: 'mail' },
      { hosts: { edge: { tlsLogLevel: 9 } } },
      { hosts: { edge: { relayhost: [] } } },
    ]) {
      expect(parser.options.safeParse(options).success, JSON.stringify(options)).toBe(false);
    }
  });
});
