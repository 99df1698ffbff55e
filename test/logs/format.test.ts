import { describe, expect, test } from 'vitest';
import { isBinary } from '../../src/logs/format.ts';
import { line, textOf } from './segments-on-disk.ts';

const zeros = (count: number) => '\0'.repeat(count);
/** A header of tar (POSIX.1-1988): fields filled up with zeros, in front of the file as it is. */
const tarHeader = [
  ['mail.log', 100],
  ['0000644', 8],
  ['0001750', 8],
  ['0001750', 8],
  ['00000012345', 12],
  ['14726413021', 12],
  ['012345', 7],
  [' 0', 102],
  ['ustar', 6],
  ['00root', 34],
  ['root', 32],
  ['0000000', 8],
  ['0000000', 175],
].reduce((header, [field, length]) => header + String(field).padEnd(Number(length), '\0'), '');

describe('a log is text, though zeros stand', () => {
  test.each([
    ['in front, where it was truncated under its writer', zeros(3000) + textOf(0, 3)],
    ['behind its first lines, as after a crash', textOf(0, 4) + zeros(200) + textOf(4, 50)],
    ['amid its first line', line(0).slice(0, 30) + zeros(8) + line(0).slice(30) + textOf(1, 3)],
    [
      'behind the half of its first line, farther than is looked',
      line(0).slice(0, 30) + zeros(9000) + textOf(1, 3),
    ],
    ['at its end', textOf(0, 4) + zeros(4096)],
    ['in several places', [0, 1, 2, 3, 4, 5].map((at) => `${line(at)}${zeros(at + 1)}\n`).join('')],
  ])('%s', (_, text) => {
    expect(isBinary(Buffer.from(text, 'latin1'))).toBe(false);
  });
});

describe('what is no log is told by the zeros in it', () => {
  test.each([
    ['a program', Buffer.from('\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0', 'latin1')],
    ['a tape archive, though of logs', Buffer.from(tarHeader + textOf(0, 100), 'latin1')],
    ['text of two bytes a character', Buffer.from(textOf(0, 10), 'utf16le')],
    ['records of numbers', Buffer.from(Array.from({ length: 900 }, (_, at) => [at, 0, 0, 0]).flat())],
    ['a database', Buffer.from(`SQLite format 3\0\x10\0\x01\x01\0@  \0\0\0\x05\n${textOf(0, 9)}`, 'latin1')],
    ['no line at all', Buffer.from(`name${zeros(500)}name`)],
  ])('%s', (_, bytes) => {
    expect(isBinary(bytes)).toBe(true);
  });
});
