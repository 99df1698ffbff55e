import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { findDane } from '../../src/policy/dane.ts';
import type { Resolver } from '../../src/policy/dns.ts';
import { createResolver } from '../../src/policy/dns-client.ts';
import { findMx } from '../../src/policy/mx.ts';
import { lookupDemand } from '../../src/policy/tlsrpt-record.ts';
import { freePort, type LabZone, type SignedDns, startSignedDns } from './signed-dns.ts';

const SHA = 'ab'.repeat(32);
const GOOD = `3 1 1 ${SHA}`;

const BIG = `v=TLSRPTv1; rua=mailto:big@signed.example${`; e=${'x'.repeat(150)}`.repeat(12)}`;

/** A text as the strings of one TXT record. */
function strings(text: string): string {
  return (text.match(/.{1,200}/g) ?? []).map((part) => `"${part}"`).join(' ');
}

const SIGNED: LabZone = {
  name: 'signed.example',
  signed: true,
  records: `
@ IN MX 20 mx2
@ IN MX 10 mx1
mx1 IN A 192.0.2.1
mx2 IN AAAA 2001:db8::2
_25._tcp.mx1 IN TLSA 3 1 1 ${SHA}
_25._tcp.mx1 IN TLSA 2 1 1 ${'cd'.repeat(32)}
_587._tcp.mx1 IN TLSA 3 0 1 ${'ee'.repeat(32)}
pkix IN A 192.0.2.3
_25._tcp.pkix IN TLSA 1 1 1 ${SHA}
odd IN A 192.0.2.4
_25._tcp.odd IN TLSA 3 1 9 ${SHA}
short IN A 192.0.2.5
_25._tcp.short IN TLSA 3 1 1 abcd
forged IN A 192.0.2.6
_25._tcp.forged IN TLSA 3 1 1 ${'12'.repeat(32)}
forgedaddress IN A 192.0.2.66
alias IN CNAME target
target IN A 192.0.2.7
_25._tcp.target IN TLSA 3 1 1 ${'07'.repeat(32)}
_25._tcp.alias IN TLSA 3 1 1 ${'08'.repeat(32)}
bare IN CNAME nothere
nothere IN A 192.0.2.8
_25._tcp.bare IN TLSA 3 1 1 ${'09'.repeat(32)}
outside IN CNAME mx.unsigned.example.
_25._tcp.outside IN TLSA 3 1 1 ${'10'.repeat(32)}
far IN A 192.0.2.9
_25._tcp.far IN CNAME _tlsa.signed.example.
_tlsa IN TLSA 3 1 1 ${'11'.repeat(32)}
null IN MX 0 .
implicit IN A 192.0.2.10
nomx IN TXT "neither MX nor address"
aliased IN CNAME signed.example.
aliasout IN CNAME unsigned.example.
_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:re" "ports@signed.exa" "mple"
_smtp._tls.long IN TXT ${strings(`no record of ours ${'y'.repeat(3000)}`)}
_smtp._tls.big IN TXT ${strings(BIG)}
_smtp._tls.forgedtxt IN TXT "v=TLSRPTv1; rua=mailto:true@signed.example"
_smtp._tls.here IN CNAME _smtp._tls.signed.example.
`,
  forge: [
    ['12'.repeat(32), '13'.repeat(32)],
    ['192.0.2.66', '192.0.2.67'],
    ['mailto:true@', 'mailto:evil@'],
  ],
};

const UNSIGNED: LabZone = {
  name: 'unsigned.example',
  signed: false,
  records: `
@ IN MX 10 mx
@ IN MX 20 mx1.signed.example.
mx IN A 192.0.2.20
_25._tcp.mx IN TLSA 3 1 1 ${SHA}
back IN CNAME mx1.signed.example.
_smtp._tls IN TXT "v=TLSRPTv1; rua=https://reports.unsigned.example/"
`,
};

let lab: SignedDns;
let resolver: Resolver;

beforeAll(async () => {
  lab = await startSignedDns([SIGNED, UNSIGNED], { dead: 'dead.example', refused: 'refused.example' });
  resolver = resolverAt(lab.port);
});

afterAll(() => lab?.close());

function resolverAt(...ports: readonly number[]): Resolver {
  const servers = ports.map((port) => ({ address: '127.0.0.1', port, trusted: true }));
  return createResolver({ servers, clock: systemClock, timeoutMs: 3000 });
}

