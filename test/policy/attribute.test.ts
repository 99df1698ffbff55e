import { describe, expect, test } from 'vitest';
import { type Attributed, attribute } from '../../src/policy/attribute.ts';
import { LINES, snapshot, TLSA, tally } from './attribution-parts.ts';
import {
  ALL,
  BOTH,
  broken,
  clear,
  DANE,
  demanded,
  enforce,
  everything,
  handshake,
  may,
  modeNone,
  NOTHING,
  notRenewed,
  plain,
  ROWS,
  STS,
  signed,
  success,
  testing,
  trusted,
  unsignedMx,
  untrusted,
  unusable,
} from './attribution-rows.ts';

describe('the table of attributions', () => {
  test.each(ROWS)('%s', (_, key, found, honours, expected) => {
    const results = attribute(key, found, honours);
    expect(results).toHaveLength(1);
    expect(results.map(inShort)).toEqual([expected]);
  });

  test('both: DANE and STS side by side, each with its own policy', () => {
    expect(attribute(success, everything, BOTH).map(inShort)).toEqual(['tlsa+ success', 'sts+ success']);
    expect(attribute(tally({ policyTypeHint: 'tlsa' }), everything, BOTH).map(inShort)).toEqual([
      'tlsa+ success',
      'sts+ success',
    ]);
  });

  test('both: a fault that only DANE knows is no fault under STS', () => {
    const invalid = tally({ outcome: 'failure', resultType: 'tlsa-invalid', policyTypeHint: 'tlsa' });
    expect(attribute(invalid, everything, BOTH).map(inShort)).toEqual(['tlsa+ failure tlsa-invalid']);
  });

  test('policy-domain: the host for tlsa, the recipient domain otherwise', () => {
    const [dane] = attribute(success, signed, ALL);
    expect(dane?.policy).toEqual({ type: 'tlsa', strings: TLSA, domain: 'mx.example.com', mxHosts: [] });
    const [sts] = attribute(success, enforce, ALL);
    expect(sts?.policy).toEqual({
      type: 'sts',
      strings: LINES,
      domain: 'example.com',
      mxHosts: ['*.example.com', 'mail.example.com'],
    });
    const [none] = attribute(success, plain, ALL);
    expect(none?.policy).toEqual({
      type: 'no-policy-found',
      strings: [],
      domain: 'example.com',
      mxHosts: [],
    });
  });

  test('policy-domain of an alias is what its secure aliases lead to', () => {
    const aliased = snapshot({ secure: true, usable: true, base: 'real.example.net' });
    expect(attribute(success, aliased, ALL)[0]?.policy.domain).toBe('real.example.net');
  });

  test('no combination throws, names an unknown type, or gives none or more than one', () => {
    const snapshots = [
      undefined,
      signed,
      unsignedMx,
      unusable,
      enforce,
      testing,
      modeNone,
      everything,
      broken,
      plain,
      notRenewed,
    ];
    const tallies = [success, trusted, untrusted, handshake, clear, demanded, may];
    const hints = [undefined, 'tlsa', 'sts', 'sts-or-local', 'no-policy-found'] as const;
    for (const found of snapshots)
      for (const base of tallies)
        for (const hint of hints)
          for (const honours of [ALL, NOTHING, DANE, STS]) {
            const { policyTypeHint: _, ...rest } = base;
            const [only, ...more] = attribute(
              hint === undefined ? rest : { ...rest, policyTypeHint: hint },
              found,
              honours,
            );
            expect(more).toEqual([]);
            if (base.outcome === 'failure') expect(only?.resultType).toBe(base.resultType);
            expect(only?.outcome === 'failure').toBe(only?.resultType !== undefined);
          }
  });
});

/** `type[+ with strings] outcome [result type] [reason] [before] [also …]` */
function inShort(result: Attributed): string {
  const { policy, outcome, resultType, failureReasonCode, beforeConnection, also } = result;
  const words = [policy.strings.length > 0 ? `${policy.type}+` : policy.type, outcome];
  words.push(...[resultType, failureReasonCode].filter((word) => word !== undefined));
  if (beforeConnection === true) words.push('before');
  if (also !== undefined) words.push('also', also.resultType, also.failureReasonCode ?? '');
  return words.join(' ');
}
