import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteEntry, ByteMemo } from '../src/parser.ts';

/** The bytes of a text among others, as an entry holds them. */
function entryOf(text: string): ByteEntry {
  const bytes = Buffer.from(`<<${text}>>`, 'latin1');
  return {
    ...{ time: 0, host: '', program: '', pid: 0, start: 2, end: bytes.length - 2, bytes },
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    text: (from, until) => bytes.toString('latin1', from, until),
    ascii: (from, until) => bytes.toString('latin1', from, until),
    holds: () => false,
  };
}

function of<T>(memo: ByteMemo<T>, text: string): T {
  const entry = entryOf(text);
  return memo.of(entry, entry.start, entry.end);
}

describe('a memo of texts by their bytes', () => {
  it('gives what was made of each text, and makes it once while texts are few', () => {
    const made: string[] = [];
    const memo = new ByteMemo((text) => {
      made.push(text);
      return { text };
    });
    const texts = Array.from({ length: 12 }, (_, n) => `mx${n % 7}.shop-${n}.example.org`);
    const first = texts.map((text) => of(memo, text));
    for (const [at, text] of texts.entries()) expect(of(memo, text)).toBe(first[at]);
    expect(made).toEqual(texts);
  });

  it('takes none for another, however many, long and alike they are', () => {
    const memo = new ByteMemo((text) => text);
    const head = 'Untrusted TLS connection established to ';
    for (let n = 0; n < 40_000; n++) {
      const text = `${n % 3 === 0 ? head : ''}mx${n}.example.org${'.'.repeat(n % 500)}`;
      expect(of(memo, text)).toBe(text);
      expect(of(memo, text)).toBe(text);
    }
    const some = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 }), { maxLength: 300 });
    fc.assert(fc.property(some, (texts) => texts.forEach((text) => void expect(of(memo, text)).toBe(text))));
  });
});
