import { describe, expect, it } from 'vitest';
import { brief, delivery, established, MX1, MX2, sessionsOf, smtp } from './log-lines.ts';

const CLEAR = ['example.org starttls-not-supported mx1.example.org inferred'];
const unknownLevel = { tlsLogLevel: undefined };

describe('a delivery without any word of TLS', () => {
  it('went in clear text where the log level is known', () => {
    expect(brief(sessionsOf([smtp(delivery())]))).toEqual(CLEAR);
  });

  it('proves nothing at log level 0, at an unknown one, or where told not to infer', () => {
    expect(sessionsOf([smtp(delivery())], { tlsLogLevel: 0 })).toEqual([]);
    expect(sessionsOf([smtp(delivery())], unknownLevel)).toEqual([]);
    expect(sessionsOf([smtp(delivery())], { tlsLogLevel: null })).toEqual([]);
    expect(sessionsOf([smtp(delivery())], { inferPlaintext: false })).toEqual([]);
  });

  it('went in clear text where the same tag is seen to log TLS', () => {
    const other = 'mx.example.net[198.51.100.7]:25';
    const lines = (tag: string) => [
      smtp(established(other), { pid: 4300, tag }),
      smtp(delivery({ id: 'AAAA51C0B7', to: 'a@example.net', relay: other }), { pid: 4300, tag }),
      smtp(delivery()),
    ];
    expect(brief(sessionsOf(lines('postfix/smtp'), unknownLevel)).slice(1)).toEqual(CLEAR);
    expect(brief(sessionsOf(lines('postfix-out/smtp'), unknownLevel)).slice(1)).toEqual([]);
  });

  it('proves nothing any more once the tag stopped logging TLS', () => {
    const lines = [smtp(established(), { pid: 1 }), smtp(delivery(), { pid: 1 })];
    for (let pid = 10; pid < 60; pid++) lines.push(smtp(delivery({ id: `AAAA51C0${pid}` }), { pid }));
    const sessions = sessionsOf(lines, unknownLevel);
    expect(sessions.filter(({ outcome }) => outcome === 'failure')).toHaveLength(20);
  });

  it('proves nothing where TLS is plainly off, whatever the level of logging', () => {
    const lines = [];
    for (let pid = 10; pid < 60; pid++) lines.push(smtp(delivery({ id: `AAAA51C0${pid}` }), { pid }));
    expect(sessionsOf(lines)).toHaveLength(20);
    const noted = [smtp('Host offered STARTTLS: [mx1.example.org]'), ...lines];
    expect(sessionsOf(noted)).toEqual([]);
    const upgraded = [
      ...noted,
      smtp(established(), { pid: 1 }),
      smtp(delivery(), { pid: 1 }),
      smtp(delivery(), { pid: 2 }),
    ];
    expect(brief(sessionsOf(upgraded))).toEqual(['example.org success mx1.example.org', ...CLEAR]);
  });

  describe('where the tag makes TLS sessions and wants none with one server', () => {
    const other = 'MX.example.net[198.51.100.7]:25';
    const toOther = (id: string, pid = 4211) =>
      smtp(delivery({ id, to: 'b@example.net', relay: other }), { pid });
    const noted = [
      smtp(established(MX2)),
      smtp(delivery({ relay: MX2 })),
      smtp('Host offered STARTTLS: [MX.example.net]'),
      toOther('AAAA51C0B7'),
    ];
    const success = 'example.org success mx2.example.org';

    it('went in clear text to any other', () => {
      const lines = [...noted, smtp(delivery({ id: 'BBBB51C0B7' }))];
      expect(brief(sessionsOf(lines))).toEqual([success, ...CLEAR]);
    });

    it('proves nothing of that server, until TLS with it is seen', () => {
      const later = [...noted, toOther('BBBB51C0B7', 4300)];
      expect(brief(sessionsOf(later))).toEqual([success]);
      const elsewhere = [...noted, smtp(established(MX2)), toOther('BBBB51C0B7', 4300)];
      expect(brief(sessionsOf(elsewhere))).toEqual([success]);
      const upgraded = [
        ...later,
        smtp(established(other)),
        toOther('CCCC51C0B7'),
        toOther('DDDD51C0B7', 4300),
      ];
      expect(brief(sessionsOf(upgraded)).slice(1)).toEqual([
        'example.net success mx.example.net',
        'example.net starttls-not-supported mx.example.net inferred',
      ]);
    });

    it('proves nothing of that server either where TLS with others is seen only later', () => {
      const lines = [...noted.slice(2), ...noted.slice(0, 2), toOther('BBBB51C0B7', 4300)];
      expect(brief(sessionsOf(lines))).toEqual([success]);
    });

    it('proves nothing any more where that goes for one server after another', () => {
      const lines = [...noted];
      for (let n = 0; n < 30; n++) lines.push(smtp(`Host offered STARTTLS: [mx${n}.example.com]`));
      lines.push(smtp(delivery({ id: 'BBBB51C0B7' }), { pid: 4300 }));
      expect(brief(sessionsOf(lines))).toEqual([success]);
    });
  });

  it('proves nothing where the log begins in the middle of the request', () => {
    const early = smtp(delivery({ delays: '0.05/0.01/3/6' }), { second: 5 });
    const late = smtp(delivery({ id: 'AAAA51C0B7' }), { pid: 4300, second: 30 });
    expect(sessionsOf([early], { midStream: true })).toEqual([]);
    expect(sessionsOf([early, late], { midStream: true })).toHaveLength(1);
    expect(sessionsOf([early])).toHaveLength(1);
  });

  it.each([
    '10.1.2.3',
    '192.168.1.1',
    '172.20.0.1',
    '100.64.1.1',
    '169.254.1.1',
    'fd77::1',
    'fe80::1',
    '::1',
  ])('proves nothing of a server in a private network: %s', (address) => {
    expect(sessionsOf([smtp(delivery({ relay: `mx1.example.org[${address}]:25` }))])).toEqual([]);
  });

  it('with a field that says so counts for a private server too, for there the level is told', () => {
    const line = delivery({ relay: 'mx1.example.org[10.1.2.3]:25', tls: 'may:none' });
    expect(sessionsOf([smtp(line)])).toHaveLength(1);
  });

  it('went in clear text because this side hid STARTTLS', () => {
    for (const keywords of ['STARTTLS', 'CHUNKING STARTTLS', 'STARTTLS CHUNKING']) {
      const lines = [smtp(`discarding EHLO keywords: ${keywords}`), smtp(delivery())];
      expect(sessionsOf(lines), keywords).toEqual([]);
    }
    const lines = [smtp('discarding EHLO keywords: CHUNKING'), smtp(delivery())];
    expect(brief(sessionsOf(lines))).toEqual(CLEAR);
  });

  it('went in clear text by this side’s will at the server it hid STARTTLS from, not at the next', () => {
    const first = [
      smtp('discarding EHLO keywords: STARTTLS'),
      smtp(
        '9F3A51C0B7: host mx1.example.org[192.0.2.25] said: 450 4.2.0 later (in reply to RCPT TO command)',
      ),
    ];
    expect(sessionsOf([...first, smtp(delivery())])).toEqual([]);
    expect(brief(sessionsOf([...first, smtp(delivery({ relay: MX2 }))]))).toEqual([
      'example.org starttls-not-supported mx2.example.org inferred',
    ]);
    const both = [...first, smtp('discarding EHLO keywords: STARTTLS'), smtp(delivery({ relay: MX2 }))];
    expect(sessionsOf(both)).toEqual([]);
  });

  it('did not go in clear text where TLS was begun and its summary is lost (log level 2)', () => {
    const begun = smtp(`setting up TLS connection to ${MX1}`);
    expect(sessionsOf([begun, smtp(delivery())], { tlsLogLevel: 2 })).toEqual([]);
    const next = smtp(delivery({ id: 'AAAA51C0B7' }), { second: 9 });
    expect(brief(sessionsOf([begun, smtp(delivery()), next], { tlsLogLevel: 2 }))).toEqual(CLEAR);
    const elsewhere = smtp(delivery({ relay: MX2 }));
    expect(brief(sessionsOf([begun, elsewhere], { tlsLogLevel: 2 }))).toEqual([
      'example.org starttls-not-supported mx2.example.org inferred',
    ]);
  });

  it('is a retry after a handshake that broke behind tlsproxy', () => {
    const lines = [smtp('9F3A51C0B7: Cannot start TLS: handshake failure'), smtp(delivery())];
    expect(brief(sessionsOf(lines))).toEqual(['example.org validation-failure tls-handshake-failure -']);
  });

  it('counts once a connection, for all its recipients', () => {
    const lines = ['a', 'b', 'c'].map((user) => smtp(delivery({ to: `${user}@example.org` })));
    expect(brief(sessionsOf(lines))).toEqual(CLEAR);
  });

  it('counts again for the next connection, in the same process or after a while', () => {
    const lines = [
      smtp(delivery()),
      smtp(delivery({ id: 'AAAA51C0B7' })),
      smtp(delivery({ id: 'AAAA51C0B7' }), { second: 400 }),
    ];
    expect(sessionsOf(lines)).toHaveLength(3);
  });

  it('counts again where the figures of delays= show another connection', () => {
    const lines = [smtp(delivery()), smtp(delivery({ delays: '9/0.01/0.5/0.4' }), { second: 10 })];
    expect(sessionsOf(lines)).toHaveLength(2);
  });

  it('is no session to an address literal, a socket, or by LMTP', () => {
    for (const relay of ['192.0.2.25[192.0.2.25]:25', 'mx1.example.org[private/filter]', MX1]) {
      const tag = relay === MX1 ? 'postfix/lmtp' : 'postfix/smtp';
      expect(sessionsOf([smtp(delivery({ relay }), { tag })])).toEqual([]);
    }
  });
});