describe('answers of a validating resolver', () => {
  test('signed, unsigned, absent, without data', async () => {
    expect(await resolver.lookup('mx1.signed.example', 'A')).toMatchObject({
      kind: 'answer',
      records: ['192.0.2.1'],
      secure: true,
    });
    expect(await resolver.lookup('mx.unsigned.example', 'A')).toMatchObject({
      kind: 'answer',
      secure: false,
    });
    expect(await resolver.lookup('nobody.signed.example', 'A')).toMatchObject({
      kind: 'nxdomain',
      secure: true,
    });
    expect(await resolver.lookup('nobody.unsigned.example', 'A')).toMatchObject({
      kind: 'nxdomain',
      secure: false,
    });
    expect(await resolver.lookup('mx1.signed.example', 'TXT')).toMatchObject({
      kind: 'nodata',
      secure: true,
    });
    expect(await resolver.lookup('mx.unsigned.example', 'TXT')).toMatchObject({
      kind: 'nodata',
      secure: false,
    });
  });

  test('forged: by the resolver’s own word, and without it by switching the checks off', async () => {
    expect(await resolver.lookup('forgedaddress.signed.example', 'A')).toMatchObject({ kind: 'bogus' });
    expect(await resolverAt(lab.terse).lookup('forgedaddress.signed.example', 'A')).toEqual({
      kind: 'bogus',
      reason: 'DNSSEC validation failed',
    });
  });

  test('a zone whose servers refuse is temporary, and the resolver did speak', async () => {
    for (const port of [lab.port, lab.terse])
      expect(await resolverAt(port).lookup('a.refused.example', 'A')).toMatchObject({
        kind: 'temporary',
        answered: true,
      });
  });

  test('a zone whose servers are dead is temporary', async () => {
    expect(await resolver.lookup('a.dead.example', 'A')).toMatchObject({ kind: 'temporary' });
  });

  test('a dead resolver is temporary; with a live one behind it nothing is lost', async () => {
    const gone = await freePort();
    expect(await resolverAt(gone).lookup('mx1.signed.example', 'A')).toMatchObject({
      kind: 'temporary',
      answered: false,
    });
    expect(await resolverAt(gone, lab.port).lookup('mx1.signed.example', 'A')).toMatchObject({
      kind: 'answer',
    });
  });

  test('aliases: the whole chain must be signed', async () => {
    expect(await resolver.lookup('alias.signed.example', 'A')).toMatchObject({
      name: 'target.signed.example',
      secure: true,
    });
    expect(await resolver.lookup('outside.signed.example', 'A')).toMatchObject({
      name: 'mx.unsigned.example',
      secure: false,
    });
    expect(await resolver.lookup('back.unsigned.example', 'A')).toMatchObject({
      name: 'mx1.signed.example',
      secure: false,
    });
  });
});

describe('MX records', () => {
  test('sorted by preference, secure', async () => {
    expect(await findMx(resolver, 'signed.example')).toEqual({
      kind: 'found',
      state: 'found',
      secure: true,
      hosts: [
        { name: 'mx1.signed.example', preference: 10 },
        { name: 'mx2.signed.example', preference: 20 },
      ],
    });
    expect(await findMx(resolver, 'unsigned.example')).toMatchObject({ state: 'found', secure: false });
  });

  test('null, implicit, none, of an alias, of a name that does not exist', async () => {
    expect(await findMx(resolver, 'null.signed.example')).toMatchObject({ state: 'null', hosts: [] });
    expect(await findMx(resolver, 'implicit.signed.example')).toMatchObject({
      state: 'implicit',
      secure: true,
      hosts: [{ name: 'implicit.signed.example', preference: 0 }],
    });
    expect(await findMx(resolver, 'nomx.signed.example')).toMatchObject({ state: 'none' });
    expect(await findMx(resolver, 'aliased.signed.example')).toMatchObject({ state: 'found', secure: true });
    expect(await findMx(resolver, 'aliasout.signed.example')).toMatchObject({
      state: 'found',
      secure: false,
    });
    expect(await findMx(resolver, 'nobody.signed.example')).toMatchObject({ state: 'none', secure: true });
  });

  test('forged and dead', async () => {
    expect(await findMx(resolver, 'forgedaddress.signed.example')).toMatchObject({ state: 'bogus' });
    expect(await findMx(resolver, 'refused.example')).toMatchObject({ kind: 'temporary' });
  });
});

