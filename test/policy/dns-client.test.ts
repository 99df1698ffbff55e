import { createSocket } from 'node:dgram';
import type { Answer } from 'dns-packet';
import { afterEach, describe, expect, test } from 'vitest';
import type { DnsAnswer } from '../../src/policy/dns.ts';
import { createResolver } from '../../src/policy/dns-client.ts';
import { CLOCK, clientOf, Servers, SOA, txt } from './dns-servers.ts';
import { FLAGS, replyTo, type Script, scriptedDns } from './scripted-dns.ts';

const servers = new Servers();
afterEach(() => servers.close());

describe('each kind of answer', () => {
  const arms: readonly [string, Script, DnsAnswer | object][] = [
    [
      'records, vouched for',
      (seen) => [replyTo(seen, { ...txt('x'), flags: FLAGS.authentic })],
      { kind: 'answer', records: ['x'], secure: true, ttl: 60, name: 'a.example' },
    ],
    [
      'records, not vouched for',
      (seen) => [replyTo(seen, txt('x'))],
      { kind: 'answer', records: ['x'], secure: false, ttl: 60, name: 'a.example' },
    ],
    [
      'no data',
      (seen) => [replyTo(seen, { ...SOA, flags: FLAGS.authentic })],
      { kind: 'nodata', secure: true, ttl: 120, name: 'a.example' },
    ],
    [
      'no such name',
      (seen) => [replyTo(seen, { ...SOA, rcode: 3 })],
      { kind: 'nxdomain', secure: false, ttl: 120, name: 'a.example' },
    ],
    [
      'a failed validation, by the resolver’s word',
      (seen) => [replyTo(seen, { rcode: 2, additionals: [extendedError(7)] })],
      { kind: 'bogus', reason: 'signature expired' },
    ],
    [
      'a failed validation, told by switching checks off',
      (seen) => [seen.packet.flag_cd ? replyTo(seen, txt('x')) : replyTo(seen, { rcode: 2 })],
      { kind: 'bogus', reason: 'DNSSEC validation failed' },
    ],
    ['SERVFAIL', (seen) => [replyTo(seen, { rcode: 2 })], { kind: 'temporary', answered: true }],
    ['REFUSED', (seen) => [replyTo(seen, { rcode: 5 })], { kind: 'temporary', answered: false }],
    ['silence', () => [], { kind: 'temporary', answered: false }],
  ];

  test.each(arms)('%s', async (_, script, expected) => {
    const server = await servers.serve(script);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject(expected);
  });

  test('a port nobody listens on is temporary, at once', async () => {
    const gone = await scriptedDns(() => []);
    await gone.close();
    const start = performance.now();
    expect(await clientOf([gone], { timeoutMs: 5000 }).lookup('a.example', 'TXT')).toMatchObject({
      kind: 'temporary',
      answered: false,
    });
    expect(performance.now() - start).toBeLessThan(2500);
  });

  test('an address there is no way to is temporary', async () => {
    const nowhere = { address: '240.0.0.1', port: 5399 };
    const way6 = { address: 'fe80::1%nowhere0', port: 5399 };
    for (const server of [nowhere, way6])
      expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({
        kind: 'temporary',
        answered: false,
      });
  });

  test('a SERVFAIL that is over when asked again is no forgery', async () => {
    let calls = 0;
    const server = await servers.serve((seen) => [
      ++calls === 1 ? replyTo(seen, { rcode: 2 }) : replyTo(seen, txt('x')),
    ]);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({
      kind: 'answer',
      records: ['x'],
    });
  });
});

describe('record types', () => {
  test('TLSA in hex, MX with preference, addresses, names in lower case', async () => {
    const server = await servers.serve((seen) => {
      switch (seen.type) {
        case 'TLSA':
          return [
            replyTo(seen, {
              answers: [
                {
                  type: 'TLSA',
                  name: seen.name,
                  ttl: 1,
                  data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from('abCD', 'hex') },
                },
              ],
            }),
          ];
        case 'MX':
          return [
            replyTo(seen, {
              answers: [
                { type: 'MX', name: seen.name, ttl: 1, data: { preference: 10, exchange: 'MX.A.example.' } },
              ],
            }),
          ];
        case 'AAAA':
          return [
            replyTo(seen, { answers: [{ type: 'AAAA', name: seen.name, ttl: 1, data: '2001:db8::1' }] }),
          ];
        default:
          return [
            replyTo(seen, { answers: [{ type: 'MX', name: seen.name, ttl: 1, data: { exchange: '.' } }] }),
          ];
      }
    });
    const client = clientOf([server]);
    expect(await client.lookup('x.example', 'TLSA')).toMatchObject({
      records: [{ usage: 3, selector: 1, matchingType: 1, data: 'abcd' }],
    });
    expect(await client.lookup('x.example', 'MX')).toMatchObject({
      records: [{ preference: 10, exchange: 'mx.a.example' }],
    });
    expect(await client.lookup('x.example', 'AAAA')).toMatchObject({ records: ['2001:db8::1'] });
    expect(await client.lookup('x.example', 'A')).toMatchObject({ kind: 'nodata' });
  });

  test('the strings of a TXT record are joined without blanks; records stay apart', async () => {
    const server = await servers.serve((seen) => [
      replyTo(seen, {
        answers: [
          { type: 'TXT', name: seen.name, ttl: 1, data: ['v=TLSRPTv1; ', 'rua=mailto:a', '@b.example'] },
          { type: 'TXT', name: seen.name, ttl: 1, data: [Buffer.from([0xff, 0x41])] },
        ],
      }),
    ]);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({
      records: ['v=TLSRPTv1; rua=mailto:a@b.example', '\ufffdA'],
    });
  });
});

