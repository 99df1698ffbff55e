import { describe, expect, it } from 'vitest';
import { brief, delivery, established, MX1, MX2, sessionsOf, smtp } from './log-lines.ts';

/** The sessions of one delivery line with this `tls=`, at log level 0. */
function field(tls: string, reason?: string): string[] {
  const line = delivery({ tls, ...(reason !== undefined && { reason }) });
  return brief(sessionsOf([smtp(line)], { tlsLogLevel: 0 }));
}

describe('the tls= field', () => {
  it.each([
    ['may', 'no-policy-found'],
    ['encrypt', 'no-policy-found'],
    ['fingerprint', 'no-policy-found'],
    ['halfdane', 'tlsa'],
    ['dane', 'tlsa'],
    ['dane-only', 'tlsa'],
    ['dane:halfdane', 'tlsa'],
    ['verify', 'sts-or-local'],
    ['secure', 'sts-or-local'],
    ['secure/requiretls', 'sts-or-local'],
    ['may/requiretls:nocertmatch', 'no-policy-found'],
  ])('%s is a success', (tls, hint) => {
    expect(field(tls)).toEqual([`example.org success mx1.example.org ${hint} tls-field`]);
  });

  it('may:none is a server without STARTTLS', () => {
    const expected = ['example.org starttls-not-supported mx1.example.org no-policy-found inferred'];
    expect(field('may:none')).toEqual(expected);
    expect(
      field('may:none', 'lost connection with mx1.example.org[192.0.2.25] while sending MAIL FROM'),
    ).toEqual(expected);
  });

  it('may:none tells nothing where the greeting or EHLO did not come through', () => {
    expect(
      field(
        'may:none',
        'lost connection with mx1.example.org[192.0.2.25] while performing the EHLO handshake',
      ),
    ).toEqual([]);
  });

  it.each(['dane:encrypt', 'halfdane:encrypt', 'dane-only:encrypt'])(
    '%s means unusable TLSA records',
    (tls) => {
      expect(field(tls)).toEqual([
        'example.org tlsa-invalid all-TLSA-records-unusable mx1.example.org tlsa tls-field',
      ]);
    },
  );

  it.each([
    'none',
    'unknown?',
    'may?',
    'secure?',
    '!dane',
    'none:may',
    'gibberish',
    '',
    '?',
    'a'.repeat(500),
  ])('%s proves no session by itself', (tls) => {
    expect(field(tls)).toEqual([]);
  });

  it('leaves what was broken to the reason', () => {
    const reason = 'TLS is required, but was not offered by host mx1.example.org[192.0.2.25]';
    expect(field('!dane', reason)).toEqual(['example.org starttls-not-supported mx1.example.org']);
    expect(field('dane?', 'Cannot start TLS: handshake failure')).toEqual([
      'example.org validation-failure tls-handshake-failure mx1.example.org',
    ]);
  });

  it('of a retry in clear text does not name the policy of the TLS session before it', () => {
    const lines = [
      smtp(established()),
      smtp(
        '9F3A51C0B7: lost connection with mx1.example.org[192.0.2.25] while performing the EHLO handshake',
      ),
      smtp(delivery({ tls: 'may:none' })),
    ];
    expect(brief(sessionsOf(lines))).toEqual(['example.org success mx1.example.org']);
  });

  it.each(['sending MAIL FROM', 'performing the EHLO handshake'])(
    'of a retry in clear text shows that TLS had stood, though no line said so (log level 0): %s',
    (where) => {
      const lost = smtp(`9F3A51C0B7: lost connection with mx1.example.org[192.0.2.25] while ${where}`);
      const sessions = sessionsOf([lost, smtp(delivery({ tls: 'may:none' }), { second: 2 })], {
        tlsLogLevel: 0,
      });
      expect(brief(sessions)).toEqual(['example.org success mx1.example.org tls-field']);
      expect(sessions[0]?.time).toBe(Date.UTC(2026, 10, 22, 10, 0, 1));
      const elsewhere = sessionsOf([lost, smtp(delivery({ relay: MX2, tls: 'may:none' }))]);
      expect(brief(elsewhere)).toEqual([
        'example.org starttls-not-supported mx2.example.org no-policy-found inferred',
      ]);
    },
  );

  it('of a retry in clear text shows no TLS before it where that would have left a line', () => {
    const lines = [
      smtp('9F3A51C0B7: lost connection with mx1.example.org[192.0.2.25] while sending MAIL FROM'),
      smtp(delivery({ tls: 'may:none' })),
    ];
    expect(sessionsOf(lines)).toEqual([]);
    expect(sessionsOf(lines, { tlsLogLevel: null })).toHaveLength(1);
  });

  it('of a retry in clear text shows nothing where the first connection broke before TLS', () => {
    const lines = [
      smtp(
        '9F3A51C0B7: lost connection with mx1.example.org[192.0.2.25] while receiving the initial server greeting',
      ),
      smtp(delivery({ tls: 'may:none' })),
    ];
    expect(sessionsOf(lines)).toEqual([]);
  });

  it.each([0, 1])(
    'of a retry in clear text tells nothing anew of a session that broke after some recipients (log level %i)',
    (tlsLogLevel) => {
      const refused = 'host mx1.example.org[192.0.2.25] said: 550 5.1.1 no (in reply to RCPT TO command)';
      const lost = 'lost connection with mx1.example.org[192.0.2.25] while sending DATA command';
      const lines = [
        ...(tlsLogLevel === 0 ? [] : [smtp(established())]),
        smtp(delivery({ to: 'a@example.org', tls: 'may', status: 'bounced', reason: refused })),
        smtp(`9F3A51C0B7: ${lost}`),
        smtp(delivery({ to: 'b@example.org', delays: '0.05/0.01/4.5/0.4', tls: 'may:none' }), { second: 6 }),
      ];
      expect(sessionsOf(lines, { tlsLogLevel })).toMatchObject([
        { outcome: 'success', receivingIp: '192.0.2.25' },
      ]);
    },
  );

  it('of a retry in clear text tells nothing of a session that broke, where the first was in clear text too', () => {
    const lines = [
      smtp(delivery({ to: 'a@example.org', tls: 'may:none' })),
      smtp('9F3A51C0B7: lost connection with mx1.example.org[192.0.2.25] while sending DATA command'),
      smtp(delivery({ to: 'b@example.org', delays: '0.05/0.01/4.5/0.4', tls: 'may:none' }), { second: 6 }),
    ];
    expect(brief(sessionsOf(lines))).not.toContain('example.org success mx1.example.org tls-field');
  });

  it('of a connection used before tells of an old session', () => {
    const lines = [smtp(delivery({ tls: 'may:none', use: 2 })), smtp(delivery({ tls: 'dane', use: 3 }))];
    expect(sessionsOf(lines)).toEqual([]);
  });

  it('stands beside the summary', () => {
    const lines = [smtp(established(MX1, 'Verified')), smtp(delivery({ tls: 'dane' }))];
    expect(brief(sessionsOf(lines))).toEqual(['example.org success mx1.example.org tlsa']);
  });

  it('tells of unusable TLSA records where the warning before the summary was lost', () => {
    const lines = [smtp(established()), smtp(delivery({ tls: 'dane:encrypt' }))];
    expect(brief(sessionsOf(lines))).toEqual([
      'example.org tlsa-invalid all-TLSA-records-unusable mx1.example.org tlsa tls-field',
    ]);
  });
});
