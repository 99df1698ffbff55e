import { describe, expect, it } from 'vitest';
import { brief, delivery, established, MX1, MX2, sessionsOf, smtp } from './log-lines.ts';

const SUCCESS = 'example.org success mx1.example.org';
const HOST = 'mx1.example.org[192.0.2.25]';
const EXPIRED = `server certificate verification failed for ${MX1}: certificate has expired`;

/** A delivery line whose reason was cut. */
const cut = (reason: string, parts = {}) => delivery({ ...parts, reason }).slice(0, -1);
/** A delivery line cut behind `last`. */
const cutBehind = (last: string, line = delivery()) => line.slice(0, line.indexOf(last) + last.length);

describe('a reason that was cut', () => {
  it.each(['Server certificate not veri', 'Server certificate not ', 'Serv'])(
    'is taken for the only one it can be the beginning of: a certificate (%s)',
    (reason) => {
      for (const tls of [undefined, '!secure']) {
        const line = cut(reason, { ...(tls !== undefined && { tls }) });
        const lines = [smtp(EXPIRED), smtp(established()), smtp(line)];
        expect(brief(sessionsOf(lines))).toEqual(['example.org certificate-expired mx1.example.org']);
      }
    },
  );

  it.each([
    ['Cannot start TLS: hand', 'validation-failure tls-handshake-failure'],
    ['C', 'validation-failure tls-handshake-failure'],
    ['TLS is required, but was not offered by ho', 'starttls-not-supported'],
    [`TLS is required, but host ${HOST} refused to sta`, 'starttls-not-supported'],
    ['TLS is required, but host mx1.exam', 'starttls-not-supported'],
  ])('is taken for the only one it can be the beginning of: %s', (reason, result) => {
    expect(brief(sessionsOf([smtp(cut(reason))]))).toEqual([`example.org ${result} mx1.example.org`]);
  });

  it.each([
    '',
    'S',
    'TLS is required, but ',
    'TLS is required, but u',
    'Sender requested REQUIRETLS, but no mat',
    'REQUIRETLS pol',
    'lost conn',
    `lost connection with ${HOST} while rec`,
    'conversation wi',
    `host ${HOST} refu`,
    'host mx1.exam',
    'Protocol error: host mx1.exam',
    'connect t',
    'mail for example.or',
    'message requires SMTPUTF8, bu',
    'Temporary loo',
  ])('does not show that mail went in clear text: %s', (reason) => {
    expect(sessionsOf([smtp(cut(reason))])).toEqual([]);
  });

  it('does not show it for the field either, where the connection may have broken before', () => {
    const line = cut(`lost connection with ${HOST} while perf`, { tls: 'may:none' });
    expect(sessionsOf([smtp(line)])).toEqual([]);
  });

  it.each(['lost conn', `host ${HOST} refu`, `host ${HOST} said: 450 4.2.0 Grey`, '450 4.2.0 la'])(
    'is no refusal of the certificate of a session that stood: %s',
    (reason) => {
      expect(brief(sessionsOf([smtp(established()), smtp(cut(reason))]))).toEqual([SUCCESS]);
    },
  );

  it.each(['', 'S', 'Sender requested REQUIRETLS, but no mat'])(
    'leaves open whether the certificate did: %s',
    (reason) => {
      expect(sessionsOf([smtp(established()), smtp(cut(reason))])).toEqual([]);
    },
  );

  it('names no host but a whole one', () => {
    const line = cut('TLSA lookup error for mx1.exam', { relay: 'none' });
    expect(sessionsOf([smtp(line)])).toEqual([]);
  });

  it('is the server’s word on the mail wherever that ends', () => {
    const reason = `host ${HOST} said: 450 4.2.0 Grey`;
    expect(brief(sessionsOf([smtp(cut(reason))]))).toEqual([
      'example.org starttls-not-supported mx1.example.org inferred',
    ]);
  });
});

describe('a delivery line cut before its reason', () => {
  it.each(['dsn=2.', 'dsn=2.0.0', ', sta', 'status=sent', 'status=sent ('])(
    'still shows that the mail was taken: %s',
    (last) => {
      expect(brief(sessionsOf([smtp(established()), smtp(cutBehind(last))]))).toEqual([SUCCESS]);
    },
  );

  it('still shows it in the field, unless that was cut too', () => {
    const line = delivery({ tls: 'may:none' });
    expect(brief(sessionsOf([smtp(cutBehind('dsn=2.', line))]))).toEqual([
      'example.org starttls-not-supported mx1.example.org no-policy-found inferred',
    ]);
    expect(sessionsOf([smtp(cutBehind('tls=may', line))], { tlsLogLevel: 0 })).toEqual([]);
    const deferred = delivery({ tls: 'dane', reason: 'x' });
    expect(brief(sessionsOf([smtp(cutBehind('dsn=4', deferred))]))).toEqual([
      'example.org success mx1.example.org tlsa tls-field',
    ]);
  });

  it('shows nothing where the mail was not taken', () => {
    const line = delivery({ reason: 'Server certificate not verified' });
    for (const last of ['dsn=4.7.5', 'status=deferred', 'dsn=', 'delays=0.05'])
      expect(sessionsOf([smtp(established()), smtp(cutBehind(last, line))]), last).toEqual([]);
  });

  it('keeps its session from the next message', () => {
    const next = delivery({ id: 'AAAA51C0B7', to: 'b@example.net' });
    for (const last of ['alice@exam', 'mx1.exam', 'delay=1.3, del']) {
      const lines = [smtp(established()), smtp(cutBehind(last)), smtp(next, { second: 300 })];
      expect(brief(sessionsOf(lines)), last).toEqual([
        'example.net starttls-not-supported mx1.example.org inferred',
      ]);
    }
  });

  it('leaves its session to the further recipients', () => {
    const lines = [
      smtp(established()),
      smtp(cutBehind('delay=1.3, del')),
      smtp(delivery({ to: 'b@example.org' })),
    ];
    expect(brief(sessionsOf(lines))).toEqual([SUCCESS]);
  });

  it('names the domain of the servers tried before, once', () => {
    const lines = [
      smtp(`SSL_connect error to ${MX1}: lost connection`),
      smtp('9F3A51C0B7: Cannot start TLS: handshake failure'),
      smtp(established(MX2)),
      smtp(cutBehind('delay=1.3, del', delivery({ relay: MX2 }))),
      smtp(delivery({ to: 'b@example.org', relay: MX2 })),
    ];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org validation-failure tls-handshake-failure mx1.example.org',
      'example.org success mx2.example.org',
    ]);
  });

  it('does not give its message a session of another, with another server', () => {
    const lines = [
      smtp(established(MX2)),
      smtp(cutBehind('delay=1.3, del')),
      smtp(delivery({ to: 'b@example.org', relay: MX2 }), { second: 9 }),
    ];
    expect(brief(sessionsOf(lines))).toEqual(['example.org starttls-not-supported mx2.example.org inferred']);
  });
});
