import { expect, it } from 'vitest';
import { table } from '../../src/cli/table.ts';

const HEAD = ['domain', 'sessions', 'would fail', 'why'];
const ROWS = [
  ['a-domain-with-a-long-name.example', 12_345, 7, 'plaintext, handshake, untrusted'],
  ['b.example', 1, 1, 'handshake'],
];
const widest = (lines: readonly string[]) => Math.max(...lines.map((line) => line.length));

it('is as wide as what it holds where nobody says how wide it may be', () => {
  expect(widest(table(HEAD, ROWS))).toBe(88);
  expect(widest(table(HEAD, ROWS, { width: undefined, cut: [0] }))).toBe(88);
});

it('fits the width, cuts text before headings, and never a number', () => {
  for (const width of [87, 80, 60, 50, 40, 30, 24]) {
    const lines = table(HEAD, ROWS, { width, cut: [0, 3] });
    expect(widest(lines)).toBeLessThanOrEqual(width);
    expect(lines.join('\n')).toMatch(/ 12345 +7 [\s\S]* 1 +1 /);
  }
  const [head, row] = table(HEAD, ROWS, { width: 44, cut: [0, 3] });
  expect(head).toBe('domain      sessions  would fail  why');
  expect(row).toBe('a-domain-…     12345           7  plaintext…');
  expect(table(HEAD, ROWS, { width: 34, cut: [0, 3] })[0]).toBe('domain    sessi…  would…  why');
});

it('leaves a column out rather than cut all of them to nothing', () => {
  const fit = { width: 33, cut: [0, 3], drop: [1, 2] };
  expect(table(HEAD, ROWS, fit)[0]).toBe('domain      would fa…  why');
  expect(table(HEAD, ROWS, { ...fit, width: 44 })[0]).toContain('sessions');
});
