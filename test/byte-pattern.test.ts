import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BytePattern } from '../src/byte-pattern.ts';

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

test('a pattern stands where its bytes stand, and nowhere else', () => {
  // Few different bytes, so that much is nearly alike.
  const bytes = (size: object) => fc.uint8Array({ min: 0, max: 2, ...size });
  fc.assert(
    fc.property(
      bytes({ minLength: 0, maxLength: 40 }),
      bytes({ maxLength: 13 }),
      fc.nat(44),
      (text, pattern, end) => {
        const limit = Math.min(end, text.length);
        const known = new BytePattern(pattern);
        for (let at = -2; at <= text.length; at++) {
          const there = text.subarray(Math.max(0, at), Math.max(0, at) + pattern.length);
          const stands = at >= 0 && at + pattern.length <= limit && Buffer.from(there).equals(pattern);
          expect(known.standsAt(viewOf(text), at, limit)).toBe(stands);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('a pattern of text is its ASCII bytes, and a copy of them', () => {
  const bytes = Buffer.from('>, relay=');
  const pattern = new BytePattern(bytes);
  bytes.fill(0);
  const line = Buffer.from('x>, relay=mx');
  expect(pattern.standsAt(viewOf(line), 1, line.length)).toBe(true);
  expect(new BytePattern('>, relay=').standsAt(viewOf(line), 1, line.length)).toBe(true);
  expect(new BytePattern('>, relay=').standsAt(viewOf(line), 1, 9)).toBe(false);
});
