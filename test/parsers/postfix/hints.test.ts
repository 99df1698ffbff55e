import { describe, expect, it } from 'vitest';
import { parser } from '../../../parsers/postfix/index.ts';
import { SessionReader } from '../../../src/logs/session-reader.ts';
import { zoneOf } from '../../../src/logs/zone.ts';
import { brief, delivery, established, MX1, sessionsOf, smtp, tlsproxy } from './log-lines.ts';

/** The ids of the hints after these lines. */
function hints(lines: readonly string[], options: Record<string, unknown> = {}): string[] {
  const made = parser.create(parser.options.parse(options));
  const reader = new SessionReader({
    parser: made,
    zone: zoneOf('UTC'),
    host: 'mail',
    latest: () => Date.UTC(2026, 10, 23),
    onSession: () => undefined,
  });
  for (const line of lines) reader.line(line);
  return (made.hints?.(reader.table, reader.table.keys()) ?? []).map(({ id }) => id);
}

const BROKEN = [
  smtp(`SSL_connect error to ${MX1}: -1`),
  smtp(delivery({ reason: 'Cannot start TLS: handshake failure' })),
];

describe('what a log cannot witness', () => {
  it('is a success at log level 0', () => {
    expect(hints(BROKEN)).toEqual(['postfix-loglevel-0']);
    expect(hints([smtp(delivery())])).toEqual(['postfix-loglevel-0']);
    expect(hints([smtp(delivery())], { tlsLogLevel: 0 })).toEqual(['postfix-loglevel-0']);
  });

  it('is nothing where successes are logged, or the field tells them (3.11+)', () => {
    expect(hints([...BROKEN, smtp(established()), smtp(delivery())])).toEqual([]);
    expect(hints([...BROKEN, smtp(delivery({ tls: 'may' }))], { tlsLogLevel: 0 })).toEqual([]);
    expect(hints(BROKEN, { tlsLogLevel: 1 })).toEqual([]);
    expect(hints([])).toEqual([]);
  });

  it('is a success again once somebody turned the log level down', () => {
    const lines = [smtp(established(), { pid: 1 }), smtp(delivery(), { pid: 1 })];
    for (let pid = 10; pid < 40; pid++) lines.push(smtp(delivery({ id: `AAAA51C0${pid}` }), { pid }));
    expect(hints(lines)).toEqual(['postfix-loglevel-0']);
  });

  it('is told of mail that stays in one’s own network neither way', () => {
    expect(hints([smtp(delivery({ relay: '127.0.0.1[127.0.0.1]:10024' }))])).toEqual([]);
    expect(hints([smtp(delivery({ relay: 'filter.example[10.0.0.1]:25' }))])).toEqual([]);
  });

  it('is that Postfix reports already', () => {
    const line = 'TLSRPT: status=success, domain=example.org, receiving_mx=mx1.example.org[192.0.2.25]';
    expect(hints([smtp(line)])).toEqual(['postfix-native-tlsrpt']);
    expect(hints([tlsproxy(line)])).toEqual(['postfix-native-tlsrpt']);
    expect(hints([smtp(delivery({ reason: `250 ${line}`, tls: 'may' }))])).toEqual([]);
  });

  it('is so no more two days after the last such line', () => {
    const line = 'TLSRPT: status=success, domain=example.org, receiving_mx=mx1.example.org[192.0.2.25]';
    const later = (hours: number) => smtp('connect to x[192.0.2.1]:25: refused', { second: hours * 3600 });
    expect(hints([smtp(line), later(47)])).toEqual(['postfix-native-tlsrpt']);
    expect(hints([smtp(line), later(49)])).toEqual([]);
  });

  it('is DANE without DNSSEC, and policies Postfix refused', () => {
    expect(hints([smtp('warning: DNSSEC validation may be unavailable')])).toEqual([
      'postfix-dnssec-unavailable',
    ]);
    const line =
      'warning: smtp_tls_policy_maps, next-hop destination "example.org": invalid attribute name: "policy_type"';
    expect(hints([smtp(line)])).toEqual(['postfix-policy-table']);
  });

  it('is the next hop behind a smart host that is not configured', () => {
    const relay = 'smtp.isp.example[203.0.113.5]:587';
    const lines = [smtp(established(relay)), smtp(delivery({ relay }))];
    expect(hints(lines)).toEqual(['postfix-next-hop-unknown']);
    expect(hints(lines, { relayhosts: ['[smtp.isp.example]:587'] })).toEqual([]);
    const two = [smtp(established()), smtp(delivery()), smtp(delivery({ to: 'b@example.net' }))];
    expect(hints(two)).toEqual(['postfix-next-hop-unknown']);
  });
});

describe('our own reports', () => {
  const from = (sender: string, id = '9F3A51C0B7') =>
    smtp(`${id}: from=<${sender}>, size=1234, nrcpt=1 (queue active)`, { pid: 77, tag: 'postfix/qmgr' });
  const session = [smtp(established()), smtp(delivery())];
  const ownSender = 'tls-reports@example.com';

  it('are told by the envelope sender that qmgr logs', () => {
    const own = ['example.org success mx1.example.org own'];
    expect(brief(sessionsOf([from(ownSender), ...session], { ownSender }))).toEqual(own);
    expect(brief(sessionsOf([from(ownSender), ...session]))).toEqual(['example.org success mx1.example.org']);
  });

  it('are not told by a sender that only looks alike, nor by another message', () => {
    for (const line of [from(`x${ownSender}`), from(`${ownSender}.example`), from(ownSender, 'AAAA51C0B7')]) {
      expect(brief(sessionsOf([line, ...session], { ownSender }))).toEqual([
        'example.org success mx1.example.org',
      ]);
    }
  });

  it('are forgotten a day after the queue manager named them last', () => {
    const lines = [
      from(ownSender),
      ...[smtp(established(), { second: 90_000 }), smtp(delivery(), { second: 90_000 })],
    ];
    expect(brief(sessionsOf(lines, { ownSender }))).toEqual(['example.org success mx1.example.org']);
  });

  it('need the lines that hold their sender, and only those', () => {
    expect(parser.create({ ownSender }).needles).toContain(ownSender);
    expect(parser.create({ ownSender: 'bücher@example.com' }).needles).toContain('/qmgr[');
    expect(parser.create({}).needles).toEqual(['/smtp[', '/tlsproxy[']);
  });
});
