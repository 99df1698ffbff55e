import { createSocket } from 'node:dgram';
import type { Answer, Packet } from 'dns-packet';
import { afterEach, describe, expect, test } from 'vitest';
import { fixedClock } from '../../src/clock.ts';
import type { DnsAnswer } from '../../src/policy/dns.ts';
import { createResolver, type DnsClientOptions } from '../../src/policy/dns-client.ts';
import { FLAGS, replyTo, type Script, type ScriptedDns, scriptedDns } from './scripted-dns.ts';

const CLOCK = fixedClock(Date.UTC(2026, 10, 2));
const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function serve(script: Script): Promise<ScriptedDns> {
  const server = await scriptedDns(script);
  opened.push(server);
  return server;
}

function clientOf(
  servers: readonly { address: string; port: number }[],
  options: Partial<DnsClientOptions> = {},
) {
  const trusted = servers.map(({ address, port }) => ({ address, port, trusted: true }));
  return createResolver({ servers: trusted, clock: CLOCK, timeoutMs: 250, ...options });
}

/** A port where something listens and never says a word. */
async function silentServer(): Promise<{ address: string; port: number }> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  opened.push({ close: () => new Promise<void>((resolve) => socket.close(resolve)) });
  return { address: '127.0.0.1', port: socket.address().port };
}

const txt = (text: string): Packet => ({
  answers: [{ type: 'TXT', name: 'a.example', ttl: 60, data: text }],
});
const SOA: Packet = {
  authorities: [
    {
      type: 'SOA',
      name: 'example',
      ttl: 300,
      data: { mname: 'ns.example', rname: 'h.example', minimum: 120 },
    },
  ],
};

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
    const server = await serve(script);
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
    const server = await serve((seen) => [
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
    const server = await serve((seen) => {
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
    const server = await serve((seen) => [
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
    const server = await serve((seen) => [
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
    const server = await serve((seen) =>
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
    const server = await serve((seen) => [
      replyTo(seen, { answers: [alias(seen.name, seen.name === 'a.example' ? 'b.example' : 'a.example')] }),
    ]);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ kind: 'temporary' });
  });

  test('asked for itself, an alias is not followed', async () => {
    const server = await serve((seen) => [replyTo(seen, { answers: [alias('a.example', 'b.example')] })]);
    expect(await clientOf([server]).lookup('a.example', 'CNAME')).toMatchObject({
      kind: 'answer',
      name: 'a.example',
      records: ['b.example'],
    });
  });
});

describe('forged and broken replies', () => {
  test('a reply with another id, another question, or that is a query, is passed over', async () => {
    const server = await serve((seen) => {
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
    opened.push({ close: () => new Promise<void>((resolve) => other.close(resolve)) });
    const server = await serve(async (seen) => {
      const { encode } = await import('dns-packet');
      other.send(encode(replyTo(seen, txt('forged'))), seen.port, '127.0.0.1');
      await new Promise((resolve) => setTimeout(resolve, 30));
      return [replyTo(seen, txt('real'))];
    });
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ records: ['real'] });
  });

  test('ids and ports are not the same twice', async () => {
    const server = await serve((seen) => [replyTo(seen, SOA)]);
    const client = clientOf([server]);
    await Promise.all(Array.from({ length: 40 }, (_, index) => client.lookup(`n${index}.example`, 'TXT')));
    expect(new Set(server.seen.map(({ packet }) => packet.id)).size).toBeGreaterThan(35);
    expect(new Set(server.seen.map(({ port }) => port)).size).toBeGreaterThan(35);
  });

  test('AD of a server nobody vouched for is not believed', async () => {
    const { address, port } = await serve((seen) => [replyTo(seen, { ...txt('x'), flags: FLAGS.authentic })]);
    const client = createResolver({ servers: [{ address, port, trusted: false }], clock: CLOCK });
    expect(await client.lookup('a.example', 'TXT')).toMatchObject({ kind: 'answer', secure: false });
  });

  test('a bare header may refuse, but not deny the name', async () => {
    const server = await serve((seen) => [
      { type: 'response', id: seen.packet.id, flags: FLAGS.recursion | 3 },
    ]);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ kind: 'temporary' });
  });
});

describe('what is asked', () => {
  test('recursion, AD, EDNS of 1232 bytes', async () => {
    const server = await serve((seen) => [replyTo(seen, SOA)]);
    await clientOf([server]).lookup('A.Example', 'TXT');
    const [query] = server.seen;
    expect(query?.name).toBe('a.example');
    expect(query?.packet).toMatchObject({ flag_rd: true, flag_ad: true, flag_cd: false, flag_tc: false });
    expect(query?.packet.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
  });

  test('a reply that was cut off is asked for by TCP', async () => {
    const server = await serve((seen) => [
      seen.byTcp ? replyTo(seen, txt('whole')) : replyTo(seen, { flags: FLAGS.truncated }),
    ]);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ records: ['whole'] });
    expect(server.seen.map(({ byTcp }) => byTcp)).toEqual([false, true]);
  });

  test('a cut in the middle of a record is a cut all the same', async () => {
    const { encode } = await import('dns-packet');
    const server = await serve((seen) => {
      if (seen.byTcp) return [replyTo(seen, txt('whole'))];
      const bytes = encode(replyTo(seen, { ...txt('whole'), flags: FLAGS.truncated }));
      return [bytes.subarray(0, bytes.length - 3)];
    });
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ records: ['whole'] });
  });

  test('a server from before EDNS is asked without', async () => {
    const server = await serve((seen) => [
      (seen.packet.additionals ?? []).length > 0 ? replyTo(seen, { rcode: 1 }) : replyTo(seen, txt('old')),
    ]);
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ records: ['old'] });
  });

  test('a name that cannot exist is never asked', async () => {
    const server = await serve((seen) => [replyTo(seen, txt('x'))]);
    expect(await clientOf([server]).lookup(`${'x'.repeat(64)}.example`, 'TXT')).toMatchObject({
      kind: 'nodata',
    });
    expect(server.seen).toEqual([]);
  });
});