describe('aliases', () => {
  const alias = (name: string, to: string) => ({ type: 'CNAME', name, ttl: 30, data: to }) as const;

  test('a chain in one answer: the name it ends at, the lowest TTL, other names passed over', async () => {
    const server = await servers.serve((seen) => [
      replyTo(seen, {
        flags: FLAGS.authentic,
        answers: [
          alias('A.example', 'b.example'),
          alias('b.example', 'C.example'),
          { type: 'TXT', name: 'c.example', ttl: 60, data: 'right' },
          { type: 'TXT', name: 'elsewhere.example', ttl: 60, data: 'wrong' },
        ],
      }),
    ]);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toEqual({
      kind: 'answer',
      name: 'c.example',
      records: ['right'],
      secure: true,
      ttl: 30,
    });
  });

  test('a chain over several answers is followed, and secure only if all of it is', async () => {
    const server = await servers.serve((seen) =>
      seen.name === 'a.example'
        ? [replyTo(seen, { flags: FLAGS.authentic, answers: [alias('a.example', 'b.example')] })]
        : [replyTo(seen, { answers: [{ type: 'TXT', name: 'b.example', ttl: 60, data: 'x' }] })],
    );
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({
      kind: 'answer',
      name: 'b.example',
      secure: false,
    });
  });

  test('a circle comes to an end', async () => {
    const server = await servers.serve((seen) => [
      replyTo(seen, { answers: [alias(seen.name, seen.name === 'a.example' ? 'b.example' : 'a.example')] }),
    ]);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ kind: 'temporary' });
  });

  test('asked for itself, an alias is not followed', async () => {
    const server = await servers.serve((seen) => [
      replyTo(seen, { answers: [alias('a.example', 'b.example')] }),
    ]);
    expect(await clientOf([server]).lookup('a.example', 'CNAME')).toMatchObject({
      kind: 'answer',
      name: 'a.example',
      records: ['b.example'],
    });
  });
});

describe('forged and broken replies', () => {
  test('a reply with another id, another question, or that is a query, is passed over', async () => {
    const server = await servers.serve((seen) => {
      const good = replyTo(seen, txt('good'));
      return [
        { ...good, ...txt('id'), id: ((seen.packet.id ?? 0) + 1) & 0xffff },
        { ...good, ...txt('name'), questions: [{ type: 'TXT', name: 'b.example' }] },
        { ...good, ...txt('type'), questions: [{ type: 'MX', name: 'a.example' }] },
        {
          ...good,
          ...txt('two'),
          questions: [...(good.questions ?? []), { type: 'TXT', name: 'b.example' }],
        },
        { ...good, ...txt('query'), type: 'query' },
        Buffer.alloc(3),
        Buffer.concat([
          Buffer.from([(seen.packet.id ?? 0) >> 8, (seen.packet.id ?? 0) & 255]),
          Buffer.alloc(30, 0xff),
        ]),
        good,
      ];
    });
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ records: ['good'] });
  });

  test('a reply from another port is not heard', async () => {
    const other = createSocket('udp4');
    servers.closeLater(() => new Promise<void>((resolve) => other.close(resolve)));
    const server = await servers.serve(async (seen) => {
      const { encode } = await import('dns-packet');
      other.send(encode(replyTo(seen, txt('forged'))), seen.port, '127.0.0.1');
      await new Promise((resolve) => setTimeout(resolve, 30));
      return [replyTo(seen, txt('real'))];
    });
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ records: ['real'] });
  });

  test('ids and ports are not the same twice', async () => {
    const server = await servers.serve((seen) => [replyTo(seen, SOA)]);
    const client = clientOf([server]);
    await Promise.all(Array.from({ length: 40 }, (_, index) => client.lookup(`n${index}.example`, 'TXT')));
    expect(new Set(server.seen.map(({ packet }) => packet.id)).size).toBeGreaterThan(35);
    expect(new Set(server.seen.map(({ port }) => port)).size).toBeGreaterThan(35);
  });

  test('AD of a server nobody vouched for is not believed', async () => {
    const { address, port } = await servers.serve((seen) => [
      replyTo(seen, { ...txt('x'), flags: FLAGS.authentic }),
    ]);
    const client = createResolver({ servers: [{ address, port, trusted: false }], clock: CLOCK });
    expect(await client.lookup('a.example', 'TXT')).toMatchObject({ kind: 'answer', secure: false });
  });

  test('a bare header may refuse, but not deny the name', async () => {
    const server = await servers.serve((seen) => [
      { type: 'response', id: seen.packet.id, flags: FLAGS.recursion | 3 },
    ]);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ kind: 'temporary' });
  });
});

function extendedError(code: number): Answer {
  const data = Buffer.alloc(2);
  data.writeUInt16BE(code);
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    // The option's number is newer than the type definitions.
    options: [{ code: 15 as 12, data }],
  };
}
