import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteSearch } from '../../src/logs/byte-search.ts';

/** Few different bytes, so that beginnings of the needle are everywhere. */
const few = (least: number, most: number) =>
  fc
    .array(fc.constantFrom(0, 97, 98, 255), { minLength: least, maxLength: most })
    .map((bytes) => Uint8Array.from(bytes));

it('finds what stands within the line, and nothing that reaches out of it', () => {
  fc.assert(
    fc.property(few(1, 6), few(0, 60), fc.nat(60), fc.nat(60), (needle, bytes, one, other) => {
      const [from, until] = [
        Math.min(one, other, bytes.length),
        Math.min(Math.max(one, other), bytes.length),
      ];
      const line = Buffer.from(bytes.subarray(from, until));
      expect(new ByteSearch(needle).finds(bytes, from, until)).toBe(line.includes(Buffer.from(needle)));
    }),
    { numRuns: 2000 },
  );
});

it('finds a needle longer than it can skip at once', () => {
  const needle = Buffer.from(`${'x'.repeat(300)}y`);
  const bytes = Buffer.concat([Buffer.from('x'.repeat(77)), needle, Buffer.from('z')]);
  const search = new ByteSearch(needle);
  expect(search.finds(bytes, 0, bytes.length)).toBe(true);
  expect(search.finds(bytes, 0, bytes.length - 2)).toBe(false);
  expect(search.finds(bytes, 78, bytes.length)).toBe(false);
});