describe('several servers', () => {
  test('the next one is asked where one is silent, refuses, or fails', async () => {
    const silent = await silentServer();
    const refusing = await serve((seen) => [replyTo(seen, { rcode: 5 })]);
    const failing = await serve((seen) => [replyTo(seen, { rcode: 2 })]);
    const good = await serve((seen) => [replyTo(seen, txt('x'))]);
    const client = clientOf([silent, refusing, failing, good]);
    expect(await client.lookup('a.example', 'TXT')).toMatchObject({ kind: 'answer', records: ['x'] });
  });

  test('one lost datagram is no failure', async () => {
    let calls = 0;
    const server = await serve((seen) => (++calls === 1 ? [] : [replyTo(seen, txt('x'))]));
    expect(await clientOf([server]).lookup('a.example', 'TXT')).toMatchObject({ records: ['x'] });
  });

  test('a server that fell silent is left alone for a while, then asked once more', async () => {
    const silent = await silentServer();
    const clock = { time: Date.UTC(2026, 10, 2), now: () => clock.time };
    const client = clientOf([silent], { clock, timeoutMs: 20, concurrency: 10 });
    await client.lookup('first.example', 'TXT');
    clock.time += 20_000;
    await Promise.all(Array.from({ length: 20 }, (_, index) => client.lookup(`n${index}.example`, 'TXT')));
    const start = performance.now();
    const later = await Promise.all(
      Array.from({ length: 500 }, (_, n) => client.lookup(`m${n}.example`, 'TXT')),
    );
    expect(performance.now() - start).toBeLessThan(500);
    expect(later.every(({ kind }) => kind === 'temporary')).toBe(true);
  });
});

describe('bounds', () => {
  test('no more questions at once than allowed', async () => {
    let open = 0;
    let most = 0;
    const server = await serve(async (seen) => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 10));
      open--;
      return [replyTo(seen, SOA)];
    });
    const client = clientOf([server], { concurrency: 5, timeoutMs: 2000 });
    await Promise.all(Array.from({ length: 60 }, (_, index) => client.lookup(`n${index}.example`, 'TXT')));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(5);
  });

  test('no more questions a second than allowed', async () => {
    const server = await serve((seen) => [replyTo(seen, SOA)]);
    const client = clientOf([server], { rate: 100 });
    const start = performance.now();
    await Promise.all(Array.from({ length: 31 }, (_, index) => client.lookup(`n${index}.example`, 'TXT')));
    expect(performance.now() - start).toBeGreaterThanOrEqual(290);
  });
});

describe('the cache', () => {
  test('keeps an answer for its TTL, whatever the case of the name', async () => {
    const clock = { time: Date.UTC(2026, 10, 2), now: () => clock.time };
    const server = await serve((seen) => [replyTo(seen, txt('x'))]);
    const client = clientOf([server], { clock });
    await client.lookup('a.example', 'TXT');
    await client.lookup('A.EXAMPLE', 'TXT');
    clock.time += 59_000;
    await client.lookup('a.example', 'TXT');
    expect(server.seen).toHaveLength(1);
    clock.time += 2000;
    await client.lookup('a.example', 'TXT');
    expect(server.seen).toHaveLength(2);
  });

  test('asks once where several want to know at the same time', async () => {
    const server = await serve((seen) => [replyTo(seen, txt('x'))]);
    const client = clientOf([server]);
    await Promise.all(Array.from({ length: 10 }, () => client.lookup('a.example', 'TXT')));
    expect(server.seen).toHaveLength(1);
  });

  test('keeps absence for the negative TTL, and a fault for seconds only', async () => {
    const clock = { time: Date.UTC(2026, 10, 2), now: () => clock.time };
    let broken = true;
    const server = await serve((seen) => [replyTo(seen, broken ? { rcode: 2 } : SOA)]);
    const client = clientOf([server], { clock });
    expect(await client.lookup('a.example', 'TXT')).toMatchObject({ kind: 'temporary' });
    broken = false;
    clock.time += 16_000;
    expect(await client.lookup('a.example', 'TXT')).toMatchObject({ kind: 'nodata' });
    const asked = server.seen.length;
    clock.time += 119_000;
    await client.lookup('a.example', 'TXT');
    expect(server.seen).toHaveLength(asked);
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
