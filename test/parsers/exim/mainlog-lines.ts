import fc from 'fast-check';
import { close, defer, hello, inside } from './event-lines.ts';

const IDS = [
  '1xVZOu-000000004YM-1YJW',
  '1xVZOu-000000004YM-1YJX',
  '1xSk8f-000007-07',
  '1xSk8f-00000A-0A',
] as const;
/** The envelope sender of our own reports. */
export const OWN = 'tlsrpt@reports.example';
const HOSTS = [
  'H=mx1.example.org [192.0.2.10]',
  'H=mx1.example.org [192.0.2.10]',
  'H=mx1.example.org [192.0.2.10]:25',
  'H=mx0.example.org DS [192.0.2.9]',
  'H=MX.Example.net [2001:DB8::25]:25',
  'H=[192.0.2.10] [192.0.2.10]',
  'H=relay.example.com [192.0.2.27]:587',
  'H=localhost [127.0.0.1]',
  'H=mx1.example.org [192.0.2.10]*',
  'H=mx1.example.org [192.0.2.10]:25*',
  'H=mx1.example.org [192.0.2.10]**',
  'H=mx1.example.org [192.0.2.10]:123456',
  'H=mx1.example.org [no.address]',
  'H=mx1.example.org 192.0.2.10',
] as const;
const ADDRESSES = [
  'bob@example.org',
  'bob@example.org',
  'ann@example.net',
  'bob@example.org <bob@alias.example>',
  'bob@example.org <Bob@Example.org>',
  'a b@example.org <"a b"@example.org>',
  'bob@example.org (ann@example.net)',
  'bob',
  'bob <bob@example.com>',
  'bob@[192.0.2.1]',
  'x@bücher.example',
  'bob@',
  '"bob"@example.org',
  'bob@example.org <bob@alias.example',
];
const often = <T>(value: T, ...others: readonly T[]) => fc.constantFrom(value, value, value, ...others);
const hostArbitrary = fc.constantFrom(...HOSTS);
/** The last ones are none. */
const idArbitrary = often(...IDS, '1xSk8f-000007-0?', '1xVZOu-000000004YM-1Y W', '1xVZO_-000007-07');

const tls = often(
  ' X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no',
  ' X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes',
  ' X=TLS1.2:ECDHE:256* CV=dane',
  ' X=TLS1.3:TLS_AES_256_GCM_SHA384:256',
  ' CV=no',
  ' CV=maybe',
  ' X=TLS1.3 CV=no',
  ' X=TLS1.3:x:',
  ' X=TLS1.3',
  ' X=TLS1.3:',
  '',
);
const fields = fc
  .record({
    before: often('', '', ' F=<ann@example.com>', ' P=<>', ' F=<a@b> P=<"x y"@b>', ' Q=slow'),
    route: often(
      ' R=dnslookup T=remote_smtp',
      ' T=remote_smtp',
      ' R=smarthost T=remote_smtp_smarthost',
      ' R=x T=lmtp',
      ' R=dns T=a:b',
      ' R=vacation T=**bypassed**',
      '',
    ),
    size: often('', '', ' S=1234'),
    host: fc.oneof({ weight: 6, arbitrary: hostArbitrary.map((host) => ` ${host}`) }, fc.constant('')),
    from: often(
      '',
      '',
      ' I=[198.51.100.7]:4711',
      ' I=[198.51.100.7]:4712',
      ' I=[2001:db8::7]',
      ' I=[x]:1',
      ' PRX=[192.0.2.200]:9',
      ' TFO',
      ' PS=es',
    ),
    tls,
    after: often(
      ' C="250 2.0.0 OK id=1abc"',
      ' DN="/CN=mx" C="250 OK" QT=1s DT=0s',
      '',
      ' C="250 <\\"x\\"@example.org> R=a T=b H=mx.evil.test [203.0.113.66] X=TLS1.0:f:40"',
      ' C="250 u@evil.test <"u"@evil.test> R=a T=b H=mx.evil.test [203.0.113.66]"',
      ': SMTP error',
    ),
  })
  .map(
    ({ before, route, size, host, from, tls: cipher, after }) =>
      before + route + size + host + (host === '' ? '' : from + cipher) + after,
  );

