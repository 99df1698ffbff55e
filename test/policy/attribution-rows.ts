import type { TallyKey } from '../../src/ledger/ledger.ts';
import type { Honours } from '../../src/policy/attribute.ts';
import type { Snapshot, Sts } from '../../src/policy/snapshot.ts';
import { policy, snapshot, tally } from './attribution-parts.ts';

export const ALL: Honours = { dane: true, mtaSts: true, trustAnchors: true, halfDane: true };
export const NOTHING: Honours = { dane: false, mtaSts: false, trustAnchors: true };
export const DANE: Honours = { dane: true, mtaSts: false, trustAnchors: true };
export const STS: Honours = { dane: false, mtaSts: true, trustAnchors: true };
export const BOTH: Honours = { ...ALL, both: true };

export const signed = snapshot({ secure: true, usable: true });
export const unsignedMx = snapshot({ secure: false, usable: true });
export const unusable = snapshot({ secure: true, usable: false });
export const enforce = snapshot({ sts: policy('enforce') });
export const testing = snapshot({ sts: policy('testing') });
export const modeNone = snapshot({ sts: policy('none') });
export const everything = snapshot({ secure: true, usable: true, sts: policy('enforce') });
const fetchError: Sts = {
  state: 'error',
  error: { resultType: 'sts-policy-fetch-error', reason: 'http-status-404' },
};
export const broken = snapshot({ sts: fetchError });
export const plain = snapshot({});
export const notRenewed = snapshot({
  sts: {
    ...policy('enforce'),
    refreshError: { resultType: 'sts-webpki-invalid', reason: 'certificate-expired' },
  },
});

export const success = tally({ peerTrust: 'verified' });
export const trusted = tally({ peerTrust: 'trusted' });
export const untrusted = tally({ peerTrust: 'untrusted' });
export const handshake = tally({
  outcome: 'failure',
  resultType: 'validation-failure',
  failureReasonCode: 'tls-handshake-failure',
});
export const clear = tally({ outcome: 'failure', resultType: 'starttls-not-supported', basis: 'inferred' });
export const demanded = tally({ outcome: 'failure', resultType: 'starttls-not-supported' });
export const may = tally({ policyTypeHint: 'no-policy-found', basis: 'tls-field' });

type Row = readonly [string, TallyKey, Snapshot | undefined, Honours, string];

