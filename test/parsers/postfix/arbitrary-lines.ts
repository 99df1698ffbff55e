import fc from 'fast-check';
import { CIPHER, delivery, smtp } from './log-lines.ts';

export const SERVERS = [
  'mx1.example.org[192.0.2.25]:25',
  'MX1.example.org[192.0.2.25]:25',
  'mx2.example.org[192.0.2.26]:25',
  'mx.example.net[2001:db8::25]:25',
  'relay.example.com[192.0.2.27]:587',
  'localhost[127.0.0.1]:25',
] as const;
const IDS = [
  '9F3A51C0B7',
  '9F3A51C0B8',
  'C0FFEE12',
  'A1B2C3D4',
  '4d3JvK2xzPz1',
  '4jYGNX5hVbzJgrXkLmNpQrS',
] as const;
const OWN = 'tlsrpt@reports.example';
const SUMMARY_TAILS = [
  CIPHER,
  'TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)',
  'TLSv1.3 with cipher X (1/1 bits) key-exchange X25519',
  'SSLv9 with nothing',
];

const server = fc.constantFrom(...SERVERS);
const bare = server.map((name) => name.replace(/:\d+$/, ''));
const id = fc.constantFrom(...IDS);
const number = fc.nat(20);
export const numbered = (n: number): string => `AB${1000 + n}`;

/** What smtp(8) writes, the commonest lines most often, and what only the plain road reads. */
const messageArbitrary = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.constantFrom('Trusted ', 'Trusted ', 'Untrusted ', 'Verified ', 'Anonymous ', ''),
        fc.constantFrom('established', 'established', 'established', 'reused'),
        server,
        fc.constantFrom(...SUMMARY_TAILS),
      )
      .map(([trust, verb, name, tail]) => `${trust}TLS connection ${verb} to ${name}: ${tail}`),
  },
  {
    weight: 12,
    arbitrary: fc
      .record({
        id,
        to: fc.constantFrom('a@example.org', 'b@example.net', '"@"@example.org', 'a@[192.0.2.1]', 'x'),
        relay: fc.oneof(server, server, server, fc.constantFrom('none', 'mx[private/lmtp]')),
        delays: fc.constantFrom('0.05/0.01/0.84/0.4', '1/2/3/4', '0.1/0/70/9'),
        tls: fc.constantFrom(
          undefined,
          undefined,
          'may',
          'dane',
          'secure',
          'may:none',
          'dane:encrypt',
          '!verify',
          'may?',
        ),
        reason: fc.oneof(
          fc.constantFrom('250 2.0.0 Ok', '250 2.0.0 Ok', '250 2.0.0 Ok', 'Server certificate not verified'),
          fc.constantFrom(
            'Cannot start TLS: handshake failure',
            'TLSA records unusable',
            '',
            'host x said: 450 later',
          ),
          bare.map((name) => `host ${name} said: 450 4.2.0 later (in reply to RCPT TO command)`),
          bare.map((name) => `host ${name} refused to talk to me: 554 said: no`),
          bare.map((name) => `TLS is required, but was not offered by host ${name}`),
          bare.map((name) => `lost connection with ${name} while sending RCPT TO`),
        ),
        status: fc.constantFrom('sent', 'sent', 'sent', 'deferred', 'bounced'),
        end: fc.constantFrom(undefined, undefined, undefined, -1, -9, -25, -60, 80),
      })
      .map(({ tls, end, ...parts }) => delivery(tls === undefined ? parts : { ...parts, tls }).slice(0, end)),
  },
  bare.map((name) => `connect to ${name}:25: Connection timed out`),
  server.map((name) => `connect to ${name}: Connection refused`),
  server.map((name) => `certificate verification failed for ${name}: untrusted issuer /CN=CA`),
  server.map((name) => `server certificate verification failed for ${name}: certificate has expired`),
  server.map((name) => `CA certificate verification failed for ${name}: num=62:hostname mismatch`),
  server.map((name) => `SSL_connect error to ${name}: lost connection`),
  server.map((name) => `warning: ${name}: all TLSA records unusable`),
  bare.map((name) => `TLSRPT: status=success, domain=example.org, receiving_mx=${name}`),
  server.map((name) => `Host offered STARTTLS: [${name.slice(0, name.indexOf('['))}]`),
  fc
    .tuple(id, bare)
    .map(([queueId, name]) => `${queueId}: lost connection with ${name} while performing the EHLO`),
  server.map((name) => `setting up TLS connection to ${name}`),
  fc
    .tuple(id, bare)
    .map(([queueId, name]) => `${queueId}: host ${name} said: 450 later (in reply to RCPT TO command)`),
  id.map((queueId) => `${queueId}: Server certificate not verified`),
  id.map((queueId) => `${queueId}: Cannot start TLS: handshake failure`),
  fc.constantFrom(
    'SSL_set_fd error to mx',
    'warning: TLS library problem: error:0A000086',
    'warning: connect to private/tlsproxy: Connection refused',
    'discarding EHLO keywords: STARTTLS',
    'warning: TLS policy lookup for [192.0.2.9]/192.0.2.9: non DNSSEC destination',
  ),
  fc.constantFrom('connection of no kind', 'certificate', 'CA', 'se', 'Trusted', 'T', ''),
);

