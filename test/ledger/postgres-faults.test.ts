import { expect, it } from 'vitest';
import { kindOf } from '../../src/ledger/postgres-faults.ts';

const fault = (code: string) => Object.assign(new Error('as the test wants it'), { code });

it.each([
  ['40001', 'conflict'],
  ['40P01', 'conflict'],
  // Whether it was committed is not known: it is done again, and finds out.
  ['40003', 'conflict'],
  ['08006', 'away'],
  ['08007', 'away'],
  ['57P01', 'away'],
  ['ECONNREFUSED', 'away'],
  ['57014', 'other'],
  ['23505', 'other'],
] as const)('%s means that the other side is in the way, away or neither: %s', (code, kind) => {
  expect(kindOf(fault(code))).toBe(kind);
});
