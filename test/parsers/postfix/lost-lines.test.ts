import { describe, expect, it } from 'vitest';
import { brief, delivery, established, MX1, MX2, sessionsOf, smtp, tlsproxy } from './log-lines.ts';

describe('lines of a request whose other lines were lost', () => {
  it('are dropped where they contradict what comes of the next message, whose own lines name no server', () => {
    const next = [
      smtp('AAAA51C0B7: Cannot start TLS: handshake failure'),
      smtp(delivery({ id: 'AAAA51C0B7', to: 'a@example.net', relay: 'mx.example.net[198.51.100.7]:25' })),
    ];
    const unnamed = ['example.net validation-failure tls-handshake-failure -'];
    const stood = [established(), `certificate verification failed for ${MX1}: self-signed certificate`];
    for (const line of stood) expect(brief(sessionsOf([smtp(line), ...next]))).toEqual(unnamed);
    const broken = [
      smtp(`SSL_connect error to ${MX1}: lost connection`),
      smtp('AAAA51C0B7: Server certificate not verified'),
      smtp(established(MX2)),
      smtp(delivery({ id: 'AAAA51C0B7', relay: MX2 })),
    ];
    expect(brief(sessionsOf(broken))).toEqual([
      'example.org certificate-not-trusted -',
      'example.org success mx2.example.org',
    ]);
  });

  it('are dropped where the next message gives a server up much later', () => {
    const lines = [
      smtp(`SSL_connect error to ${MX1}: lost connection`),
      smtp('AAAA51C0B7: Cannot start TLS: handshake failure', { second: 40 }),
      smtp(established(MX2), { second: 41 }),
      smtp(delivery({ id: 'AAAA51C0B7', to: 'a@example.net', relay: MX2 }), { second: 42 }),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.net validation-failure tls-handshake-failure -',
      'example.net success mx2.example.org',
    ]);
  });

  it('leave two processes that break at the same server through tlsproxy each its own failure', () => {
    const at = (second: number, pid: number, id: string): string[] => [
      tlsproxy(
        'TLSRPT: status=failure, domain=example.org, receiving_mx=mx1.example.org[192.0.2.25], ' +
          'failure_type=validation_failure, failure_reason=tls-handshake-failure',
        second,
      ),
      tlsproxy('TLS handshake failed for service=smtp peer=[192.0.2.25]:25', second),
      smtp(`${id}: Cannot start TLS: handshake failure`, { pid, second }),
    ];
    const end = (second: number, pid: number, id: string): string =>
      smtp(delivery({ id, relay: 'none', reason: 'connect to mx2.example.org: Connection refused' }), {
        pid,
        second,
      });
    const lines = [
      ...at(35, 4211, 'AAAA51C0B7'),
      ...at(38, 4212, 'BBBB51C0B7'),
      end(39, 4212, 'BBBB51C0B7'),
      end(40, 4211, 'AAAA51C0B7'),
    ];
    const failure = 'example.org validation-failure tls-handshake-failure mx1.example.org tlsrpt-line';
    expect(brief(sessionsOf(lines))).toEqual([failure, failure]);
  });
});
