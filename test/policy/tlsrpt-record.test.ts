import { describe, expect, test } from 'vitest';
import type { DnsAnswer, DnsType, Resolver } from '../../src/policy/dns.ts';
import { lookupDemand, readRecords } from '../../src/policy/tlsrpt-record.ts';
import { REFUSED } from './tlsrpt-refused.ts';
import { SKIPPING } from './tlsrpt-skipped.ts';
import { ASKING } from './tlsrpt-vectors.ts';

const VECTORS = [...ASKING, ...SKIPPING, ...REFUSED];

describe('a TLSRPT record', () => {
  test.each(VECTORS.map((vector) => [JSON.stringify(vector.txt).slice(0, 90), vector] as const))(
    '%s',
    (_, vector) => {
      const reading = readRecords(vector.txt);
      expect(reading.kind, vector.why).toBe(vector.verdict);
      if (reading.kind !== 'record') {
        expect(reading.reason, vector.why).toContain(vector.reason);
        return;
      }
      expect(reading.rua, vector.why).toEqual(vector.rua);
      if (vector.warning === undefined) expect(reading.warnings, vector.why).toEqual([]);
      else expect(reading.warnings.join('\n'), vector.why).toContain(vector.warning);
      const skipped = reading.skipped.map(({ reason }) => reason).join('\n');
      if (vector.skipped === undefined) expect(skipped, vector.why).toBe('');
      else expect(skipped, vector.why).toContain(vector.skipped);
    },
  );

  test('there are enough vectors, each with a reason', () => {
    expect(VECTORS.length).toBeGreaterThanOrEqual(60);
    expect(VECTORS.every(({ why }) => why !== '')).toBe(true);
  });

  test('a hundred thousand semicolons are read in no time', () => {
    const text = `v=TLSRPTv1${';'.repeat(100_000)}${' '.repeat(100_000)}rua=${','.repeat(100_000)}`;
    const start = performance.now();
    expect(readRecords([text]).kind).toBe('malformed');
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('the demand of a report domain', () => {
  const settled = { name: '_smtp._tls.example.com', secure: false, ttl: 300 };
  const cases: readonly [string, DnsAnswer<'TXT'>, unknown][] = [
    [
      'an answer',
      { kind: 'answer', records: ['v=TLSRPTv1; rua=mailto:a@example.com'], ...settled },
      { kind: 'record', text: 'v=TLSRPTv1; rua=mailto:a@example.com', rua: ['mailto:a@example.com'] },
    ],
    ['other TXT records', { kind: 'answer', records: ['v=spf1 -all'], ...settled }, { kind: 'none' }],
    [
      'a broken record',
      { kind: 'answer', records: ['v=TLSRPTv1'], ...settled },
      { kind: 'malformed', reason: 'no rua field' },
    ],
    ['no data', { kind: 'nodata', ...settled }, { kind: 'none' }],
    ['no such name', { kind: 'nxdomain', ...settled }, { kind: 'none' }],
    ['a forged answer', { kind: 'bogus', reason: 'b' }, { kind: 'temporary', reason: 'b' }],
    ['silence', { kind: 'temporary', reason: 's', answered: false }, { kind: 'temporary', reason: 's' }],
  ];

  test.each(cases)('%s', async (_, answer, demand) => {
    const asked: string[] = [];
    const resolver: Resolver = {
      async lookup<T extends DnsType>(name: string, type: T) {
        asked.push(`${name} ${type}`);
        return answer as DnsAnswer<T>;
      },
    };
    expect(await lookupDemand(resolver, 'example.com')).toEqual(demand);
    expect(asked).toEqual(['_smtp._tls.example.com TXT']);
  });
});