const delivery = fc
  .record({
    flag: often('=>', '=>', '=>', '->', '->', '>>', '=>=>', '='),
    address: fc.constantFrom(...ADDRESSES),
    fields,
  })
  .map(({ flag, address, fields: rest }) => `${flag} ${address}${rest}`);

/** What Exim writes most: a delivery over TLS; and a local one. */
const plainDelivery = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        to: fc.constantFrom('a@example.org', 'b@example.net', 'c@Example.ORG'),
        transport: often('remote_smtp', 'remote_smtp', 'remote_smtp_smarthost'),
        host: fc.constantFrom(...HOSTS.slice(0, 5), 'H=mx1.example.org [192.0.2.10]*'),
        from: fc.constantFrom('', ' I=[198.51.100.7]:4711', ' I=[198.51.100.7]:4712'),
        cipher: fc.constantFrom(
          ' X=TLS1.3:A:256 CV=no',
          ' X=TLS1.3:A:256 CV=yes',
          ' X=TLS1.2:B:128* CV=dane',
          '',
        ),
      })
      .map(
        ({ to, transport, host, from, cipher }) =>
          `=> ${to} R=dnslookup T=${transport} ${host}${from}${cipher} C="250 OK"`,
      ),
  },
  fc.constant('=> bob <bob@example.com> R=local_user T=maildir_home'),
);

/** A server that says the beginning of the line again, to be taken for the end of a quoted address. */
const echoed = plainDelivery.map((text) => {
  const said = text.replace(/"$/, '').slice(3);
  return `=> ${said} u@example.org <"${said.replace(/["\\]/g, '\\$&')} u"@example.org> R=a T=b H=mx.evil.test [203.0.113.66]"`;
});

const failure = fc.oneof(
  hostArbitrary.map(
    (host) =>
      `TLS session: (SSL_connect): timed out: delivering unencrypted to ${host} (not in hosts_require_tls)`,
  ),
  hostArbitrary.map(
    (host) => `DANE attempt failed; TLS connection to ${host.slice(2)}: (SSL_connect): timed out`,
  ),
  hostArbitrary.map(
    (host) =>
      `[${host.slice(host.indexOf('[') + 1).replace(/\].*$/, '')}] SSL verify error: depth=0 error=certificate has expired cert=/CN=mx`,
  ),
  hostArbitrary.map((host) => `${host}: a TLS session is required, but the server did not offer TLS support`),
  hostArbitrary.map(
    (host) =>
      `== bob@example.org R=dnslookup T=remote_smtp defer (-37) ${host}: TLS session: (SSL_connect): timed out`,
  ),
  hostArbitrary.map(
    (host) =>
      `== bob@example.org R=dnslookup T=remote_smtp defer (-44) ${host}: SMTP error from remote mail server after RCPT TO:<bob@example.org>: 450 later`,
  ),
  hostArbitrary.map(
    (host) =>
      `** bob@example.org R=dnslookup T=remote_smtp ${host} X=TLS1.3:A:256 CV=no: SMTP error from remote mail server: 550 no`,
  ),
  fc.constantFrom(
    '** bob@example.org: Unrouteable address',
    '== bob@example.org R=dnslookup T=remote_smtp defer (-54): retry time not reached',
  ),
);

const other = fc.constantFrom(
  'Completed',
  'Completed',
  'Completed',
  'Completed QT=1s',
  'Completedly',
  '*> bob@example.org R=dnslookup T=remote_smtp',
  '=> :blackhole: <drop@corp.example> R=system_aliases',
  '=> blackhole (DATA ACL discarded message)',
  '*> bob@example.org R=dnslookup T=remote_smtp C="250 => TLS "',
  '<= ann@example.com H=client [198.51.100.20] P=esmtps X=TLS1.3:a:256 CV=no S=1 id=x@y',
  '<= ann@example.com H=client [198.51.100.20] P=esmtps X=TLS1.3:a:256 CV=no S=1 T="a => b TLS "',
  `<= ${OWN} U=tlsrpt P=local S=1`,
  `<= ${OWN.toUpperCase()} U=tlsrpt P=local S=1 T=" => "`,
  '<= ünlaut@reports.example U=tlsrpt P=local S=1 T=" => "',
  '<= <> R=1xVZOu-000000004YM-1YJW U=Debian-exim P=local S=1',
  '(= ann@example.com TLS ',
  'DKIM: d=example.com s=s c=relaxed/relaxed a=rsa-sha256 b=2048 [verification succeeded]',
  'DKIM: d=example.com s== => TLS ** c=relaxed/relaxed [invalid]',
  'Frozen (delivery error message)',
  'TLS something of no kind',
  'H=mx1.example.org [192.0.2.10]: SMTP timeout after RCPT TO',
  '=>',
  '=',
  'C',
  '',
);

const event = fc.constantFrom(hello(), inside(), close(), defer('TLS session: (SSL_connect): timed out'));

const textArbitrary = fc.oneof(
  { weight: 8, arbitrary: plainDelivery },
  { weight: 8, arbitrary: delivery },
  { weight: 1, arbitrary: echoed },
  { weight: 4, arbitrary: other },
  { weight: 2, arbitrary: failure },
  { weight: 1, arbitrary: event },
);

const STAMPS = [
  (time: string) => time,
  (time: string) => `${time}.123`,
  (time: string) => `${time} +0130`,
  (time: string) => `${time}.999 -0000 [4711]`,
  (time: string) => `${time} [12]`,
  (time: string) => `${time}.12`,
  (time: string) => `${time} +01:00`,
  (time: string) => `${time} []`,
  (time: string) => time.replace(' ', 'T'),
  (time: string) => time.replace(/-\d\d /, '-32 '),
  (time: string) => time.replace(/:\d\d$/, ':6x'),
  (time: string) => `${time.slice(0, 15)}`,
];

/** Lines of a mainlog, and now and then of something else. */
export const lineArbitrary = fc.record({
  gap: fc.constantFrom(0, 0, 0, 1, 8, 61, 4000, -5000),
  stamp: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(STAMPS.length - 1)),
  place: often('mainlog', 'mainlog', 'mainlog', 'syslog', 'bare', 'piece'),
  id: idArbitrary,
  text: textArbitrary,
});

