import { describe, expect, it } from 'vitest';
import type { SessionSum } from '../../src/ledger/sums.ts';
import { emptySnapshot, type Snapshot } from '../../src/policy/snapshot.ts';
import { judge } from '../../src/posture/judge.ts';

const good: SessionSum = {
  day: '2026-11-20',
  hour: Date.parse('2026-11-20T10:00:00Z'),
  host: 'mta1',
  parser: 'postfix',
  recipientDomain: 'example.org',
  receivingMxHostname: 'mx.example.org',
  outcome: 'success',
  peerTrust: 'verified',
  tlsVersion: 'TLSv1.3',
  basis: 'tls-line',
  count: 3,
  snapshot: null,
};
const { peerTrust: _p, tlsVersion: _v, ...bare } = good;
const clear: SessionSum = {
  ...bare,
  outcome: 'failure',
  resultType: 'starttls-not-supported',
  basis: 'inferred',
};
const handshake: SessionSum = {
  ...bare,
  outcome: 'failure',
  resultType: 'validation-failure',
  failureReasonCode: 'tls-handshake-failure',
};

function found(dane: Snapshot['mx']['hosts'][number]['dane']): Snapshot {
  return {
    ...emptySnapshot('example.org'),
    origin: 'found',
    mx: { state: 'found', secure: true, hosts: [{ name: 'mx.example.org', dane }] },
  };
}
const records = ['3 1 1 AA'];
const withTlsa = found({ state: 'secure', baseDomain: 'mx.example.org', records, usable: true });

describe('encrypt', () => {
  it.each<[string, SessionSum, string]>([
    ['an encrypted session, whoever it was with', { ...good, peerTrust: 'anonymous' }, 'passes'],
    ['a success whose trust the log does not say', bare, 'passes'],
    ['mail in clear text', clear, 'fails plaintext'],
    ['a handshake that broke', handshake, 'fails handshake'],
    [
      'an Exim handshake that broke',
      { ...handshake, failureReasonCode: 'gnutls_handshake: timed out' },
      'fails handshake',
    ],
    [
      'an expired certificate: TLS there is',
      { ...bare, outcome: 'failure', resultType: 'certificate-expired' },
      'passes',
    ],
    [
      'a certificate fault under the general name',
      { ...handshake, failureReasonCode: 'self-signed_certificate' },
      'passes',
    ],
    [
      'a host outside the STS policy: nobody connected',
      { ...handshake, failureReasonCode: 'mx-not-in-sts-policy' },
      'unproven policy',
    ],
    [
      'a policy that could not be fetched',
      { ...bare, outcome: 'failure', resultType: 'sts-policy-fetch-error' },
      'unproven policy',
    ],
  ])('%s', (_name, sum, expected) => {
    const { verdict, reason } = judge('encrypt', sum, undefined, true);
    expect([verdict, reason].join(' ').trim()).toBe(expected);
  });
});

describe('verify', () => {
  it.each<[string, SessionSum, boolean, string]>([
    ['Verified', good, true, 'passes'],
    ['Trusted proves no name', { ...good, peerTrust: 'trusted' }, true, 'unproven name-unchecked'],
    ['Untrusted where anchors exist', { ...good, peerTrust: 'untrusted' }, true, 'fails untrusted'],
    [
      'Untrusted where the MTA knows no authority',
      { ...good, peerTrust: 'untrusted' },
      false,
      'unproven no-anchors',
    ],
    ['Anonymous', { ...good, peerTrust: 'anonymous' }, false, 'fails anonymous'],
    ['a success that says no more', bare, true, 'unproven unsaid'],
    ['clear text', clear, true, 'fails plaintext'],
    ['a broken handshake', handshake, true, 'fails handshake'],
    [
      'a wrong name, though the chain is trusted',
      { ...good, outcome: 'failure', resultType: 'certificate-host-mismatch', peerTrust: 'trusted' },
      true,
      'fails wrong-name',
    ],
    [
      'an expired one',
      { ...good, outcome: 'failure', resultType: 'certificate-expired' },
      true,
      'fails expired',
    ],
  ])('%s', (_name, sum, anchors, expected) => {
    const { verdict, reason } = judge('verify', sum, undefined, anchors);
    expect([verdict, reason].join(' ').trim()).toBe(expected);
  });
});

describe('dane', () => {
  it.each<[string, SessionSum, Snapshot | undefined, string]>([
    ['a match the log proves', { ...good, policyTypeHint: 'tlsa' }, undefined, 'passes'],
    [
      'a mismatch the log proves',
      { ...good, outcome: 'failure', resultType: 'certificate-not-trusted', policyTypeHint: 'tlsa' },
      undefined,
      'fails dane-mismatch',
    ],
    [
      'records of no use: a failure to report, yet the mail went',
      {
        ...good,
        outcome: 'failure',
        resultType: 'tlsa-invalid',
        policyTypeHint: 'tlsa',
        peerTrust: 'trusted',
      },
      undefined,
      'passes',
    ],
    ['nobody looked', good, undefined, 'unproven no-lookup'],
    ['a backfill without look-ups', good, emptySnapshot('example.org'), 'unproven no-lookup'],
    ['no TLSA records: clear text goes on', clear, found({ state: 'none' }), 'passes'],
    ['TLSA records, and clear text', clear, withTlsa, 'fails plaintext'],
    ['TLSA records, and a broken handshake', handshake, withTlsa, 'fails handshake'],
    ['TLSA records nobody compared', { ...good, peerTrust: 'trusted' }, withTlsa, 'unproven tlsa-unchecked'],
    [
      'unusable records demand encryption only',
      good,
      found({ state: 'secure', baseDomain: 'mx.example.org', records: ['9 9 9 AA'], usable: false }),
      'passes',
    ],
    ['forged records', good, found({ state: 'bogus' }), 'fails dane-broken'],
    [
      'a host that is no MX any more',
      { ...good, receivingMxHostname: 'old.example.org' },
      withTlsa,
      'passes',
    ],
  ])('%s', (_name, sum, snapshot, expected) => {
    const { verdict, reason } = judge('dane', sum, snapshot, true);
    expect([verdict, reason].join(' ').trim()).toBe(expected);
  });
});
