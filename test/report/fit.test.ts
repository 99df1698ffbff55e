import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { configSchema } from '../../src/config.ts';
import type { ReportInput } from '../../src/report/build.ts';
import { buildFittingReport } from '../../src/report/fit.ts';
import { DAY, tally } from './lab.ts';

const compressed = (json: string) => gzipSync(json).byteLength;

const input: ReportInput = {
  day: DAY,
  domain: 'example.org',
  revision: 1,
  instance: 'a',
  tallies: Array.from({ length: 3000 }, (_, at) =>
    tally({
      id: at + 1,
      outcome: 'failure',
      resultType: 'validation-failure',
      receivingIp: `203.0.${Math.floor(at / 250)}.${at % 250}`,
      count: 1 + (at % 7),
    }),
  ),
  attribute: (one) => [
    {
      policy: { type: 'no-policy-found', strings: [], domain: 'example.org', mxHosts: [] },
      outcome: one.outcome,
      resultType: 'validation-failure',
    },
  ],
  config: configSchema.parse({
    organization: 'Example',
    contact: 'tls@sender.example',
    state: '/nowhere',
    report: { 'max-failure-details': 2000 },
  }),
};

function details(limit: number) {
  const built = buildFittingReport(input, (json) => compressed(json) <= limit);
  if (built.kind !== 'report') throw new Error('no report');
  return { built, list: built.report.policies[0]?.['failure-details'] ?? [] };
}

it('leaves a report alone that fits', () => expect(details(10_000_000).list).toHaveLength(2000));

it('folds more until the document fits, counts exact', () => {
  const { built, list } = details(4000);
  expect(compressed(built.json)).toBeLessThanOrEqual(4000);
  expect(list.length).toBeGreaterThan(50);
  expect(list.length).toBeLessThan(1000);
  const failed = list.reduce((sum, one) => sum + one['failed-session-count'], 0);
  expect(failed).toBe(built.report.policies[0]?.summary['total-failure-session-count']);
});

it('ends with one detail a result type, however small the limit', () => {
  expect(details(1).list).toEqual([
    { 'result-type': 'validation-failure', 'failed-session-count': expect.any(Number) },
  ]);
});
