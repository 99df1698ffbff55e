import { expect, it } from 'vitest';
import { overlaps } from '../../src/ledger/overlap.ts';

const MINUTE_MS = 60_000;
const BEGIN = Date.parse('2026-11-20T10:00:00Z');

/** From a minute of the morning to another. */
function covering(from: number, until: number) {
  return { from: BEGIN + from * MINUTE_MS, until: BEGIN + until * MINUTE_MS };
}

it.each([
  ['an extract lies within', covering(10, 10.1), true],
  ['so does a single line', covering(10, 10), true],
  ['a copy is of the same time', covering(0, 60), true],
  ['half of it is shared', covering(30, 90), true],
  ['what comes right behind does not', covering(60, 120), false],
  ['nor what begins with a few late lines', covering(59.5, 120), false],
  ['nor a line at its very end', covering(60, 60), false],
  ['nor what ends before', covering(-60, 0.5), false],
])('of another log of the host: %s', (_, other, expected) => {
  expect(overlaps(covering(0, 60), other, false)).toBe(expected);
  expect(overlaps(other, covering(0, 60), false)).toBe(expected);
});

it.each([
  ['files joined in one hold the others', covering(-600, 600), true],
  ['even short ones, which then begin or end it', covering(0, 600), true],
  ['an hour is shared', covering(0, 61), true],
  ['lines that come ten minutes late belong to the next file', covering(51, 120), false],
  ['so do those of a host whose clock is ahead by less than half of the file', covering(31, 120), false],
])('of files of one log: %s', (_, other, expected) => {
  expect(overlaps(covering(0, 60), other, true)).toBe(expected);
  expect(overlaps(other, covering(0, 60), true)).toBe(expected);
});

it('of files of one log one that was rotated away within minutes may lie in the late lines of the next', () => {
  expect(overlaps(covering(0, 2), covering(-1, 60), true)).toBe(false);
  expect(overlaps(covering(0, 2), covering(-1, 60), false)).toBe(true);
  const read = { ...covering(0, 60), begin: BEGIN + MINUTE_MS };
  expect(overlaps(read, covering(0, 2), true)).toBe(false);
  // Behind its last line the file that was joined begins with that one's first.
  expect(overlaps({ ...read, begin: BEGIN }, covering(0, 2), true)).toBe(true);
});
