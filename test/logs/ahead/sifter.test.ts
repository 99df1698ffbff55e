import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Sifter } from '../../../src/logs/ahead/sifter.ts';
import { LineScanner } from '../../../src/logs/line-scanner.ts';
import { StreamEdge } from '../../../src/logs/stream-edge.ts';

const NEEDLES = ['/smtp[', '/tlsproxy['];
const NONE = Buffer.alloc(0);
const ROOM = 262_144;

/** What a scanner finds, and how far it comes. */
interface Found {
  readonly lines: string[];
  readonly count: number;
  readonly offset: number;
  readonly tailHash: string;
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return pieces;
}

/** Where the log before the first piece ended. */
const before = Buffer.from(`${'Nov  2 10:00:00 mail the line before '.repeat(10)}\n`);
const start = () => new StreamEdge({ prefix: NONE, offset: 0, tail: before.subarray(-256) });

function scanned(pieces: readonly Buffer[], finish: boolean): Found {
  const lines: string[] = [];
  const scanner = new LineScanner(NEEDLES, (text) => lines.push(text));
  const edge = start();
  for (const piece of pieces) edge.pass(piece, scanner.push(piece));
  if (finish) edge.finish(scanner.finish());
  return { lines, count: scanner.lines, offset: edge.offset, tailHash: edge.tailHash };
}

/** The same by what a sifter leaves, handed over whenever its room may not do. */
function sifted(pieces: readonly Buffer[], finish: boolean): Found {
  const lines: string[] = [];
  const scanner = new LineScanner(NEEDLES, (text) => lines.push(text));
  const edge = start();
  const sifter = new Sifter(NEEDLES);
  const room = Buffer.alloc(ROOM);
  let count = 0;
  const take = (unfinished = false) => {
    const { matchingBytes, lineBytes, lines: went, tail } = sifter.take(unfinished);
    scanner.push(room.subarray(0, matchingBytes));
    count += went;
    edge.skip(lineBytes, Buffer.from(tail));
    sifter.useRoom(room);
  };
  sifter.begin(before);
  sifter.useRoom(room);
  for (const piece of pieces) {
    if (sifter.isShortOf(piece.length)) take();
    sifter.push(piece);
  }
  take();
  if (finish && sifter.finish()) take(true);
  return { lines, count, offset: edge.offset, tailHash: edge.tailHash };
}

const words = fc.constantFrom(
  'postfix/smtp[12]: ',
  'postfix/smtpd[12]: ',
  'x/tlsproxy[1]: ',
  '\0',
  '\r',
  ' ',
  '{"MESSAGE":[47,115],"SYSLOG_IDENTIFIER":"postfix/smtp"}',
  '<22>1 2026-11-02T10:00:00Z mail postfix/smtp 12 - - to=<a@b>',
  'é',
  '/smt',
  'p[',
  'x'.repeat(300),
  'y'.repeat(70_000),
);
const line = fc.array(words, { maxLength: 5 }).map((parts) => parts.join(''));
const log = fc
  .tuple(fc.array(line, { maxLength: 30 }), fc.constantFrom('', '\n', 'postfix/smtp[9]: cut'))
  .map(([lines, end]) => Buffer.from(lines.join('\n') + end));
const sizes = fc.array(fc.constantFrom(1, 2, 7, 100, 4096, 65_536, 131_072), { minLength: 1, maxLength: 4 });

describe('what is sifted from a log', () => {
  test('reads like the log itself, however it is cut', () => {
    fc.assert(
      fc.property(log, sizes, fc.boolean(), (bytes, cuts, finish) => {
        // A cut after each byte of a long line takes its time and shows nothing that a short one does not.
        const pieces = cut(bytes, bytes.length > 20_000 ? [...cuts, 65_536] : cuts);
        expect(sifted(pieces, finish)).toEqual(scanned(pieces, finish));
      }),
      { numRuns: 300 },
    );
  });

  test('is little where little matters', () => {
    const noise = 'Nov  2 10:00:01 mail postfix/smtpd[77]: connect from unknown\n';
    const bytes = Buffer.from(noise.repeat(1000) + noise.replace('smtpd', 'smtp') + noise.repeat(1000));
    const sifter = new Sifter(NEEDLES);
    sifter.useRoom(Buffer.alloc(ROOM));
    sifter.push(bytes);
    expect(sifter.take()).toMatchObject({
      matchingBytes: noise.length - 1,
      lines: 2001,
      lineBytes: bytes.length,
    });
  });

  test('never needs more room than was asked for', () => {
    const sifter = new Sifter(NEEDLES);
    const room = Buffer.alloc(65_536 + 2 + 1000);
    sifter.useRoom(room);
    const long = Buffer.from(`postfix/smtp[1]: ${'z'.repeat(70_000)}`);
    for (let at = 0; at < long.length; at += 1000) {
      expect(sifter.isShortOf(1000)).toBe(false);
      sifter.push(long.subarray(at, at + 1000));
    }
    expect(sifter.isShortOf(1000)).toBe(false);
    sifter.push(Buffer.from('\n/smtp[\n'.repeat(125)));
    expect(sifter.take().matchingBytes).toBe(65_536 + 1 + 875);
  });
});
