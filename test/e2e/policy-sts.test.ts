import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openLedger } from '../../src/ledger/open.ts';
import { addressResolver } from '../../src/policy/addresses.ts';
import type { Resolver } from '../../src/policy/dns.ts';
import { createResolver } from '../../src/policy/dns-client.ts';
import { findSts } from '../../src/policy/mta-sts.ts';
import { type Fetched, fetchStsPolicy } from '../../src/policy/mta-sts-fetch.ts';
import { BEHAVIOURS, failed, POLICY, webPki } from './policy-behaviours.ts';
import { type Behaviour, type PolicyHost, startPolicyHost } from './policy-host.ts';
import { freePort, type SignedDns, startSignedDns } from './signed-dns.ts';
import { asn1Time, createTestCa, type KeyPair, type TestCa } from './test-ca.ts';

let ca: TestCa;
let host: PolicyHost;
let dns: SignedDns;
let resolver: Resolver;
const opened: (() => Promise<void>)[] = [];

beforeAll(async () => {
  ca = createTestCa();
  const names: Record<string, { pair: KeyPair; does: Behaviour }> = {};
  for (const { name, cert, does } of BEHAVIOURS)
    names[`mta-sts.${name}.test`] = { pair: pairFor(name, cert), does };
  host = await startPolicyHost(names);
  const records = BEHAVIOURS.map(
    ({ name }) => `mta-sts.${name} IN A 127.0.0.1\n_mta-sts.${name} IN TXT "v=STSv1; id=1;"`,
  );
  records.push(
    'mta-sts.stopped IN A 127.0.0.1',
    'mta-sts.mixed IN A 127.0.0.1\nmta-sts.mixed IN A 192.0.2.1',
    '_mta-sts.nohost IN TXT "v=STSv1; id=1"',
    '_mta-sts.two IN TXT "v=STSv1; id=1"\n_mta-sts.two IN TXT "v=STSv1; id=2"',
    '_mta-sts.noid IN TXT "v=STSv1;"',
    '_mta-sts.forged IN TXT "v=STSv1; id=1"\nmta-sts.forged IN A 127.0.0.99',
  );
  dns = await startSignedDns(
    [{ name: 'test', signed: true, records: records.join('\n'), forge: [['127.0.0.99', '127.0.0.98']] }],
    { refused: 'refused.example' },
  );
  resolver = createResolver({
    servers: [{ address: '127.0.0.1', port: dns.port, trusted: true }],
    clock: systemClock,
  });
});

afterAll(async () => {
  await host?.close();
  await dns?.close();
  ca?.remove();
});

afterEach(async () => {
  for (const end of opened.splice(0)) await end();
});

function pairFor(name: string, cert: (typeof BEHAVIOURS)[number]['cert']): KeyPair {
  const own = `mta-sts.${name}.test`;
  switch (cert) {
    case 'expired':
      return ca.issue(own, { from: asn1Time(-20), to: asn1Time(-1) });
    case 'future':
      return ca.issue(own, { from: asn1Time(5), to: asn1Time(9) });
    case 'self':
      return ca.selfSigned(own);
    case 'misnamed':
      return ca.issue('www.misnamed.test');
    default:
      return ca.issue(own);
  }
}

function fetchFrom(name: string, options: object = {}): Promise<Fetched> {
  return fetchStsPolicy(`${name}.test`, {
    resolve: addressResolver(resolver),
    allowPrivate: true,
    ca: ca.root,
    port: host.port,
    timeoutMs: 1500,
    ...options,
  });
}

describe('fetching a policy', () => {
  test.each(BEHAVIOURS.map(({ name, gives }) => [name, gives] as const))('%s', async (name, gives) => {
    const start = performance.now();
    expect(await fetchFrom(name)).toMatchObject(gives);
    expect(performance.now() - start).toBeLessThan(3000);
  });

  test('the body comes whole', async () => {
    const fetched = await fetchFrom('good');
    expect(fetched.kind === 'body' && Buffer.from(fetched.body).toString()).toBe(POLICY);
  });

  test('a root that is not known', async () => {
    expect(await fetchFrom('good', { ca: createOther() })).toMatchObject(webPki('certificate-not-trusted'));
  });

  test('a private address is refused, also beside a public one, and nobody is contacted', async () => {
    const before = host.requests.get('mta-sts.good.test');
    expect(await fetchFrom('good', { allowPrivate: false })).toMatchObject(
      failed('policy-host-address-not-public'),
    );
    expect(await fetchFrom('mixed', { allowPrivate: false })).toMatchObject(
      failed('policy-host-address-not-public'),
    );
    expect(host.requests.get('mta-sts.good.test')).toBe(before);
  });

  test('no address, a forged one, a port that is closed, a server that speaks no TLS', async () => {
    expect(await fetchFrom('nohost')).toMatchObject(failed('policy-host-has-no-address'));
    expect(await fetchFrom('forged')).toMatchObject(failed('policy-host-lookup-failed'));
    expect(await fetchFrom('stopped', { port: await freePort() })).toMatchObject(
      failed('policy-host-unreachable'),
    );
    const plain = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('220 no TLS here\r\n'),
    );
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const address = plain.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await fetchFrom('stopped', { port })).toMatchObject(failed('tls-handshake-failed'));
    await new Promise((resolve) => plain.close(resolve));
  });

  test('a dead resolver says nothing of the policy host', async () => {
    const servers = [{ address: '127.0.0.1', port: await freePort(), trusted: true }];
    const dead = createResolver({ servers, clock: systemClock });
    expect(await fetchFrom('good', { resolve: addressResolver(dead) })).toMatchObject({ kind: 'temporary' });
  });
});