/** A line of any kind that Postfix writes, and of some that it does not. */
export const lineArbitrary = fc
  .record({
    gap: fc.constantFrom(0, 0, 0, 1, 5, 61, 4000),
    pid: fc.constantFrom(1, 1, 1, 2, 70_001),
    host: fc.constantFrom('mail', 'mail', 'mail', 'mx'),
    line: fc.oneof(
      { weight: 20, arbitrary: messageArbitrary.map((message) => ({ tag: 'postfix/smtp', message })) },
      server.map((name) => ({
        tag: 'postfix/tlsproxy',
        message: `certificate verification failed for ${name}: certificate has expired`,
      })),
      server.map((name) => ({ tag: 'postfix/tlsproxy', message: `${name}: all TLSA records unusable` })),
      server.map((name) => ({
        tag: 'postfix/tlsproxy',
        message: `TLS handshake failed for service=smtp peer=${name.slice(name.indexOf('['))}`,
      })),
      bare.map((name) => ({
        tag: 'postfix/tlsproxy',
        message: `TLSRPT: status=failure, domain=example.org, receiving_mx=${name}, failure_type=certificate_expired`,
      })),
      fc.oneof(id, number.map(numbered)).map((queueId) => ({
        tag: 'postfix/qmgr',
        message: `${queueId}: from=<${OWN}>, size=1, nrcpt=1 (queue active)`,
      })),
      messageArbitrary.map((message) => ({ tag: 'postfix/smtpd', message })),
      messageArbitrary.map((message) => ({ tag: 'postfix/qmgr', message: `1: /smtp[1]: ${message}` })),
      messageArbitrary.map((message) => ({ tag: 'postfix/lmtp', message })),
    ),
  })
  .map(({ line, ...rest }) => ({ ...rest, ...line }));

/** One message over one connection, as nearly all are; now and then something comes between its lines. */
export const conversationArbitrary: fc.Arbitrary<Line[]> = fc
  .record({
    pid: fc.constantFrom(1, 2),
    server: fc.constantFrom(...SERVERS.slice(0, 4)),
    said: fc.constantFrom([], [], [], ['certificate verification failed for'], ['connect to']),
    trust: fc.constantFrom('Trusted ', 'Untrusted ', 'Anonymous ', 'Verified '),
    tail: fc.constantFrom(...SUMMARY_TAILS.slice(0, 3)),
    number,
    to: fc.constantFrom('a@example.org', 'b@example.net'),
    tls: fc.constantFrom(
      undefined,
      undefined,
      undefined,
      'may',
      'secure',
      'dane',
      'dane:encrypt',
      'may:none',
    ),
    reason: fc.constantFrom(
      '250 Ok',
      '250 Ok',
      'host x[192.0.2.9] said: 450 no',
      'Server certificate not verified',
    ),
    status: fc.constantFrom('sent', 'sent', 'bounced'),
    gap: fc.constantFrom(0, 0, 1, 61),
    between: fc.array(lineArbitrary, { maxLength: 1 }),
    where: fc.nat(12),
    own: fc.constantFrom(false, false, false, true),
  })
  .map(({ pid, server: name, said, trust, tail, number: n, tls, gap, between, where, own, ...parts }) => {
    const line = (message: string): Line => ({ gap, pid, host: 'mail', tag: 'postfix/smtp', message });
    const told = delivery({
      ...parts,
      id: numbered(n),
      relay: name,
      ...(tls !== undefined && { tls }),
    });
    const sender = `${numbered(n)}: from=<${OWN}>, size=1, nrcpt=1 (queue active)`;
    const lines = [
      ...(own ? [{ ...line(sender), tag: 'postfix/qmgr' }] : []),
      ...said.map((words) => line(`${words} ${name}: untrusted issuer`)),
      line(`${trust}TLS connection established to ${name}: ${tail}`),
      line(told),
    ];
    lines.splice(where, 0, ...(where < 4 ? between : []));
    return lines;
  });

/** A line, and how many seconds it comes behind the one before. */
export type Line = typeof lineArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** Of the parser: what makes its roads part. */
export const OPTIONS = [
  {},
  { midStream: true },
  { ownSender: OWN, relayhosts: ['relay.example.com:587'] },
  { ownSender: 'a b', midStream: true, hosts: { mx: { relayhosts: ['mx2.example.org'] } } },
  { inferPlaintext: false, tlsLogLevel: 1, sendingMtaIp: '192.0.2.99' },
];

/** The lines as a syslog daemon writes them, with ISO stamps or classic ones. */
export function textOf(lines: readonly Line[], classic: boolean): string[] {
  let second = 0;
  return lines.map(({ gap, pid, host, tag, message }) => {
    second += gap;
    const line = smtp(message, { pid, second, tag, host });
    if (!classic) return line;
    const time = new Date(Date.UTC(2026, 10, 22, 10, 0, second)).toISOString();
    return line.replace(/^\S+/, `Nov ${time.slice(8, 10)} ${time.slice(11, 19)}`);
  });
}
