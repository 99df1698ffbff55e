import fc from 'fast-check';

/** One way in which lines come to harm: cut writes, doubled and lost lines, wrong order, bad memory, hostile hands. */
export interface Mutation {
  readonly kind: 'cut' | 'double' | 'lose' | 'swap' | 'byte' | 'insert' | 'splice';
  /** Which line, and which other; taken modulo their number. */
  readonly at: number;
  readonly other: number;
  /** Where in the line; taken modulo its length. */
  readonly where: number;
  readonly text: string;
}

/** Pieces that mean something to one parser or another, where they do not belong. */
const PIECES = [
  '',
  ' ',
  ': ',
  '[',
  ']:25: ',
  '>, relay=',
  'to=<',
  '@',
  '"',
  '\\',
  '/',
  '\u0000',
  '\u001b[2J',
  '\ufffd',
  'é',
  '..',
  '-',
  '%eth0',
  ' H=',
  ' X=TLS1.3:',
  'C="',
  '=> ',
  '(',
  ')',
  '1'.repeat(400),
  'a.'.repeat(200),
];

export const mutationArbitrary: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('cut', 'double', 'lose', 'swap', 'byte', 'insert', 'splice'),
  at: fc.nat(100_000),
  other: fc.nat(100_000),
  where: fc.nat(100_000),
  text: fc.oneof(
    fc.constantFrom(...PIECES),
    fc.string({ maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 8 }),
  ),
});

/** The lines after the mutations, one after another. */
export function mutate(lines: readonly string[], mutations: readonly Mutation[]): string[] {
  const result = [...lines];
  for (const mutation of mutations) if (result.length > 0) apply(result, mutation);
  return result;
}

/** Every piece at every seventh of a line: what chance alone may leave out. */
export function insertions(): ((line: string) => string)[] {
  return PIECES.flatMap((piece) =>
    [0, 1, 2, 3, 4, 5, 6, 7].map((part) => (line: string) => {
      const column = Math.floor((line.length * part) / 7);
      return line.slice(0, column) + piece + line.slice(column);
    }),
  );
}

function apply(lines: string[], { kind, at, other, where, text }: Mutation): void {
  const index = at % lines.length;
  const second = other % lines.length;
  const line = lines[index] ?? '';
  const column = where % (line.length + 1);
  const replacement = text.replace(/[\r\n]/g, '?');
  switch (kind) {
    case 'cut':
      lines[index] = line.slice(0, column);
      break;
    case 'double':
      lines.splice(index, 0, line);
      break;
    case 'lose':
      lines.splice(index, 1);
      break;
    case 'swap':
      lines[index] = lines[second] ?? '';
      lines[second] = line;
      break;
    case 'byte':
      lines[index] = line.slice(0, column) + replacement.slice(0, 1) + line.slice(column + 1);
      break;
    case 'insert':
      lines[index] = line.slice(0, column) + replacement + line.slice(column);
      break;
    case 'splice':
      lines[index] = line.slice(0, column) + (lines[second] ?? '').slice(column);
      break;
  }
}