describe('the policy of a domain', () => {
  const find = async (name: string, ledger?: Ledger, clock: Clock = systemClock, fetchPolicy = byName) =>
    findSts({ resolver, ledger: ledger ?? (await freshLedger()), clock, fetchPolicy }, `${name}.test`);
  const byName = (domain: string) => fetchFrom(domain.replace(/\.test$/, ''));

  test('announced, fetched, read; the lines as declared', async () => {
    expect(await find('good')).toMatchObject({
      kind: 'found',
      source: 'fetched',
      sts: {
        state: 'policy',
        mode: 'enforce',
        lines: [
          'version: STSv1',
          'mode: enforce',
          'mx: mail.example.com',
          'mx: *.example.net',
          'max_age: 86400',
        ],
        mx: ['mail.example.com', '*.example.net'],
      },
    });
  });

  test('not announced, announced twice, without id: no policy, and nobody is contacted', async () => {
    for (const name of ['stopped', 'two', 'noid'])
      expect(
        await find(name, undefined, systemClock, () => Promise.reject(new Error('contacted'))),
      ).toMatchObject({
        sts: { state: 'none' },
      });
  });

  test('announced, but not to be had: the error with its type', async () => {
    expect(await find('missing')).toMatchObject({
      sts: { state: 'error', error: { resultType: 'sts-policy-fetch-error', reason: 'http-status-404' } },
    });
    expect(await find('expired')).toMatchObject({
      sts: { state: 'error', error: { resultType: 'sts-webpki-invalid', reason: 'certificate-expired' } },
    });
  });

  test('a second look in the same time fetches nothing; after a failure neither, for five minutes', async () => {
    const ledger = await freshLedger();
    const clock = { time: Date.now(), now: () => clock.time };
    const fetched = host.requests.get('mta-sts.good.test') ?? 0;
    await find('good', ledger, clock);
    expect(await find('good', ledger, clock)).toMatchObject({ source: 'cached', sts: { mode: 'enforce' } });
    expect(host.requests.get('mta-sts.good.test')).toBe(fetched + 1);
    const failedBefore = host.requests.get('mta-sts.broken.test') ?? 0;
    await find('broken', ledger, clock);
    clock.time += 4 * 60_000;
    expect(await find('broken', ledger, clock)).toMatchObject({ sts: { state: 'error' } });
    expect(host.requests.get('mta-sts.broken.test')).toBe(failedBefore + 1);
    clock.time += 2 * 60_000;
    await find('broken', ledger, clock);
    expect(host.requests.get('mta-sts.broken.test')).toBe(failedBefore + 2);
  });

  test('a policy in the cache applies while it lasts, whatever becomes of its host and record', async () => {
    const ledger = await freshLedger();
    const clock = { time: Date.now(), now: () => clock.time };
    await ledger.cache(
      'mta-sts-policy',
      'missing.test',
      { id: 'old', body: POLICY },
      clock.time + 86_400_000,
    );
    expect(await find('missing', ledger, clock)).toMatchObject({
      source: 'cached',
      sts: {
        state: 'policy',
        refreshError: { resultType: 'sts-policy-fetch-error', reason: 'http-status-404' },
      },
    });
    await ledger.cache(
      'mta-sts-policy',
      'stopped.test',
      { id: 'old', body: POLICY },
      clock.time + 86_400_000,
    );
    expect(await find('stopped', ledger, clock)).toMatchObject({
      source: 'cached',
      sts: { state: 'policy' },
    });
    clock.time += 86_400_001;
    expect(await find('stopped', ledger, clock)).toMatchObject({ sts: { state: 'none' } });
    expect(await find('missing', ledger, clock)).toMatchObject({ sts: { state: 'error' } });
  });

  test('mode none in the cache: a failed fetch is nothing to report (RFC 8461 §6)', async () => {
    const ledger = await freshLedger();
    const body = 'version: STSv1\nmode: none\nmax_age: 86400\n';
    await ledger.cache('mta-sts-policy', 'missing.test', { id: 'old', body }, Date.now() + 86_400_000);
    const finding = await find('missing', ledger);
    expect(finding).toMatchObject({ sts: { state: 'policy', mode: 'none' } });
    expect(finding.kind === 'found' && 'refreshError' in finding.sts).toBe(false);
  });

  test('a dead resolver: the cached policy, else try again', async () => {
    const servers = [{ address: '127.0.0.1', port: await freePort(), trusted: true }];
    const dead = createResolver({ servers, clock: systemClock });
    const ledger = await freshLedger();
    const deps = { resolver: dead, ledger, clock: systemClock, fetchPolicy: byName };
    expect(await findSts(deps, 'good.test')).toMatchObject({ kind: 'temporary' });
    await ledger.cache('mta-sts-policy', 'good.test', { id: '1', body: POLICY }, Date.now() + 86_400_000);
    expect(await findSts(deps, 'good.test')).toMatchObject({ source: 'cached', sts: { mode: 'enforce' } });
  });
});

function createOther(): string {
  const other = createTestCa();
  other.remove();
  return other.root;
}

/** A ledger of its own for a test, on disk as in real life. */
async function freshLedger(): Promise<Ledger> {
  const directory = mkdtempSync(join(tmpdir(), 'maillog-tlsrpt-sts-'));
  const ledger = await openLedger(directory);
  opened.push(async () => {
    await ledger.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return ledger;
}
