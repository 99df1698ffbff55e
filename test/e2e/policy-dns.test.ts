import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { findDane } from '../../src/policy/dane.ts';
import type { Resolver } from '../../src/policy/dns.ts';
import { createResolver } from '../../src/policy/dns-client.ts';
import { findMx } from '../../src/policy/mx.ts';
import { lookupDemand } from '../../src/policy/tlsrpt-record.ts';
import { GOOD, SIGNED, UNSIGNED } from './policy-zones.ts';
import { freePort, type SignedDns, startSignedDns } from './signed-dns.ts';

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
