import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineScanner } from '../../src/logs/line-scanner.ts';

function scan(pieces: readonly (string | Uint8Array)[], needles: readonly string[] = ['/smtp[']) {
  const lines: string[] = [];
  const scanner = new LineScanner(needles, (line) => lines.push(line));
  const consumed = pieces.map((piece) => scanner.push(Buffer.from(piece)));
  return { lines, consumed, scanner };
}

describe('lines', () => {
  test('without a needle are passed over undecoded', () => {
    const { lines, scanner } = scan(['a postfix/smtpd[1]: x\nb postfix/smtp[2]: y\nc\n']);
    expect(lines).toEqual(['b postfix/smtp[2]: y']);
    expect([scanner.lines, scanner.decoded]).toEqual([3, 1]);
  });

  test('all count where a parser names no needle', () => {
    expect(scan(['a\n\nb\n'], []).lines).toEqual(['a', '', 'b']);
  });

  test('in pieces: the bytes told are those of whole lines', () => {
    const { lines, consumed, scanner } = scan(['x/smtp[1]\ny/sm', 'tp[2]', '\nz/smtp[3]']);
    expect(lines).toEqual(['x/smtp[1]', 'y/smtp[2]']);
    expect(consumed).toEqual([10, 0, 10]);
    expect(scanner.finish()).toBe(9);
    expect(lines.at(-1)).toBe('z/smtp[3]');
    expect(scanner.finish()).toBe(0);
  });

  test('split anywhere give the same', () => {
    const text = Buffer.from(
      'a/smtp[1] ü\n\n<22>1 x smtp 1\nnothing\n{"MESSAGE":[1]}\n\0\0\0b/smtp[2]\n{"smtp":"x"}\n/smtp[\nlast/smtp[',
    );
    const whole = scan([text]);
    expect(whole.lines).toHaveLength(6);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        const pieces = at.slice(1).map((end, index) => text.subarray(at[index], end));
        const { lines, consumed, scanner } = scan(pieces);
        expect(lines).toEqual(whole.lines);
        expect(consumed.reduce((sum, bytes) => sum + bytes, 0)).toBe(whole.consumed[0]);
        expect(scanner.lines).toBe(whole.scanner.lines);
      }),
    );
  });

  test('begin behind a hole, as a crash leaves it behind half of one, wherever they are split', () => {
    const hole = '\0'.repeat(12);
    const text = Buffer.from(
      `half/smtp[1] ${hole}a/smtp[2] x\nb/sm${hole}tp[3]${hole}c/smtp[4] \0\0\0y\nd/smtp[5]${hole}\n${hole}\0e/smtp[6]\n${hole}/smtp`,
    );
    const whole = scan([text]);
    expect(whole.lines).toEqual(['a/smtp[2] x', 'c/smtp[4] ???y', `d/smtp[5]${'?'.repeat(12)}`, 'e/smtp[6]']);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        const { lines, consumed } = scan(at.slice(1).map((end, index) => text.subarray(at[index], end)));
        expect(lines).toEqual(whole.lines);
        expect(consumed.reduce((sum, bytes) => sum + bytes, 0)).toBe(whole.consumed[0]);
      }),
    );
  });

  test('behind a hole have all their room', () => {
    const line = `/smtp[1] ${'x'.repeat(60_000)}`;
    const { lines, scanner } = scan(['half', '\0'.repeat(70_000), '\0'.repeat(5), line, '\n/smtp[2]\n']);
    expect(lines).toEqual([line, '/smtp[2]']);
    expect(scanner.lines).toBe(2);
  });

  test('of JSON and RFC 5424 are found by the word in the needle, which they part from its signs', () => {
    const wanted = [
      '{"SYSLOG_IDENTIFIER":"postfix/smtp","_PID":"1"}',
      '{"SYSLOG_IDENTIFIER":"x","MESSAGE" : [47]}',
      '<22>1 2026-11-02T10:00:01Z mail postfix/smtp 4211 - - x',
      '1 2026-11-02T10:00:01Z mail postfix/smtp 4211 - - x',
    ];
    expect(scan([`${wanted.join('\n')}\n{"a":"b"}\n<22>1 - - - - - x\n`]).lines).toEqual(wanted);
  });

  test('of JSON are all decoded where a needle has no word', () => {
    expect(scan(['{"a":1}\nb\nc => d\n'], [' => ']).lines).toEqual(['{"a":1}', 'c => d']);
  });

  test('beyond 64 KiB are cut, and the position is exact all the same', () => {
    const long = `/smtp[${'x'.repeat(200_000)}`;
    const { lines, consumed } = scan([
      `${long.slice(0, 1000)}`,
      long.slice(1000, 150_000),
      `${long.slice(150_000)}\nb\n`,
    ]);
    expect(lines.map((line) => line.length)).toEqual([65_536]);
    expect(consumed).toEqual([0, 0, long.length + 3]);
    expect(scan([`${long}\n`]).lines).toEqual(lines);
  });

  test('beyond 64 KiB are searched no further than they are kept, in one piece or several', () => {
    const text = `${'x'.repeat(65_532)}/smtp[\n\0\0${'y'.repeat(65_530)}/smtp[\n${'z'.repeat(65_531)}/smtp[`;
    for (const piece of [text.length, 50_000, 7001]) {
      const pieces = Array.from({ length: Math.ceil(text.length / piece) }, (_, at) =>
        text.slice(at * piece, at * piece + piece),
      );
      const { lines, scanner } = scan(pieces);
      scanner.finish();
      expect(lines.map((line) => [line[0], line.length])).toEqual([['y', 65_536]]);
      expect(scanner.lines).toBe(3);
    }
  });

  test('with a hole of zeros in front are read behind it', () => {
    expect(scan(['\0\0\0\0a/smtp[1]: x\0y\n']).lines).toEqual(['a/smtp[1]: x?y']);
  });

  test('do not change when the piece is written over afterwards', () => {
    const lines: string[] = [];
    const scanner = new LineScanner(['/smtp['], (line) => lines.push(line));
    const buffer = Buffer.from('a/smtp[1] b/smt');
    scanner.push(buffer);
    buffer.fill('#');
    scanner.push(Buffer.from('p[\n'));
    expect(lines).toEqual(['a/smtp[1] b/smtp[']);
  });
});
