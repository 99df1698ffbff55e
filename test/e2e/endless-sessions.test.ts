import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parser as postfix } from '../../parsers/postfix/index.ts';
import { staysBounded } from '../parser-contract.ts';
import { CIPHER, smtp } from '../parsers/postfix/log-lines.ts';
import { SAMPLES, samplesOf } from '../samples/sample.ts';

it('a million Postfix sessions that never end stay under a fixed bound of keys', () => {
  expect(readdirSync(SAMPLES)).toContain('postfix');
  const setup = {
    foreignLines: () => [],
    endlessLine: (n: number) =>
      smtp(`Trusted TLS connection established to mx${n}.example.org[192.0.2.25]:25: ${CIPHER}`, {
        pid: n + 1,
        second: Math.floor(n / 2000),
      }),
  };
  staysBounded(postfix, setup, samplesOf('postfix'), 1_000_000);
});