describe('TLSA records (RFC 7672)', () => {
  const cases: readonly [string, string, object][] = [
    [
      'secure, sorted',
      'mx1.signed.example',
      {
        state: 'secure',
        baseDomain: 'mx1.signed.example',
        records: [`2 1 1 ${'CD'.repeat(32)}`, GOOD.toUpperCase()],
        usable: true,
      },
    ],
    ['none', 'mx2.signed.example', { state: 'none' }],
    ['PKIX only: unusable', 'pkix.signed.example', { state: 'secure', usable: false }],
    ['unknown matching type: unusable', 'odd.signed.example', { state: 'secure', usable: false }],
    ['a digest of the wrong length: unusable', 'short.signed.example', { state: 'secure', usable: false }],
    ['forged', 'forged.signed.example', { state: 'bogus' }],
    ['forged addresses', 'forgedaddress.signed.example', { state: 'bogus' }],
    [
      'a secure alias: the target first',
      'alias.signed.example',
      { state: 'secure', baseDomain: 'target.signed.example', records: [`3 1 1 ${'07'.repeat(32)}`] },
    ],
    [
      'a secure alias without TLSA at the target: the name itself',
      'bare.signed.example',
      { state: 'secure', baseDomain: 'bare.signed.example', records: [`3 1 1 ${'09'.repeat(32)}`] },
    ],
    [
      'a secure alias into an unsigned zone: the name itself',
      'outside.signed.example',
      { state: 'secure', baseDomain: 'outside.signed.example', records: [`3 1 1 ${'10'.repeat(32)}`] },
    ],
    [
      'TLSA records behind an alias belong to the host',
      'far.signed.example',
      { state: 'secure', baseDomain: 'far.signed.example', records: [`3 1 1 ${'11'.repeat(32)}`] },
    ],
    ['unsigned', 'mx.unsigned.example', { state: 'none' }],
    ['an unsigned alias into a signed zone', 'back.unsigned.example', { state: 'none' }],
    ['a host that does not exist', 'nobody.signed.example', { state: 'none' }],
  ];

  test.each(cases)('%s', async (_, host, dane) => {
    expect(await findDane(resolver, host)).toMatchObject({ kind: 'found', dane });
  });

  test('the port of a smart host', async () => {
    expect(await findDane(resolver, 'mx1.signed.example', 587)).toMatchObject({
      dane: { records: [`3 0 1 ${'EE'.repeat(32)}`] },
    });
  });

  test('a zone whose servers fail, and a resolver that is gone: to be asked again', async () => {
    expect(await findDane(resolver, 'mx.refused.example')).toMatchObject({
      kind: 'temporary',
      answered: true,
    });
    const gone = resolverAt(await freePort());
    expect(await findDane(gone, 'mx1.signed.example')).toMatchObject({ kind: 'temporary', answered: false });
  });

  test('AD of a resolver nobody vouched for proves nothing', async () => {
    const servers = [{ address: '127.0.0.1', port: lab.port, trusted: false }];
    const stranger = createResolver({ servers, clock: systemClock });
    expect(await findDane(stranger, 'mx1.signed.example')).toMatchObject({ dane: { state: 'none' } });
  });
});

describe('TLSRPT records', () => {
  test('in many strings', async () => {
    expect(await lookupDemand(resolver, 'signed.example')).toMatchObject({
      kind: 'record',
      rua: ['mailto:reports@signed.example'],
    });
  });

  test('too long for a datagram: by TCP', async () => {
    const demand = await lookupDemand(resolver, 'big.signed.example');
    expect(demand).toMatchObject({ kind: 'record', rua: ['mailto:big@signed.example'] });
    expect(demand.kind === 'record' && demand.text.length).toBeGreaterThan(1232);
    expect(await lookupDemand(resolver, 'long.signed.example')).toEqual({ kind: 'none' });
  });

  test('unsigned zones and aliases do as well', async () => {
    expect(await lookupDemand(resolver, 'unsigned.example')).toMatchObject({
      rua: ['https://reports.unsigned.example/'],
    });
    expect(await lookupDemand(resolver, 'here.signed.example')).toMatchObject({
      rua: ['mailto:reports@signed.example'],
    });
  });

  test('absence is told from faults', async () => {
    expect(await lookupDemand(resolver, 'mx1.signed.example')).toEqual({ kind: 'none' });
    expect(await lookupDemand(resolver, 'nobody.unsigned.example')).toEqual({ kind: 'none' });
    expect(await lookupDemand(resolver, 'forgedtxt.signed.example')).toMatchObject({ kind: 'temporary' });
    expect(await lookupDemand(resolver, 'refused.example')).toMatchObject({ kind: 'temporary' });
  });
});