/** One line, before it is written. */
export type Line = typeof lineArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** A message as nearly all are: it comes in, is delivered, and is done; something may come between. */
export const messageArbitrary: fc.Arbitrary<Line[]> = fc
  .record({
    id: idArbitrary,
    stamp: often(0, 1, 2, 3, 4),
    sender: fc.constantFrom('ann@example.com', 'ann@example.com', OWN),
    end: often('Completed', 'Completed', 'Completed QT=1s', 'Completedly'),
    deliveries: fc.array(plainDelivery, { minLength: 1, maxLength: 2 }),
    between: fc.array(lineArbitrary, { maxLength: 1 }),
    where: fc.nat(8),
  })
  .map(({ id, stamp, sender, end, deliveries, between, where }) => {
    const texts = [`<= ${sender} U=x P=local S=1`, ...deliveries, end];
    const lines = texts.map((text): Line => ({ gap: 0, stamp, place: 'mainlog', id, text }));
    lines.splice(where, 0, ...(where < 4 ? between : []));
    return lines;
  });

/** The lines as Exim writes them, itself or by syslog, or nobody does; about the hour that clocks have twice. */
export function textOf(lines: readonly Line[]): string[] {
  let seconds = 0;
  return lines.map(({ gap, stamp, place, id, text }) => {
    seconds += gap;
    const date = new Date(Date.UTC(2026, 9, 25, 1, 58, 0) + seconds * 1000).toISOString();
    const time = `${date.slice(0, 10)} ${date.slice(11, 19)}`;
    const own = STAMPS[stamp]?.(time) ?? time;
    if (place === 'bare') return `${own} ${text}`;
    if (place === 'piece') return `${own} [1/2] ${id} ${text}`;
    const header = place === 'syslog' ? `${date.replace('Z', '+00:00')} mail exim[77]: ` : '';
    return `${header}${own} ${id} ${text}`;
  });
}