/** Each row of docs/attribution.md, and what stands next to it. */
export const ROWS: readonly Row[] = [
  // Row 1: the log proves DANE.
  ['tls=dane', tally({ policyTypeHint: 'tlsa' }), signed, ALL, 'tlsa+ success'],
  ['tls=dane, nothing honoured here', tally({ policyTypeHint: 'tlsa' }), signed, NOTHING, 'tlsa+ success'],
  ['tls=dane, nothing found', tally({ policyTypeHint: 'tlsa' }), plain, ALL, 'tlsa success'],
  ['tls=dane, nobody looked', tally({ policyTypeHint: 'tlsa' }), undefined, ALL, 'tlsa success'],
  ['tls=dane beats STS', tally({ policyTypeHint: 'tlsa' }), everything, ALL, 'tlsa+ success'],
  [
    'tlsa-invalid',
    tally({ outcome: 'failure', resultType: 'tlsa-invalid' }),
    unusable,
    NOTHING,
    'tlsa+ failure tlsa-invalid',
  ],
  [
    'dnssec-invalid',
    tally({ outcome: 'failure', resultType: 'dnssec-invalid', basis: 'inferred' }),
    plain,
    NOTHING,
    'tlsa failure dnssec-invalid',
  ],
  [
    'dane-required',
    tally({ outcome: 'failure', resultType: 'dane-required', basis: 'inferred' }),
    enforce,
    ALL,
    'tlsa failure dane-required',
  ],
  // Row 2: the log proves MTA-STS.
  [
    'sts-webpki-invalid',
    tally({ outcome: 'failure', resultType: 'sts-webpki-invalid' }),
    enforce,
    NOTHING,
    'sts+ failure sts-webpki-invalid',
  ],
  [
    'an MX outside the policy, nobody looked',
    tally({
      outcome: 'failure',
      resultType: 'validation-failure',
      failureReasonCode: 'mx-not-in-sts-policy',
      policyTypeHint: 'sts',
    }),
    undefined,
    ALL,
    'sts failure validation-failure mx-not-in-sts-policy',
  ],
  [
    'the log proves STS where DANE was found too',
    tally({ policyTypeHint: 'sts' }),
    everything,
    ALL,
    'sts+ success',
  ],
  // Row 3: DANE by look-up.
  ['verified, secure TLSA', success, signed, DANE, 'tlsa+ success'],
  ['secure TLSA, DANE not honoured', success, signed, STS, 'no-policy-found success'],
  ['nothing said of the peer', tally({}), signed, DANE, 'tlsa+ success'],
  ['trusted only: DANE was not in force', trusted, signed, DANE, 'no-policy-found success'],
  ['trusted, unsigned MX list, half DANE', trusted, unsignedMx, ALL, 'tlsa+ success'],
  ['trusted, unsigned MX list, no half DANE', trusted, unsignedMx, DANE, 'no-policy-found success'],
  [
    'a handshake that failed',
    handshake,
    signed,
    DANE,
    'tlsa+ failure validation-failure tls-handshake-failure',
  ],
  ['unusable records, success', success, unusable, DANE, 'no-policy-found success'],
  ['unusable records, STARTTLS missing', demanded, unusable, DANE, 'tlsa+ failure starttls-not-supported'],
  ['clear text: no DANE', clear, signed, DANE, 'no-policy-found failure starttls-not-supported'],
  ['tls=may: no DANE', may, signed, DANE, 'no-policy-found success'],
  [
    'Exim without CV=dane',
    tally({ policyTypeHint: 'no-policy-found', parser: 'exim' }),
    signed,
    DANE,
    'no-policy-found success',
  ],
  [
    'another host than the one with TLSA',
    tally({ receivingMxHostname: 'b.example.net' }),
    signed,
    DANE,
    'no-policy-found success',
  ],
  ['DANE before STS', success, everything, ALL, 'tlsa+ success'],
  // Row 4: enforce.
  ['verified under enforce', success, enforce, ALL, 'sts+ success'],
  ['enforce, not honoured', success, enforce, DANE, 'no-policy-found success'],
  ['secure level, STS or local', tally({ policyTypeHint: 'sts-or-local' }), enforce, STS, 'sts+ success'],
  [
    'secure level beats look-ups of DANE',
    tally({ policyTypeHint: 'sts-or-local' }),
    everything,
    ALL,
    'sts+ success',
  ],
  [
    'secure level without STS: local',
    tally({ policyTypeHint: 'sts-or-local' }),
    plain,
    STS,
    'no-policy-found success',
  ],
  ['trusted only: enforce was not in force', trusted, enforce, STS, 'no-policy-found success'],
  ['trusted by Exim', tally({ peerTrust: 'trusted', parser: 'exim' }), enforce, STS, 'sts+ success'],
  [
    'untrusted by Exim',
    tally({ peerTrust: 'untrusted', parser: 'exim' }),
    enforce,
    STS,
    'no-policy-found success',
  ],
  ['tls=may under enforce', may, enforce, STS, 'no-policy-found success'],
  [
    'tls=may under enforce, a handshake that failed',
    tally({ ...handshake, policyTypeHint: 'no-policy-found' }),
    enforce,
    STS,
    'no-policy-found failure validation-failure tls-handshake-failure',
  ],
  [
    'Exim’s hint speaks of DANE only',
    tally({ ...handshake, policyTypeHint: 'no-policy-found', parser: 'exim' }),
    enforce,
    STS,
    'sts+ failure validation-failure tls-handshake-failure',
  ],
  ['clear text under enforce', clear, enforce, STS, 'no-policy-found failure starttls-not-supported'],
  ['STARTTLS missing under enforce', demanded, enforce, STS, 'sts+ failure starttls-not-supported'],
  [
    'verified, and not a host of the policy',
    tally({ peerTrust: 'verified', receivingMxHostname: 'mx.evil.example' }),
    enforce,
    STS,
    'sts+ failure validation-failure mx-not-in-sts-policy',
  ],
  [
    'two labels left of a wildcard',
    tally({ peerTrust: 'verified', receivingMxHostname: 'a.b.example.com' }),
    enforce,
    STS,
    'sts+ failure validation-failure mx-not-in-sts-policy',
  ],
  // Row 5: testing.
  ['verified in testing mode', success, testing, STS, 'sts+ success'],
  ['trusted in testing mode', trusted, testing, STS, 'sts+ success'],
  [
    'untrusted in testing mode',
    untrusted,
    testing,
    STS,
    'sts+ failure certificate-not-trusted untrusted-certificate',
  ],
  ['untrusted, but no trust anchors', untrusted, testing, { ...STS, trustAnchors: false }, 'sts+ success'],
  [
    'anonymous in testing mode',
    tally({ peerTrust: 'anonymous' }),
    testing,
    STS,
    'sts+ failure certificate-not-trusted no-certificate',
  ],
  ['tls=may in testing mode', may, testing, STS, 'sts+ success'],
  ['clear text in testing mode', clear, testing, STS, 'sts+ failure starttls-not-supported'],
  [
    'not a host of the policy, testing',
    tally({ receivingMxHostname: 'mx.evil.example' }),
    testing,
    STS,
    'sts+ failure validation-failure mx-not-in-sts-policy',
  ],
  // Row 6: a policy that could not be had.
  [
    'fetch error, delivered',
    trusted,
    broken,
    STS,
    'sts failure sts-policy-fetch-error http-status-404 before',
  ],
  [
    'fetch error, failed by itself',
    handshake,
    broken,
    STS,
    'no-policy-found failure validation-failure tls-handshake-failure',
  ],
  ['fetch error, not honoured', trusted, broken, DANE, 'no-policy-found success'],
  ['fetch error, DANE applied', tally({ policyTypeHint: 'tlsa' }), broken, ALL, 'tlsa success'],
  [
    'the log told the fetch error itself',
    tally({ outcome: 'failure', resultType: 'sts-policy-fetch-error', policyTypeHint: 'sts' }),
    broken,
    STS,
    'sts failure sts-policy-fetch-error',
  ],
  [
    'a cached policy that could not be renewed',
    success,
    notRenewed,
    STS,
    'sts+ success also sts-webpki-invalid certificate-expired',
  ],
  [
    'fetch error here, yet the MTA demanded a match and got it',
    success,
    broken,
    STS,
    'sts success also sts-policy-fetch-error http-status-404',
  ],
  // Row 7: nothing.
  ['mode none', success, modeNone, STS, 'no-policy-found success'],
  ['no policy at all', success, plain, ALL, 'no-policy-found success'],
  ['nobody looked', success, undefined, ALL, 'no-policy-found success'],
  ['clear text', clear, plain, ALL, 'no-policy-found failure starttls-not-supported'],
];
